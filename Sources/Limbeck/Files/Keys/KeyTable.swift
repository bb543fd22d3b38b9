/// The known keys of a JSON file, or of an object in one, and how unknown keys are treated.
///
/// Every JSON file is checked against its table, and every key is then either obeyed, without effect on an answer, or refused
/// unless it has a harmless value. An unknown key is listed in the model's notes, which `inspect` prints. It is refused if it
/// contains a word that has named keys that change answers, or if it is in an object in which every key changes answers.
package struct KeyTable: Sendable {
    /// The first rule that matches a key applies.
    package let rules: [KeyRule]
    /// Words, separated by spaces, that make an unknown key be refused; `*`: every unknown key is refused.
    package let alarming: StaticString

    init(alarming: StaticString, _ rules: [KeyRule]) { (self.alarming, self.rules) = (alarming, rules) }

    /// Far more than any file has, except where the keys are names of the file's own. A bound is needed because each lookup is
    /// linear.
    private static let maxKeys = 2048

    /// Checks an object, or all objects of an array: refuses what must be refused, and notes unknown keys.
    @inline(never) package func check(_ value: JSONValue, _ notes: Notes?) throws(LimbeckError) {
        for element in value.elements { try check(element, notes) }
        guard value.kind == .object else { return }
        let ruleOfNames = ruleOfNames
        guard value.count <= KeyTable.maxKeys || ruleOfNames != nil else {
            throw LimbeckError(
                .fileUnsupported,
                "\(value.document.file): \(value.count) keys in one object, expected at most \(KeyTable.maxKeys)")
        }
        for (name, member) in value.members {
            let index = ruleOfNames ?? name.withBytes { indexOfRule($0) }
            guard index < rules.count else {
                try takeUnknown(name, member, notes)
                continue
            }
            let rule = rules[index]
            guard rule.allows(member) else { throw KeyTable.refusal(rule, name, member) }
            if case .inside(_, let inner) = rule.effect { try inner.table.check(member, notes) }
        }
    }

    /// The index of the first rule that matches a key; their count if none does.
    private func indexOfRule(_ key: UnsafeRawBufferPointer) -> Int {
        for index in rules.indices where rules[index].has(key) { return index }
        return rules.count
    }

    /// The index of the rule for all keys, in an object whose keys are names of the file's own, such as tokens.
    private var ruleOfNames: Int? { rules.count == 1 && rules[0].hasAll ? 0 : nil }

    private func takeUnknown(_ name: JSONString, _ value: JSONValue, _ notes: Notes?) throws(LimbeckError) {
        if value.asksForNothing { return }
        guard !isAlarming(name) else {
            throw LimbeckError(
                .fileUnsupported,
                "\(value.document.file): \(name.shown) is not known and may change answers; if it does not, remove it")
        }
        notes?.add("\(value.document.file): \(name.shown) is not known and was ignored")
    }

    /// Whether a key contains a word that has named keys that change answers, and no word about training, which changes none.
    private func isAlarming(_ name: JSONString) -> Bool {
        if alarming.utf8CodeUnitCount == 1 { return true }
        return name.withBytes { key in
            var isAlarming = 0
            var word: [UInt8] = []
            // A key may be megabytes long; real names are shorter.
            for index in 0...min(key.count, KeyTable.maxBytes) {
                // The position after the last byte counts as a separator.
                let byte = index < key.count ? key[index] : 0
                if KeyTable.isWordByte(byte) {
                    // Converts to lower case by setting one bit, which digits have too.
                    word.append(byte | 0x20)
                    continue
                }
                if word.withUnsafeBytes({ KeyTable.calming.hasWord($0) }) { return 0 }
                if word.withUnsafeBytes({ alarming.hasWord($0) }) { isAlarming = 1 }
                word.removeAll(keepingCapacity: true)
            }
            return isAlarming
        } == 1
    }

    private static let maxBytes = 128

    private static let calming: StaticString = """
        dropout pdrop layerdrop training train trained trainer loss losses grad gradient checkpointing init initializer optimizer \
        scheduler lr learning warmup decay epoch epochs eval evaluation
        """

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: byte >= 0x80
        }
    }

    private static func refusal(_ rule: KeyRule, _ key: JSONString, _ value: JSONValue) -> LimbeckError {
        let name = key.shown
        switch rule.effect {
        case .only(let values):
            var expected: Message = values.utf8CodeUnitCount == 0 ? "none" : ""
            for (index, word) in Words(values).enumerated() {
                expected = "\(expected)\(index == 0 ? "" : " or ")\(String(utf8: word))"
            }
            let why: Message = rule.why.map { ": \($0)" } ?? ""
            return LimbeckError(
                .fileUnsupported,
                "\(value.document.file): \(name) is \(value.described), which is not supported\(why); expected \(expected)")
        case .obeyed(let kinds), .inside(let kinds, _):
            return value.mismatch("\(name)", expected: kinds.described)
        case .inert: return value.mismatch("\(name)", expected: "anything")
        }
    }
}

extension JSONString {
    /// Its UTF-8, for the duration of the call.
    @inline(never) func withBytes(_ body: (UnsafeRawBufferPointer) -> Int) -> Int {
        if let utf8 { return body(utf8) }
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes.withUnsafeBytes { body($0) }
    }

    /// A key for a message, shortened: it may be megabytes long.
    @inline(never) var shown: String {
        var text = ""
        _ = withBytes { bytes in
            text = String(utf8: bytes.prefix(60))
            if bytes.count > 60 { text += "…" }
            return 0
        }
        return "'" + text + "'"
    }
}

extension KeyRule.Kinds {
    /// "true or false, a string or an object"
    package var described: Message {
        let names: [(Self, StaticString)] = [
            (.flag, "true or false"), (.number, "a finite number"), (.integer, "an integer"), (.string, "a string"),
            (.array, "an array"),
            (.object, "an object"),
        ]
        var text: Message = ""
        var rest = self
        for (kind, name) in names where rest.contains(kind) {
            rest.remove(kind)
            if kind == .number { rest.remove(.integer) }
            text = "\(text)\(text.text.isEmpty ? "" : rest.isEmpty ? " or " : ", ")\(name)"
        }
        return text
    }
}
