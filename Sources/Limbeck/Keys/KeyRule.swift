/// What some keys of a JSON file mean to an answer. `KeyTable` puts the rules of each file together, and docs/models.md is printed
/// from them.
package struct KeyRule: Sendable {
    package enum Effect: Sendable {
        /// Read, and the answer follows it; a value of another type is refused.
        case obeyed
        /// Without effect on an answer.
        case inert(Inert)
        /// Refused unless it is missing, null, or one of these values, with a space between two; `{}` and `[]` are empty ones.
        case only(StaticString)
    }

    /// Why a key has no effect on an answer.
    package enum Inert: String, Sendable, CaseIterable {
        case record = "a name, a version, a date: nobody computes with it"
        case training = "acts while a model is trained"
        case output = "what a Python class hands out beside an answer, or how it runs"
        case generation = "text generation, which an encoder does not do"
        case repeated = "another key or file says the same, and that one is read"
        case decoding = "makes text of ids, which nobody asks for here"
        case padding = "padding: sequences stand back to back here, and padded ones have the same answer"
        case unread = "written by the class, and read by none of its code"
    }

    package let effect: Effect
    /// With a space between two.
    package let keys: StaticString
    /// What a refusal says: why another value is not supported.
    package let why: StaticString

    static func obeyed(_ keys: StaticString) -> KeyRule { KeyRule(effect: .obeyed, keys: keys, why: "") }
    static func inert(_ reason: Inert, _ keys: StaticString) -> KeyRule { KeyRule(effect: .inert(reason), keys: keys, why: "") }
    static func only(_ values: StaticString, _ keys: StaticString, why: StaticString = "") -> KeyRule {
        KeyRule(effect: .only(values), keys: keys, why: why)
    }

    func has(_ key: JSONString) -> Bool { KeyRule.words(keys).contains { key.hasSameBytes(as: $0) } }

    /// Whether a value is one of those that are allowed.
    func allows(_ value: JSONValue) -> Bool {
        guard case .only(let values) = effect, !value.isNull else { return true }
        return KeyRule.words(values).contains { word in
            switch value.kind {
            case .null: true
            case .bool: (value.bool == true ? "true" : "false").hasSameBytes(as: word)
            // The same number may be written in several ways.
            case .number: value.double == decimal(String(decoding: word, as: UTF8.self)).map { Double($0) }
            case .string: value.text?.hasSameBytes(as: word) == true
            case .array: value.count == 0 && "[]".hasSameBytes(as: word)
            case .object: value.count == 0 && "{}".hasSameBytes(as: word)
            }
        }
    }

    /// The words of a list.
    @inline(never)
    package static func words(_ list: StaticString) -> [UnsafeRawBufferPointer] {
        UnsafeRawBufferPointer(start: list.utf8Start, count: list.utf8CodeUnitCount).split(separator: UInt8(ascii: " ")).map {
            UnsafeRawBufferPointer(rebasing: $0)
        }
    }
}
