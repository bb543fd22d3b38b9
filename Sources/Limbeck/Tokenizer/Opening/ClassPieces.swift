/// What the classes of transformers that cut by Unigram are built of, from a tokenizer.json or a .model file.
struct PieceList {
    /// The name that messages use.
    let file: String
    private(set) var builder = Vocabulary.Builder()
    /// By id.
    private(set) var scores: [Double] = []
    /// The id of the piece for unknown characters, as the class or the file has it.
    var unknown = 0
    /// What the file maps characters by, before they are cut.
    var charsmap: CharacterMap?

    init(file: String) { self.file = file }

    mutating func add(_ score: Double, _ text: (inout [UInt8]) -> Void) throws(LimbeckError) {
        try builder.add(id: scores.count, file: file, text)
        scores.append(score)
    }
}

/// XLMRobertaTokenizer, CamembertTokenizer, AlbertTokenizer and DebertaV2Tokenizer.
extension TokenizerParts {
    /// `post`: a tokenizer.json's post-processor; `pieces`: the added tokens of a .model file, whose class adds what it names.
    init(
        _ list: PieceList, _ settings: TokenizerSettings, post: TokenizerComponent? = nil, pieces: [AddedToken]? = nil,
        json: (Vocabulary) throws(LimbeckError) -> [AddedToken] = { (_) throws(LimbeckError) in [] }
    ) throws(LimbeckError) {
        let file = list.file
        let names = settings.names(or: settings.tokenizerClass?.names ?? SpecialNames())
        let vocabulary = try Vocabulary(list.builder)
        guard 0..<list.scores.count ~= list.unknown else {
            throw LimbeckError(.fileInconsistent, "\(file): the unknown token has the id \(list.unknown), of \(list.scores.count)")
        }
        let table = try PieceTable(vocabulary, scores: list.scores, unknown: Int32(list.unknown), byteIds: nil)
        self.init(file: file, vocabulary: vocabulary, model: .unigram(table), names: names)
        let steps = try NormalizerStep.steps(of: list, settings)
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
        try add(settings, json: json(vocabulary), pieces: pieces)
        switch settings.tokenizerClass {
        case .albert:
            // It sets its template before the base class, which takes the file's in its place, or what the flags make.
            template = .bert(cls: try special(names.cls), sep: try special(names.sep))
            if let post { try readPostProcessor(post) }
            let (addsBegin, addsEnd) = (try settings.flag("add_bos_token"), try settings.flag("add_eos_token"))
            if addsBegin != nil || addsEnd != nil { template = try framed(settings) }
        case .debertaV2: template = .bert(cls: try special(names.cls), sep: try special(names.sep))
        default: template = .roberta(cls: try special(names.bos), sep: try special(names.eos))
        }
    }
}

extension NormalizerStep {
    /// What the class does to a text first.
    fileprivate static func steps(
        of list: PieceList, _ settings: TokenizerSettings
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
        if let map = list.charsmap { steps.append(.characterMap(map)) }
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
