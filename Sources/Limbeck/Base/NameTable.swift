import CPlatform

/// A dictionary from names in a file to a number, mostly an index into a list.
///
/// It is the only dictionary type for names in files, since each generic specialisation of Dictionary adds code.
package struct NameTable {
    private var numbers: [Name: Int] = [:]

    /// Compared as bytes, like `==` below.
    private struct Name: Hashable {
        var text: String

        static func == (left: Name, right: Name) -> Bool { left.text == right.text }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    package init() {}

    package var count: Int { numbers.count }
    /// In no order.
    var names: [String] { numbers.keys.map { $0.text } }

    @inline(never) mutating func reserveCapacity(_ count: Int) { numbers.reserveCapacity(count) }

    @inline(never) package subscript(name: String) -> Int? { numbers[Name(text: name)] }

    /// Returns the previous number of the name; nil if the name is new.
    @discardableResult
    @inline(never) package mutating func set(_ name: String, _ number: Int) -> Int? {
        numbers.updateValue(number, forKey: Name(text: name))
    }

    /// Returns the number that the name had.
    mutating func remove(_ name: String) -> Int? { numbers.removeValue(forKey: Name(text: name)) }

    /// Inserts a name that must be unique; false if it is already there.
    mutating func insert(_ name: String) -> Bool { set(name, count) == nil }
}

/// Strings are equal in this module if their bytes are equal: names of tensors, keys and files must not be identified by canonical
/// equivalence. These operators replace Swift's own, which link the Unicode normalisation tables.
extension String {
    @inline(never) static func == (left: String, right: String) -> Bool {
        var right = right
        return right.withUTF8 { left.hasSameBytes(as: UnsafeRawBufferPointer($0)) }
    }

    /// Like `utf8.elementsEqual`, which is specialised again for each pair of types.
    @inline(never) package func hasSameBytes(as bytes: UnsafeRawBufferPointer) -> Bool {
        var text = self
        return text.withUTF8 { $0.count == bytes.count && platform_same_bytes($0.baseAddress, bytes.baseAddress, bytes.count) }
    }

    static func != (left: String, right: String) -> Bool { !(left == right) }
    static func ~= (left: String, right: String) -> Bool { left == right }
}

extension String? {
    static func == (left: String?, right: String?) -> Bool {
        switch (left, right) {
        case (let left?, let right?): left == right
        case (nil, nil): true
        default: false
        }
    }

    static func != (left: String?, right: String?) -> Bool { !(left == right) }
    // For a literal, Swift would otherwise prefer its own operator to the ones above.
    static func == (left: String?, right: String) -> Bool { left.map { $0 == right } ?? false }
    static func != (left: String?, right: String) -> Bool { !(left == right) }
    static func ~= (left: String?, right: String?) -> Bool { left == right }
}
