import Limbeck

/// The tokens of a static student, and what surrounds each of them when the teacher reads it. As in model2vec 0.10.0, all tokens but those that only
/// a network needs: added tokens other than padding and the unknown one, and `[unused0]`, `[unused1]` and so on.
struct StaticVocabulary {
    /// The teacher's ids, in their order, by the student's id.
    let ids: [Int]
    /// The special tokens of the teacher's template: its first piece and its last, where those are tokens.
    let before: [Int32]
    let after: [Int32]
    private let tokenizer: JSONValue
    private let padding: Int?
    private let texts: [String]

    /// `trimmed`: the ids that are left of the vocabulary; nil: all.
    init(_ folder: ModelFolder, _ tokenizer: Tokenizer, trimmed: [Int]?) throws(LimbeckError) {
        guard folder.contains("tokenizer.json"), let json = try folder.json("tokenizer.json") else {
            throw LimbeckError(.unsupported, "\(folder.path): no tokenizer.json, which a static student's is made from")
        }
        self.tokenizer = json
        let kept = [tokenizer.pad, tokenizer.unk].map { $0.map { Int($0) } }
        var isGone = [Bool](repeating: trimmed != nil, count: tokenizer.vocabularySize)
        for id in trimmed ?? [] where isGone.indices.contains(id) { isGone[id] = false }
        for added in json["added_tokens"]?.elements.map({ $0 }) ?? [] {
            if let id = added["id"]?.int, isGone.indices.contains(id), !kept.contains(id) { isGone[id] = true }
        }
        var ids: [Int] = [], texts: [String] = []
        for id in isGone.indices where !isGone[id] {
            let text = tokenizer.withTokenBytes(Int32(truncatingIfNeeded: id)) {
                StaticVocabulary.isUnused($0) ? nil : String(utf8: $0)
            }
            guard let text = text ?? nil else { continue }
            ids.append(id)
            texts.append(text)
        }
        (self.ids, self.texts) = (ids, texts)
        padding = tokenizer.pad.flatMap { id in ids.firstIndex(of: Int(id)) }
        let pieces = tokenizer.templatePieces(pair: false)
        func token(_ piece: Template.Piece?) -> [Int32] { if case .token(let id, _)? = piece { [id] } else { [] } }
        (before, after) = (token(pieces.first), token(pieces.last))
    }

    /// `\[unused\d+\]`, at the beginning of a token.
    private static func isUnused(_ token: UnsafeRawBufferPointer) -> Bool {
        let prefix = Array("[unused".utf8)
        guard token.count > prefix.count, token.starts(with: prefix) else { return false }
        var end = prefix.count
        while end < token.count, token[end] >= 0x30, token[end] <= 0x39 { end += 1 }
        return end > prefix.count && end < token.count && token[end] == UInt8(ascii: "]")
    }

    /// tokenizer.json as model2vec writes it: without a template of special tokens, and byte-level texts begin with a space.
    func tokenizerText(maxLength: Int) -> String {
        var padding = "null"
        if let id = self.padding {
            padding = """
                {"strategy": {"Fixed": 0}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": \(id), "pad_type_id": 0, \
                "pad_token": \(JSONText.quoted(texts[id]))}
                """
        }
        let truncation = """
            {"direction": "Right", "max_length": \(maxLength), "strategy": "LongestFirst", "stride": 0}
            """
        return RenumberedTokenizer(tokenizer, ids: ids).text { key, value in
            switch key {
            case "post_processor": "null"
            case "padding": padding
            case "truncation": truncation
            case "pre_tokenizer": StaticVocabulary.withPrefixSpace(value)
            default: nil
            }
        }
    }

    private static func withPrefixSpace(_ value: JSONValue) -> String {
        switch value.kind {
        case .object:
            let isByteLevel = value["type"]?.string == "ByteLevel"
            let members = value.members.map { key, value in
                let key = key.string
                let text = isByteLevel && key == "add_prefix_space" ? "true" : withPrefixSpace(value)
                return JSONText.quoted(key) + ": " + text
            }
            return "{" + members.joined(", ") + "}"
        case .array: return "[" + value.elements.map { withPrefixSpace($0) }.joined(", ") + "]"
        default: return JSONText.of(value)
        }
    }
}
