/// A .model file of SentencePiece without a tokenizer.json, as transformers 5.24 converts it: for the tokenizers library, so that neither
/// SentencePiece nor its rules have a part in cutting a text.
extension TokenizerParts {
    init(sentencePiece bytes: UnsafeRawBufferPointer, file: String, _ settings: TokenizerSettings) throws(LimbeckError) {
        let model = try SentencePieceFile(bytes, name: file)
        if settings.tokenizerClass == .file {
            try self.init(asTrained: model, settings)
        } else {
            try self.init(pieces: model, settings)
        }
    }

    /// Unigram, whatever the file was trained as: XLMRobertaTokenizer, CamembertTokenizer, AlbertTokenizer and DebertaV2Tokenizer.
    private init(pieces model: SentencePieceFile, _ settings: TokenizerSettings) throws(LimbeckError) {
        let names = settings.names(or: settings.tokenizerClass?.names ?? SpecialNames())
        let (list, unknown) = try PieceList.of(model, settings, names)
        let vocabulary = try Vocabulary(list.builder)
        guard unknown >= 0, Int(unknown) < list.scores.count else {
            throw LimbeckError(.fileInconsistent, "\(model.name): the unknown token has the id \(unknown), of \(list.scores.count)")
        }
        let table = try PieceTable(vocabulary, scores: list.scores, unknown: unknown, byteIds: nil)
        self.init(file: model.name, vocabulary: vocabulary, model: .unigram(table), names: names)
        let steps = try NormalizerStep.steps(of: model, settings)
        normalizer = steps.isEmpty ? .none : .steps(steps, name: "Sequence")

        var words = MetaspaceOptions(mark: 0x2581)
        let addsSpace = try settings.flag("add_prefix_space") ?? true
        if settings.tokenizerClass == .debertaV2 {
            if try settings.flag("split_by_punct") == true { words.before = .punctuation }
            words.scheme = addsSpace ? .always : .first
        } else {
            words.before = .whitespace
            words.scheme = addsSpace ? .always : .never
        }
        preTokenizer = .metaspace(words)

        if settings.tokenizerClass == .albert {
            // They have to be pieces: what is added later is too late for the class.
            for name in [names.cls, names.sep] { _ = try TokenizerParts.id(of: name, vocabulary, file) }
        }
        try add(settings, pieces: model.addedTokens)
        let (addsBegin, addsEnd) = (try settings.flag("add_bos_token"), try settings.flag("add_eos_token"))
        switch settings.tokenizerClass {
        // This class sets its template before the base class sees the flags, which then replaces it.
        case .albert where addsBegin != nil || addsEnd != nil: template = try framed(settings)
        case .albert, .debertaV2: template = .bert(cls: try special(names.cls), sep: try special(names.sep))
        default: template = .roberta(cls: try special(names.bos), sep: try special(names.eos))
        }
    }
}

/// A vocabulary, and the scores of its pieces by id.
private struct PieceList {
    private let file: String
    private(set) var builder = Vocabulary.Builder()
    private(set) var scores: [Double] = []

    private init(_ file: String) { self.file = file }

    /// The pieces as the class orders them, and the id of the unknown one. fairseq put special tokens of its own before the pieces.
    static func of(
        _ model: SentencePieceFile, _ settings: TokenizerSettings, _ names: SpecialNames
    ) throws(LimbeckError) -> (PieceList, unknown: Int32) {
        var list = PieceList(model.name)
        switch settings.tokenizerClass {
        case .camembert:
            guard model.isUnigram else {
                throw model.unsupported("a model_type that is not Unigram is none for CamembertTokenizer, nor in transformers")
            }
            for name in ["<s>NOTUSED", names.pad, "</s>NOTUSED", names.unk] { try list.add(name) }
            try list.add("<unk>NOTUSED", -100)
            try list.add(model.pieces.dropFirst())
            try list.add(names.mask)
            let unknown = names.pad == names.unk ? 1 : 3
            return (list, Int32(unknown))
        case .albert:
            try list.add(model.pieces[...])
            return (list, 1)
        case .debertaV2:
            try list.add(model.pieces[...])
            let named = model.pieces.firstIndex { piece in piece.score == 0 && names.unk?.hasSameBytes(as: piece.text) == true }
            return (list, named.map { Int32($0) } ?? model.unknown)
        default:
            for name in [names.bos, names.pad, names.eos, names.unk] { try list.add(name) }
            try list.add(model.pieces.dropFirst(3))
            try list.add(names.mask)
            return (list, 3)
        }
    }

    private mutating func add(_ name: String?, _ score: Double = 0) throws(LimbeckError) {
        try builder.add(id: scores.count, file: file) { $0.append(contentsOf: (name ?? "").utf8) }
        scores.append(score)
    }

    private mutating func add(_ pieces: ArraySlice<SentencePieceFile.Piece>) throws(LimbeckError) {
        for piece in pieces {
            try builder.add(id: scores.count, file: file) { $0.append(contentsOf: piece.text) }
            scores.append(Double(piece.score))
        }
    }
}

extension NormalizerStep {
    /// What the class does to a text first.
    fileprivate static func steps(
        of model: SentencePieceFile, _ settings: TokenizerSettings
    ) throws(LimbeckError) -> [NormalizerStep] {
        var steps: [NormalizerStep] = []
        switch settings.tokenizerClass {
        case .albert:
            for mark in ["`", "'"] { steps.append(quote(mark)) }
            if try settings.flag("keep_accents") != true {
                steps.append(.normalForm(NormalForm(isCompatible: true, composes: false)))
                steps.append(.stripAccents)
            }
            if try settings.flag("do_lower_case") != false { steps.append(.lowercase) }
        case .debertaV2:
            // The file's charsmap has no part in it.
            if try settings.flag("do_lower_case") == true { steps.append(.lowercase) }
            steps.append(.replaceSpace(.whitespace, content: [0x20]))
            steps.append(.normalForm(NormalForm(isCompatible: false, composes: true)))
            steps.append(.strip(left: false, right: true))
            return steps
        default: break
        }
        if let map = model.charsmap { steps.append(.characterMap(map)) }
        return steps
    }

    /// Two marks for a quotation mark.
    @inline(never)
    private static func quote(_ mark: String) -> NormalizerStep {
        var pattern: [UInt32] = []
        for scalar in mark.unicodeScalars { pattern.append(scalar.value) }
        return .replace(pattern: pattern + pattern, content: [0x22])
    }
}

extension SentencePieceFile {
    /// The control pieces and the user-defined ones: transformers looks for both in the text.
    var addedTokens: [AddedToken] {
        var tokens: [AddedToken] = []
        for piece in pieces where piece.kind == .control || piece.kind == .userDefined {
            var token = AddedToken(id: AddedToken.none, text: Array(piece.text))
            token.isSpecial = piece.kind == .control
            tokens.append(token)
        }
        return tokens
    }
}
