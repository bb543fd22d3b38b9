import CPlatform

/// Names in a file, and for each a number: its place in a list, mostly.
///
/// One kind of table for all that files name: every kind of dictionary is compiled by itself.
struct NameTable {
    private var numbers: [Name: Int] = [:]

    /// Compared as bytes, as `==` below.
    private struct Name: Hashable {
        var text: String

        static func == (left: Name, right: Name) -> Bool { left.text == right.text }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    var count: Int { numbers.count }
    /// In no order.
    var names: [String] { numbers.keys.map { $0.text } }

    @inline(never) mutating func reserveCapacity(_ count: Int) { numbers.reserveCapacity(count) }

    @inline(never) subscript(name: String) -> Int? { numbers[Name(text: name)] }

    /// Returns the number that the name had before; nil: it is new.
    @discardableResult
    @inline(never) mutating func set(_ name: String, _ number: Int) -> Int? {
        numbers.updateValue(number, forKey: Name(text: name))
    }

    /// Returns the number that the name had.
    mutating func remove(_ name: String) -> Int? { numbers.removeValue(forKey: Name(text: name)) }

    /// Whether the name is new, for names that are only to be there once.
    mutating func insert(_ name: String) -> Bool { set(name, count) == nil }
}

/// Strings are equal here if their bytes are, and nothing is one name because Unicode thinks so: what is compared are the names of
/// tensors, keys, files. These stand in place of Swift's own operators, which bring the tables of Unicode normalisation with them.
extension String {
    @inline(never) static func == (left: String, right: String) -> Bool {
        var right = right
        return right.withUTF8 { left.hasSameBytes(as: UnsafeRawBufferPointer($0)) }
    }

    /// What `utf8.elementsEqual` would say, which is compiled again for each pair of types.
    @inline(never) func hasSameBytes(as bytes: UnsafeRawBufferPointer) -> Bool {
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
    // Of a literal, Swift would take its own before the ones above.
    static func == (left: String?, right: String) -> Bool { left.map { $0 == right } ?? false }
    static func != (left: String?, right: String) -> Bool { !(left == right) }
    static func ~= (left: String?, right: String?) -> Bool { left == right }
}
