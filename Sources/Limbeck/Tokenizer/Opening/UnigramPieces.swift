/// The member "model" of a Unigram tokenizer: an array of pieces with scores; the ids are the indices.
extension PieceTable {
    static func read(_ model: TokenizerComponent) throws(LimbeckError) -> (Vocabulary, PieceTable) {
        let list = try PieceList(model)
        let vocabulary = try Vocabulary(list.builder)
        guard let unknown = model.value["unk_id"], !unknown.isNull else {
            throw LimbeckError(.fileUnsupported, "\(model.file): a Unigram model without unk_id is not supported")
        }
        guard let id = unknown.int, id >= 0, id < list.scores.count else {
            throw model.malformed("unk_id", "the id of a piece")
        }
        let spellsBytes = try model.flag("byte_fallback") ?? false
        let pieces = try PieceTable(
            vocabulary, scores: list.scores, unknown: Int32(id), byteIds: spellsBytes ? vocabulary.byteIds() : nil)
        return (vocabulary, pieces)
    }
}

extension PieceList {
    convenience init(_ model: __shared TokenizerComponent) throws(LimbeckError) {
        self.init(file: model.file)
        let list = try model.member("vocab")
        guard list.kind == .array else { throw model.malformed("vocab", "an array") }
        try TokenizerComponent("model.vocab", list, file: model.file).check(id: max(0, list.count - 1))
        for element in list.elements {
            var parts = element.elements
            guard element.count == 2, let text = parts.next()?.text, let score = parts.next()?.double else {
                throw model.malformed("vocab[\(scores.count)]", "a piece and its score")
            }
            var bytes = 0
            try add(score) {
                bytes = $0.count
                text.append(to: &$0)
                bytes = $0.count - bytes
            }
            guard bytes <= PieceTable.longestPiece else {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(file): model.vocab[\(scores.count - 1)] has \(bytes) bytes, expected at most \(PieceTable.longestPiece)")
            }
            guard PieceTable.isSound(score) else {
                throw LimbeckError(
                    .fileUnsupported, "\(file): model.vocab[\(scores.count - 1)] has a score whose magnitude is too large")
            }
        }
    }

    /// The pieces of a tokenizer.json in their order, as a class uses them: the unknown piece by the rule of the class, and the
    /// charsmap of the normalizer.
    convenience init(_ model: __shared TokenizerComponent, of root: __shared JSONValue, _ settings: __shared TokenizerSettings)
        throws(LimbeckError)
    {
        try self.init(model)
        switch settings.tokenizerClass {
        case .camembert: (unknown, unknownIsNamed) = (0, .withAnyScore)
        case .debertaV2: (unknown, unknownIsNamed) = (settings.config?.value["unk_id"]?.int ?? 1, .withoutScore)
        case .albert: unknown = 1
        default: unknown = 3
        }
        if let part = TokenizerComponent("normalizer", of: root, file: file) { charsmap = try CharacterMap.first(part) }
    }
}
