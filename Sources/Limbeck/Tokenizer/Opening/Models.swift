/// The member "model": the vocabulary, and the model that splits words into its tokens.
extension TokenizerParts.Model {
    static func read(
        _ model: TokenizerComponent, _ preTokenizer: TokenizerParts.PreTokenizer, _ names: inout SpecialNames
    ) throws(LimbeckError) -> (Vocabulary, TokenizerParts.Model) {
        // Files of the first versions do not name the type; only WordPiece has this member.
        let type = model.value["type"]?.string ?? (model.value["max_input_chars_per_word"] == nil ? "none" : "WordPiece")
        try ComponentKeys.check(model, type: type)
        switch type {
        case "WordPiece":
            let vocabulary = try Vocabulary(model)
            let options = try WordPieceOptions(model, vocabulary)
            names.unk = try model.string("unk_token")
            return (vocabulary, .wordPiece(options))
        case "BPE":
            let vocabulary = try Vocabulary(model)
            names.unk = try model.optionalString("unk_token") ?? names.unk
            guard preTokenizer.leavesCharacters else {
                // With a token for every byte, no character is unknown; only the unknown token's name is used.
                guard try model.flag("byte_fallback") != true else { throw model.unsupported(member: "byte_fallback") }
                return (vocabulary, .bytePairs(try MergeTable(model, vocabulary, .bytes)))
            }
            let unknown = try UnknownCharacter(model, vocabulary)
            return (vocabulary, .characterPairs(try MergeTable(model, vocabulary, .characters(unknown)), unknown))
        case "Unigram":
            let (vocabulary, pieces) = try PieceTable.read(model)
            if let unknown = vocabulary.token(pieces.unknown) { names.unk = unknown }
            return (vocabulary, .unigram(pieces))
        default: throw model.unsupported(type)
        }
    }
}

extension Vocabulary {
    /// The object of tokens and their ids.
    convenience init(_ model: __shared TokenizerComponent) throws(LimbeckError) {
        guard let entries = model.value["vocab"], entries.kind == .object else { throw model.malformed("vocab", "an object") }
        try self.init(Builder(TokenizerComponent("model.vocab", entries, file: model.file)))
    }
}

extension Vocabulary.Builder {
    init(_ entries: __shared TokenizerComponent) throws(LimbeckError) {
        for (key, value) in entries.value.members {
            guard let id = value.int else { throw entries.malformed("an object of integers") }
            try entries.check(id: id)
            try add(id: id, file: entries.file) { key.append(to: &$0) }
        }
    }
}

extension WordPieceOptions {
    fileprivate init(_ model: __shared TokenizerComponent, _ vocabulary: __shared Vocabulary) throws(LimbeckError) {
        let unknown = try model.string("unk_token")
        guard let id = vocabulary.id(of: unknown) else {
            throw LimbeckError(.fileInconsistent, "\(model.file): model.unk_token \"\(unknown)\" is not in the vocabulary")
        }
        self.init(unknown: id, prefix: "##", maximumCharacters: 100)
        if let prefix = model.value["continuing_subword_prefix"] {
            guard let text = prefix.string else { throw model.malformed("continuing_subword_prefix", "a string") }
            self.prefix = text
        }
        if let maximum = model.value["max_input_chars_per_word"] {
            guard let value = maximum.int, value >= 0 else { throw model.malformed("max_input_chars_per_word", "a count") }
            guard value <= WordPieceOptions.characterBound else {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(model.file): model.max_input_chars_per_word is \(value); at most \(WordPieceOptions.characterBound) is supported"
                )
            }
            maximumCharacters = value
        }
    }
}
