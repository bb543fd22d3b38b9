/// Cuts text without added tokens into tokens: the model with its normalizer and pre-tokenizer, chosen at opening.
///
/// One of a few classes and not a protocol: the choice is made once for each stretch of text between added tokens, and all below is
/// compiled for that model alone. A class may join what its files name as parts, as WordPiece joins all three in one walk.
enum PieceModel: Sendable {
    case wordPiece(WordPiece)

    init(_ parts: TokenizerParts) throws(LimbeckError) {
        switch (parts.model, parts.preTokenizer) {
        case (.wordPiece(let options), .bert):
            let normalization: NormalizerOptions
            switch parts.normalizer {
            case .none: normalization = NormalizerOptions()
            case .bert(let options): normalization = options
            }
            self = .wordPiece(WordPiece(parts.vocabulary, normalization, options))
        case (_, .none):
            throw LimbeckError(.fileUnsupported, "\(parts.file): the pre_tokenizer \"none\" is not supported")
        }
    }

    /// Cuts `text[start..<end]`, which is normalised on its own. Tokens that are found in the normalised text are given in `added`.
    @inline(__always)
    func encode(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, finding added: AddedTokens?, into sink: inout TokenSink
    ) {
        switch self {
        case .wordPiece(let model):
            guard let added else { return model.encode(text, from: start, to: end, into: &sink) }
            let scalars = NormalizedScalars(text, from: start, to: end, model.normalization)
            WordCollector.with(model) { added.cut(scalars, from: start, &$0, into: &sink) }
        }
    }

    /// What the normalizer makes of the text of an added token.
    func normalized(_ text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { text in
            guard let start = text.baseAddress else { return [] }
            switch self {
            case .wordPiece(let model):
                return PieceModel.bytes(of: NormalizedScalars(start, from: 0, to: text.count, model.normalization))
            }
        }
    }

    private static func bytes<Scalars: ScalarSource>(of scalars: Scalars) -> [UInt8] {
        var scalars = scalars
        var result: [UInt8] = []
        while let scalar = scalars.next() { appendUTF8(scalar.scalar, to: &result) }
        return result
    }

    var memoryBytes: Int {
        switch self {
        case .wordPiece(let model): model.memoryBytes
        }
    }
}
