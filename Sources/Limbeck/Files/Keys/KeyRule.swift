import CPlatform

/// What some keys of a JSON file mean for an answer. `KeyTable` combines the rules of each file, and the tables of docs/models.md
/// are printed from them.
package struct KeyRule: Sendable {
    package enum Effect: Sendable {
        /// Read and applied. A value of another kind is refused; null is the same as a missing key.
        case obeyed(Kinds)
        /// Read; the value is an object, or an array of objects, whose keys have their own rules. Other kinds as above.
        case inside(Kinds, InnerTable)
        /// No effect on an answer.
        case inert(Inert)
        /// Refused unless it is missing, null, or one of these values, which are separated by spaces. Without values: refused
        /// unless it requests nothing (see `asksForNothing`).
        case only(StaticString)
    }

    /// Why a key has no effect on an answer.
    package enum Inert: UInt8, Sendable, CaseIterable {
        /// Names, versions, dates and hints for tools, which no computation uses.
        case record
        /// Used only in training.
        case training
        /// What a Python class returns in addition to an answer, or how it runs: dtype, device, implementation.
        case output
        /// For text generation, which an encoder does not do.
        case generation
        /// Another key, another file or a tensor's shape says the same, and is read instead.
        case repeated
        /// For decoding ids to text, which is not done here.
        case decoding
        /// Padding: sequences are stored back to back here, and each has the answer of the sequence alone.
        case padding
        /// Written by the class, or into its files by others, but not read by any of its code.
        case unread
    }

    /// The kinds of value allowed for a key.
    package struct Kinds: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let flag = Kinds(rawValue: 1)
        /// An integer that fits in an `Int`.
        package static let integer = Kinds(rawValue: 2)
        /// Any finite number.
        package static let number = Kinds(rawValue: 4)
        package static let string = Kinds(rawValue: 8)
        package static let array = Kinds(rawValue: 16)
        package static let object = Kinds(rawValue: 32)
        /// The reader checks the kind.
        package static let any = Kinds(rawValue: 63)
    }

    /// An object, so that a rule is one word in a table.
    private final class Contents: Sendable {
        let effect: Effect
        let keys: StaticString
        let why: StaticString?

        init(_ effect: Effect, _ keys: StaticString, _ why: StaticString?) {
            (self.effect, self.keys, self.why) = (effect, keys, why)
        }
    }

    private let contents: Contents

    @inline(never) private init(effect: Effect, keys: StaticString, why: StaticString?) { contents = Contents(effect, keys, why) }

    package var effect: Effect { contents.effect }
    /// Separated by spaces. A word that begins with `*` matches all keys that end with the rest of it.
    package var keys: StaticString { contents.keys }
    /// The reason given in the refusal of other values.
    package var why: StaticString? { contents.why }

    // Not inlined: as constants, tables would be objects of the library with three addresses per rule to relocate at load time, and
    // twice the size of the calls.

    @inline(never) static func obeyed(_ keys: StaticString, as kinds: Kinds = .any) -> KeyRule {
        KeyRule(effect: .obeyed(kinds), keys: keys, why: nil)
    }

    @inline(never) static func inside(_ keys: StaticString, _ table: InnerTable, as kinds: Kinds = .object) -> KeyRule {
        KeyRule(effect: .inside(kinds, table), keys: keys, why: nil)
    }

    @inline(never) static func inert(_ reason: Inert, _ keys: StaticString) -> KeyRule {
        KeyRule(effect: .inert(reason), keys: keys, why: nil)
    }

    @inline(never) static func only(_ values: StaticString, _ keys: StaticString, why: StaticString? = nil) -> KeyRule {
        KeyRule(effect: .only(values), keys: keys, why: why)
    }

    @inline(never) static func refused(_ keys: StaticString, why: StaticString? = nil) -> KeyRule { only("", keys, why: why) }

    /// Whether it matches all keys, which are then names of the file's own.
    var hasAll: Bool { keys.utf8CodeUnitCount == 1 && keys.utf8Start[0] == UInt8(ascii: "*") }

    package func has(_ key: UnsafeRawBufferPointer) -> Bool { keys.hasWord(key) }

    package static func words(_ list: StaticString) -> [UnsafeRawBufferPointer] {
        Words(list).map { UnsafeRawBufferPointer(rebasing: $0) }
    }

    /// Whether a value is allowed.
    @inline(never) func allows(_ value: JSONValue) -> Bool {
        if value.isNull { return true }
        switch effect {
        case .inert: return true
        case .obeyed(let kinds), .inside(let kinds, _): return kinds.contains(value)
        case .only(let values):
            guard values.utf8CodeUnitCount > 0 else { return value.asksForNothing }
            for word in Words(values) where value.isWritten(word) { return true }
            return false
        }
    }
}

