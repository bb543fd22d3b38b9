/// What is known of a JSON file: the rules of its keys, and how those that no rule has are taken.
///
/// Every JSON file that is read is checked against its table, and every key of it is then one of three things: obeyed, without effect on
/// an answer, or refused unless it has a harmless value. A key that no rule has is named in the model's notes, which `inspect` prints;
/// one with a word in it that has changed answers before is refused, as is one of a file in which every key changes answers.
package struct KeyTable: Sendable {
    package let rules: [KeyRule]
    /// Words, with a space between two, that a key which is not known must not have between its underscores; `*`: none is harmless.
    let alarming: StaticString

    init(alarming: StaticString, _ rules: [KeyRule]) { (self.alarming, self.rules) = (alarming, rules) }

    /// Refuses what has to be refused, and notes what is not known.
    @inline(never)
    func check(_ object: JSONValue, _ notes: Notes) throws(LimbeckError) {
        for (key, value) in object.members {
            guard let rule = rules.first(where: { $0.has(key) }) else {
                try takeUnknown(key, value, in: object, notes)
                continue
            }
            guard rule.allows(value) else { throw KeyTable.refusal(rule, key, value) }
        }
    }

    /// The object of a key, after a check of its own keys; nil if there is none.
    @inline(never) func object(_ key: String, of root: JSONValue) throws(LimbeckError) -> JSONValue? {
        guard let value = root.optional(key) else { return nil }
        guard value.kind == .object else { throw value.mismatch("'\(key)'", expected: "an object") }
        // Nothing in such a table is passed over.
        try check(value, Notes())
        return value
    }

    private func takeUnknown(_ key: JSONString, _ value: JSONValue, in object: JSONValue, _ notes: Notes) throws(LimbeckError) {
        // Nothing is asked for.
        if value.isNull || value.bool == false || value.double == 0 || value.kind == .string && value.source.isEmpty { return }
        if value.kind == .array || value.kind == .object, value.count == 0 { return }
        guard !isAlarming(key) else {
            throw LimbeckError(
                .fileUnsupported,
                """
                \(object.document.file): '\(key.string)' is not known, and may change answers; if it does not, remove it from the file
                """)
        }
        notes.add("\(object.document.file): '\(key.string)' is not known, and was passed over")
    }

    private func isAlarming(_ key: JSONString) -> Bool {
        let words = KeyRule.words(alarming)
        if words.contains(where: { "*".hasSameBytes(as: $0) }) { return true }
        var bytes: [UInt8] = []
        key.append(to: &bytes)
        return bytes.split(separator: UInt8(ascii: "_")).contains { part in words.contains { $0.elementsEqual(part) } }
    }

    private static func refusal(_ rule: KeyRule, _ key: JSONString, _ value: JSONValue) -> LimbeckError {
        guard case .only(let values) = rule.effect else { return value.mismatch("'\(key.string)'", expected: "another value") }
        let why: Message = rule.why.utf8CodeUnitCount == 0 ? "" : ": \(Message(rule.why))"
        let expected: Message = values.utf8CodeUnitCount == 0 ? "null" : Message(values)
        return LimbeckError(
            .fileUnsupported,
            "\(value.document.file): '\(key.string)' is \(value.described), which is not supported\(why); expected \(expected)")
    }
}
