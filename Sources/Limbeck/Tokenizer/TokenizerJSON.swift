/// tokenizer.json: what the Hugging Face `tokenizers` library writes. Read here are the parts that BERT's tokenizers are made
/// of; anything else is refused by name, for a tokenizer that is nearly right is wrong. Its settings for truncation and
/// padding are left to the caller.
extension TokenizerParts {
    init(json: JSONDocument, _ names: SpecialNames) throws(LimbeckError) {
        file = json.file
        let root = json.root
        guard root.kind == .object else { throw LimbeckError(.fileMalformed, "\(file): not a JSON object") }
        guard let model = root["model"] else { throw LimbeckError(.fileMalformed, "\(file): there is no \"model\"") }
        vocabulary = try TokenizerParts.vocabulary(model, file)
        self.names = names
        try readModel(model)
        try readNormalizer(root["normalizer"])
        let preTokenizer = try type(root["pre_tokenizer"], "pre_tokenizer")
        guard preTokenizer == "BertPreTokenizer" else { throw unsupported("pre_tokenizer", preTokenizer) }
        try readAddedTokens(root["added_tokens"])
        try readPostProcessor(root["post_processor"])
    }

    // MARK: The model

    private static func vocabulary(_ model: JSONValue, _ file: String) throws(LimbeckError) -> Vocabulary {
        // Files of the first versions do not name the type; only WordPiece has this member.
        let type = model["type"]?.string ?? (model["max_input_chars_per_word"] == nil ? "none" : "WordPiece")
        guard type == "WordPiece" else {
            throw LimbeckError(.fileUnsupported, "\(file): the model \"\(type)\" is not supported")
        }
        guard let entries = model["vocab"], entries.kind == .object else {
            throw LimbeckError(.fileMalformed, "\(file): model.vocab is not an object")
        }
        var builder = Vocabulary.Builder()
        for (key, value) in entries.members {
            guard let id = value.int else {
                throw LimbeckError(.fileMalformed, "\(file): model.vocab is not an object of integers")
            }
            try check(id, "model.vocab", file)
            try builder.add(id: id, file: file) { key.append(to: &$0) }
        }
        return Vocabulary(builder)
    }

