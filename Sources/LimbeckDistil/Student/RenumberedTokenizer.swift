import Limbeck

/// A tokenizer.json with some of its tokens, under other ids.
struct RenumberedTokenizer {
    private let tokenizer: JSONValue
    /// The new ids, by the old ones.
    private let new: [Int: Int]

    /// `ids`: the old ids that are kept, by new id.
    init(_ tokenizer: JSONValue, ids: [Int]) {
        self.tokenizer = tokenizer
        var new: [Int: Int] = [:]
        for (place, id) in ids.enumerated() { new[id] = place }
        self.new = new
    }

    /// `replacing` has the texts of members that become others.
    func text(replacing: (_ key: String, _ value: JSONValue) -> String? = { _, _ in nil }) -> String {
        var members: [String] = []
        for (key, value) in tokenizer.members {
            let name = key.string
            let text: String
            if let other = replacing(name, value) {
                text = other
            } else if name == "added_tokens" {
                let kept = value.elements.filter { $0["id"]?.int.flatMap { new[$0] } != nil }
                text = "[" + kept.map { renumbered($0, "id") }.joined(", ") + "]"
            } else if name == "model" {
                text = model(value)
            } else if name == "post_processor" {
                text = postProcessor(value)
            } else {
                text = JSONText.of(value)
            }
            members.append("\n  " + JSONText.quoted(name) + ": " + text)
        }
        return "{" + members.joined(",") + "\n}\n"
    }

    /// An object with another number in one member.
    private func renumbered(_ object: JSONValue, _ key: String) -> String {
        let members = object.members.map { member in
            let id = member.key.string == key ? member.value.int.flatMap { new[$0] } : nil
            return JSONText.quoted(member.key.string) + ": " + (id.map { String($0) } ?? JSONText.of(member.value))
        }
        return "{" + members.joined(", ") + "}"
    }

    private func model(_ model: JSONValue) -> String {
        var members: [String] = []
        for (key, value) in model.members {
            let name = key.string
            var text = JSONText.of(value)
            if name == "unk_id" { text = value.int.flatMap { new[$0] }.map { String($0) } ?? text }
            if name == "vocab" {
                if value.kind == .array {
                    let kept = value.elements.enumerated().filter { new[$0.offset] != nil }
                    text = "[" + kept.map { "\n    " + JSONText.of($0.element) }.joined(",") + "\n  ]"
                } else {
                    var pieces: [(id: Int, text: String)] = []
                    for (piece, id) in value.members {
                        if let id = id.int.flatMap({ new[$0] }) {
                            pieces.append((id, "\n    " + JSONText.quoted(piece.string) + ": " + String(id)))
                        }
                    }
                    pieces.sort { $0.id < $1.id }
                    text = "{" + pieces.map { $0.text }.joined(",") + "\n  }"
                }
            }
            members.append(JSONText.quoted(name) + ": " + text)
        }
        return "{" + members.joined(", ") + "}"
    }

    /// The ids of special tokens: `"sep": ["[SEP]", 102]` of BERT's and RoBERTa's, `"ids": [102]` of a template's.
    private func postProcessor(_ value: JSONValue) -> String {
        switch value.kind {
        case .object:
            let members = value.members.map { key, value in
                let name = key.string
                var text = postProcessor(value)
                if name == "ids" {
                    text =
                        "["
                        + value.elements.map { id in id.int.flatMap { new[$0] }.map { String($0) } ?? JSONText.of(id) }.joined(", ")
                        + "]"
                }
                return JSONText.quoted(name) + ": " + text
            }
            return "{" + members.joined(", ") + "}"
        case .array:
            // A token and its id.
            let parts = value.elements.map { $0 }
            if parts.count == 2, let token = parts[0].string, let id = parts[1].int.flatMap({ new[$0] }) {
                return "[\(JSONText.quoted(token)), \(id)]"
            }
            return "[" + parts.map { postProcessor($0) }.joined(", ") + "]"
        default: return JSONText.of(value)
        }
    }
}
