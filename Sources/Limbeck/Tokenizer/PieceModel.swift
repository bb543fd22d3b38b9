/// Tokenises text without added tokens: the model with its normalizer and pre-tokenizer, chosen when the tokenizer is opened.
///
/// An enumeration of a few classes instead of a protocol: the choice is made once per stretch of text between added tokens, and all
/// code below it is specialised for that model. A class may fuse steps that files list separately; WordPiece does normalizer,
/// pre-tokenizer and model in one pass.
enum PieceModel: Sendable {
    case wordPiece(WordPiece)
    case bytePairs(BytePairs)
    case characterPairs(CharacterPairs)
    case unigram(Unigram)

    @inline(never) init(_ parts: __shared TokenizerParts) throws(LimbeckError) {
        switch (parts.model, parts.preTokenizer) {
        case (.wordPiece(let options), .words(let splits)):
            var normalization = NormalizerOptions(), steps: StepNormalizer?
            switch parts.normalizer {
            case .none: break
            case .bert(let options): normalization = options
            case .steps(let list, _): steps = StepNormalizer(list)
            }
            self = .wordPiece(try WordPiece(parts.vocabulary, normalization, options, steps: steps, splits: splits))
        case (.bytePairs(let table), .byteLevel(let options)):
            let normalizer = try PieceModel.steps(parts, of: "byte-level BPE")
            self = .bytePairs(BytePairs(table, normalizer, options))
        case (.unigram(let pieces), _): self = .unigram(Unigram(pieces, try PieceModel.input(parts, of: "Unigram")))
        case (.characterPairs(let table, let unknown), _):
            self = .characterPairs(CharacterPairs(table, unknown, try PieceModel.input(parts, of: "BPE")))
        default: throw PieceModel.unsupportedPreTokenizer(parts)
        }
    }

    @inline(never) private static func unsupportedPreTokenizer(_ parts: TokenizerParts) -> LimbeckError {
        LimbeckError(
            .fileUnsupported, "\(parts.file): the pre_tokenizer \"\(parts.preTokenizer.name)\" is not supported with this model")
    }

    private static func input(_ parts: TokenizerParts, of model: Message) throws(LimbeckError) -> MetaspaceInput {
        let words: MetaspaceOptions
        switch parts.preTokenizer {
        case .words(let splits): words = MetaspaceOptions(before: splits)
        case .metaspace(let options): words = options
        case .byteLevel, .spaces: throw unsupportedPreTokenizer(parts)
        }
        return MetaspaceInput(normalizer: try steps(parts, of: model), words: words)
    }

    var name: String {
        switch self {
        case .wordPiece: "WordPiece"
        case .bytePairs: "byte-level BPE"
        case .characterPairs: "BPE"
        case .unigram: "Unigram"
        }
    }

    var marksContinuations: Bool {
        switch self {
        case .wordPiece(let model): !model.options.prefix.utf8.isEmpty
        case .bytePairs, .characterPairs, .unigram: false
        }
    }

    /// Whether a token, as written in the vocabulary, continues a word.
    func continuesWord(_ token: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .wordPiece(let model):
            let prefix = model.options.prefix.utf8
            return !prefix.isEmpty && token.count > prefix.count && token.starts(with: prefix)
        case .bytePairs: return !token.starts(with: ByteAlphabet.spaceBytes)
        case .characterPairs, .unigram: return !token.starts(with: [0xE2, 0x96, 0x81])  // "▁"
        }
    }

    private static func steps(_ parts: TokenizerParts, of model: Message) throws(LimbeckError) -> StepNormalizer {
        switch parts.normalizer {
        case .none: StepNormalizer([])
        case .bert: throw unsupported(parts, normalizerOf: model)
        case .steps(let steps, _): StepNormalizer(steps)
        }
    }

    @inline(never) private static func unsupported(_ parts: TokenizerParts, normalizerOf model: __owned Message) -> LimbeckError {
        LimbeckError(
            .fileUnsupported,
            "\(parts.file): the normalizer \"\(parts.normalizer.name)\" is not supported with \(model)")
    }

    /// How far the normalizer is known to leave `text[start..<end]` unchanged, so that added tokens of the normalised text can be
    /// matched in the text itself.
    func leftEnd(_ text: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        if let steps { return steps.leftEnd(text, from: start, to: end) }
        if case .wordPiece = self { return start }
        return end
    }

    private var steps: StepNormalizer? {
        switch self {
        case .wordPiece(let model): model.steps
        case .bytePairs(let model): model.normalizer
        case .characterPairs(let model): model.input.normalizer
        case .unigram(let model): model.input.normalizer
        }
    }

    /// The id for what the vocabulary cannot represent.
    var unknown: Int32? {
        switch self {
        case .wordPiece(let model): model.options.unknown
        case .bytePairs: nil
        case .characterPairs(let model): if case .token(let id, _) = model.unknown { id } else { nil }
        case .unigram(let model): model.pieces.unknown
        }
    }

    /// Whether a space was added before a word that begins with `scalar` and whose first token, as written in the vocabulary, is
    /// `token`.
    func addedSpace(before scalar: UInt32, _ token: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .wordPiece: false
        case .bytePairs: scalar != 0x20 && token.starts(with: ByteAlphabet.spaceBytes)
        case .characterPairs(let model): model.input.addedSpace(before: scalar, token)
        case .unigram(let model): model.input.addedSpace(before: scalar, token)
        }
    }

    /// Tokenises `text[start..<end]`, which is normalised on its own. `isLeft`: the normalizer leaves it unchanged. `added` are the
    /// tokens to match in the normalised text. `continues`: the text before it was tokenised by an earlier call, as one stretch
    /// with this.
    @inline(never)
    func encode(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, continues: Bool, isLeft: Bool, finding added: AddedTokens?,
        into sink: inout TokenSink
    ) {
        switch self {
        case .wordPiece(let model): model.encode(text, from: start, to: end, finding: added, into: &sink)
        case .bytePairs(let model):
            if isLeft { return model.encode(text, from: start, to: end, continues: continues, into: &sink) }
            model.encodeNormalized(text, from: start, to: end, continues: continues, finding: added, into: &sink)
        case .characterPairs(let model):
            model.encode(text, from: start, to: end, continues: continues, finding: added, into: &sink)
        case .unigram(let model):
            model.encode(text, from: start, to: end, continues: continues, finding: added, into: &sink)
        }
    }

    /// The normalised text of an added token.
    func normalized(_ text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { text in
            guard let start = text.baseAddress else { return [] }
            if let steps { return steps.normalized(start, text.count) }
            guard case .wordPiece(let model) = self else { return Array(text) }
            return PieceModel.bytes(of: NormalizedScalars(start, from: 0, to: text.count, model.normalization))
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
        case .bytePairs(let model): model.memoryBytes
        case .characterPairs(let model): model.memoryBytes
        case .unigram(let model): model.memoryBytes
        }
    }
}
