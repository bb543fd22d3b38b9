/// The member "model" of a Unigram tokenizer: an array of pieces and their scores, the ids being their places.
extension PieceTable {
    static func read(_ model: TokenizerComponent) throws(LimbeckError) -> (Vocabulary, PieceTable) {
        let list = try model.member("vocab")
        guard list.kind == .array else { throw model.malformed("vocab", "an array") }
        try TokenizerComponent("model.vocab", list, file: model.file).check(id: max(0, list.count - 1))
        var builder = Vocabulary.Builder()
        var scores: [Double] = []
        scores.reserveCapacity(list.count)
        for element in list.elements {
            var parts = element.elements
            guard element.count == 2, let text = parts.next()?.text, let score = parts.next()?.double else {
                throw model.malformed("vocab[\(scores.count)]", "a piece and its score")
            }
            var bytes = 0
            try builder.add(id: scores.count, file: model.file) {
                bytes = $0.count
                text.append(to: &$0)
                bytes = $0.count - bytes
            }
            guard bytes <= longestPiece else {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(model.file): model.vocab[\(scores.count)] has \(bytes) bytes, the most is \(longestPiece)")
            }
            guard isSound(score) else {
                throw LimbeckError(
                    .fileUnsupported, "\(model.file): model.vocab[\(scores.count)] has a score too far from 0 to be added up")
            }
            scores.append(score)
        }
        let vocabulary = try Vocabulary(builder)
        guard let unknown = model.value["unk_id"], !unknown.isNull else {
            throw LimbeckError(.fileUnsupported, "\(model.file): a Unigram model without unk_id is not supported")
        }
        guard let id = unknown.int, id >= 0, id < scores.count else {
            throw model.malformed("unk_id", "the id of a piece")
        }
        let spellsBytes = try model.flag("byte_fallback") ?? false
        let pieces = try PieceTable(
            vocabulary, scores: scores, unknown: Int32(id), byteIds: spellsBytes ? vocabulary.byteIds() : nil)
        return (vocabulary, pieces)
    }
}