    private mutating func readModel(_ model: JSONValue) throws(LimbeckError) {
        if let prefix = model["continuing_subword_prefix"] {
            guard let text = prefix.string else { throw malformed("model.continuing_subword_prefix", "a string") }
            wordPiece.prefix = text
        }
        if let maximum = model["max_input_chars_per_word"] {
            guard let value = maximum.int, value >= 0 else {
                throw malformed("model.max_input_chars_per_word", "a count")
            }
            guard value <= WordPieceOptions.characterBound else {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(file): model.max_input_chars_per_word is \(value); at most \(WordPieceOptions.characterBound) is supported"
                )
            }
            wordPiece.maximumCharacters = value
        }
        let unknown = try string(model, "unk_token", of: "model")
        guard let id = vocabulary.id(of: unknown) else {
            throw LimbeckError(.fileInconsistent, "\(file): model.unk_token \"\(unknown)\" is not in the vocabulary")
        }
        names.unk = unknown
        wordPiece.unknown = id
    }

    private static func check(_ id: Int, _ key: String, _ file: String) throws(LimbeckError) {
        guard id >= 0, id < Vocabulary.maximumCount else {
            throw LimbeckError(
                .fileUnsupported, "\(file): \(key) has the id \(id); ids from 0 to \(Vocabulary.maximumCount - 1) are supported"
            )
        }
    }

    // MARK: The normaliser

    private mutating func readNormalizer(_ value: JSONValue?) throws(LimbeckError) {
        guard let value, !value.isNull else { return }
        let type = try type(value, "normalizer")
        guard type == "BertNormalizer" else { throw unsupported("normalizer", type) }
        normalization.cleans = try flag(value, "clean_text", of: "normalizer") ?? true
        normalization.separatesIdeographs = try flag(value, "handle_chinese_chars", of: "normalizer") ?? true
        normalization.lowers = try flag(value, "lowercase", of: "normalizer") ?? true
        normalization.stripsAccents = try flag(value, "strip_accents", of: "normalizer") ?? normalization.lowers
    }

    // MARK: Added tokens

    private mutating func readAddedTokens(_ value: JSONValue?) throws(LimbeckError) {
        guard let value, !value.isNull else { return }
        guard value.kind == .array else { throw malformed("added_tokens", "an array") }
        var bytes = 0
        for element in value.elements {
            guard let text = element["content"]?.text, let id = element["id"]?.int else {
                throw malformed("added_tokens", "an array of objects with \"id\" and \"content\"")
            }
            try TokenizerParts.check(id, "added_tokens", file)
            var token = AddedToken(id: Int32(id), text: [])
            text.append(to: &token.text)
            if token.text.isEmpty { continue }
            bytes += token.text.count
            guard bytes <= Vocabulary.maximumBytes else {
                throw LimbeckError(.fileUnsupported, "\(file): added tokens of more than \(Vocabulary.maximumBytes) bytes in all")
            }
            // A token of the vocabulary keeps the id it has there.
            if let known = vocabulary.id(of: token.text) { token.id = known }
            token.isSingleWord = try flag(element, "single_word", of: "added_tokens") ?? false
            token.stripsLeft = try flag(element, "lstrip", of: "added_tokens") ?? false
            token.stripsRight = try flag(element, "rstrip", of: "added_tokens") ?? false
            let isSpecial = try flag(element, "special", of: "added_tokens") ?? false
            token.isNormalized = try flag(element, "normalized", of: "added_tokens") ?? !isSpecial
            addedTokens.append(token)
        }
    }

    // MARK: The post-processor

    private mutating func readPostProcessor(_ value: JSONValue?) throws(LimbeckError) {
        guard let value, !value.isNull else { return }
        let type = try type(value, "post_processor")
        switch type {
        case "BertProcessing":
            template = .bert(cls: try bertToken(value, "cls"), sep: try bertToken(value, "sep"))
        case "TemplateProcessing":
            let tokens = try member(value, "special_tokens", of: "post_processor")
            template = Template(
                single: try pieces(value, "single", tokens, texts: 1), pair: try pieces(value, "pair", tokens, texts: 2))
        default: throw unsupported("post_processor", type)
        }
    }

    /// `["[SEP]", 102]`
    private mutating func bertToken(_ value: JSONValue, _ key: String) throws(LimbeckError) -> Int32 {
        var elements = try member(value, key, of: "post_processor").elements
        guard let name = elements.next()?.string, let id = elements.next()?.int else {
            throw malformed("post_processor.\(key)", "an array of a token and its id")
        }
        try TokenizerParts.check(id, "post_processor.\(key)", file)
        if key == "cls" { names.cls = name } else { names.sep = name }
        return Int32(id)
    }

    private func pieces(
        _ value: JSONValue, _ key: String, _ tokens: JSONValue, texts: Int
    ) throws(LimbeckError) -> [Template.Piece] {
        let list = try member(value, key, of: "post_processor")
        let key = "post_processor.\(key)"
        func check(_ count: Int) throws(LimbeckError) {
            guard count <= Template.mostPieces else {
                throw LimbeckError(.fileUnsupported, "\(file): \(key) has more than \(Template.mostPieces) pieces")
            }
        }
        try check(list.count)
        var pieces: [Template.Piece] = []
        var seen = (0, 0)
        for element in list.elements {
            if let text = element["Sequence"] {
                let name = try string(text, "id", of: key)
                guard name == "A" || name == "B" && texts == 2 else { throw malformed(key, "made of the sequences A and B") }
                if name == "A" { seen.0 += 1 } else { seen.1 += 1 }
                pieces.append(.text(index: name == "A" ? 0 : 1, type: try typeId(text, key)))
            } else if let special = element["SpecialToken"] {
                let name = try string(special, "id", of: key)
                let ids = try member(try member(tokens, name, of: "post_processor.special_tokens"), "ids", of: name)
                try check(pieces.count + ids.count)
                for element in ids.elements {
                    guard let id = element.int else { throw malformed("post_processor.special_tokens", "made of ids") }
                    try TokenizerParts.check(id, "post_processor.special_tokens", file)
                    pieces.append(.token(id: Int32(id), type: try typeId(special, key)))
                }
            } else {
                throw malformed(key, "made of Sequence and SpecialToken")
            }
        }
        guard seen.0 == 1, seen.1 == texts - 1 else {
            throw LimbeckError(.fileUnsupported, "\(file): \(key) does not have each text once")
        }
        return pieces
    }

    private func typeId(_ value: JSONValue, _ key: String) throws(LimbeckError) -> Int32 {
        guard let type = value["type_id"]?.int, type >= 0, type < 1 << 16 else {
            throw malformed("\(key).type_id", "a small count")
        }
        return Int32(type)
    }

    // MARK: Members

    private func member(_ value: JSONValue, _ key: String, of owner: String) throws(LimbeckError) -> JSONValue {
        guard let found = value[key] else { throw LimbeckError(.fileMalformed, "\(file): \(owner) has no \"\(key)\"") }
        return found
    }

    private func string(_ value: JSONValue, _ key: String, of owner: String) throws(LimbeckError) -> String {
        guard let text = try member(value, key, of: owner).string else { throw malformed("\(owner).\(key)", "a string") }
        return text
    }

    private func flag(_ value: JSONValue, _ key: String, of owner: String) throws(LimbeckError) -> Bool? {
        guard let found = value[key], !found.isNull else { return nil }
        guard let flag = found.bool else { throw malformed("\(owner).\(key)", "true or false") }
        return flag
    }

    private func type(_ value: JSONValue?, _ key: String) throws(LimbeckError) -> String {
        guard let value, !value.isNull else { return "none" }
        return try string(value, "type", of: key)
    }

    private func malformed(_ key: String, _ expected: String) -> LimbeckError {
        LimbeckError(.fileMalformed, "\(file): \(key) is not \(expected)")
    }

    private func unsupported(_ key: String, _ type: String) -> LimbeckError {
        LimbeckError(.fileUnsupported, "\(file): the \(key) \"\(type)\" is not supported")
    }
}