extension KeyRule.Kinds {
    fileprivate func contains(_ value: JSONValue) -> Bool {
        switch value.kind {
        case .null: true
        case .bool: contains(.flag)
        case .number: contains(.number) && value.double != nil || contains(.integer) && value.int != nil
        case .string: contains(.string)
        case .array: contains(.array)
        case .object: contains(.object)
        }
    }
}

extension JSONValue {
    /// Whether it equals a word of a rule: true or false, a small number, a string, or `{}` and `[]`.
    fileprivate func isWritten(_ word: Slice<UnsafeRawBufferPointer>) -> Bool {
        let bytes = UnsafeRawBufferPointer(rebasing: word)
        return switch kind {
        case .null: false
        case .bool: (bool == true ? "true" : "false").hasSameBytes(as: bytes)
        // The same number has several spellings.
        case .number: double != nil && double == decimal(String(utf8: word)).map { Double($0) }
        case .string: source.elementsEqual(bytes)
        case .array: count == 0 && "[]".hasSameBytes(as: bytes)
        case .object: count == 0 && "{}".hasSameBytes(as: bytes)
        }
    }

    /// Whether it requests nothing: null, false, 0, an empty string, and arrays and objects that contain nothing else. (Recursion
    /// is bounded by the parser's depth limit.)
    var asksForNothing: Bool {
        switch kind {
        case .null: return true
        case .bool: return bool == false
        case .number: return double == 0
        case .string: return source.isEmpty
        case .array:
            for element in elements where !element.asksForNothing { return false }
            return true
        case .object:
            for (_, value) in members where !value.asksForNothing { return false }
            return true
        }
    }
}

extension StaticString {
    /// Whether a word is in this list of words separated by spaces. A word of the list that begins with `*` matches all that end
    /// with the rest of it.
    @inline(never) @_optimize(speed)
    func hasWord(_ word: UnsafeRawBufferPointer) -> Bool {
        let list = UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
        var start = 0
        while start < list.count {
            let isEnd = list[start] == UInt8(ascii: "*")
            if isEnd { start += 1 }
            var end = start
            while end < list.count, list[end] > UInt8(ascii: " ") { end += 1 }
            let count = end - start, skipped = word.count - count
            if skipped == 0 || isEnd && skipped > 0,
                platform_same_bytes(list.baseAddress.map { $0 + start }, word.baseAddress.map { $0 + skipped }, count)
            {
                return true
            }
            start = end + 1
        }
        return false
    }
}

/// The words of a list, separated by single spaces or line breaks; or the lines of a text.
package struct Words: Sequence, IteratorProtocol {
    private var rest: Slice<UnsafeRawBufferPointer>
    /// Bytes up to this value end a word.
    private let end: UInt8

    package init(_ list: StaticString) { self.init(Words.bytes(list)) }

    init(_ list: Slice<UnsafeRawBufferPointer>) { (rest, end) = (list, UInt8(ascii: " ")) }

    init(lines text: StaticString) { (rest, end) = (Words.bytes(text), UInt8(ascii: "\n")) }

    private static func bytes(_ text: StaticString) -> Slice<UnsafeRawBufferPointer> {
        UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)[...]
    }

    @inline(never) package mutating func next() -> Slice<UnsafeRawBufferPointer>? {
        guard !rest.isEmpty else { return nil }
        let word = rest.prefix { $0 > end }
        rest = rest[word.endIndex...].dropFirst()
        return word
    }
}
