/// The pieces from which Unigram classes of transformers are built, from a tokenizer.json or a .model file.
final class PieceList {
    /// The name that messages use.
    let file: String
    private(set) var builder = Vocabulary.Builder()
    /// By id.
    private(set) var scores: [Double] = []
    /// The id of the piece for unknown characters, from the class or the file.
    var unknown = 0
    /// If set, the piece with the name of the unknown token has precedence; nil: it has not.
    var unknownIsNamed: NamedUnknown?

    enum NamedUnknown {
        case withAnyScore
        /// With a score of 0.
        case withoutScore
    }
    /// The charsmap of the file, applied before tokenisation.
    var charsmap: CharacterMap?

    init(file: String) { self.file = file }

    fileprivate func unknown(_ name: String?, _ vocabulary: Vocabulary) -> Int {
        guard let unknownIsNamed, let name, let id = vocabulary.id(of: name).map({ Int($0) }) else { return unknown }
        return unknownIsNamed == .withAnyScore || scores[id] == 0 ? id : unknown
    }

    func add(_ score: Double, _ text: (inout [UInt8]) -> Void) throws(LimbeckError) {
        try builder.add(id: scores.count, file: file, text)
        scores.append(score)
    }
}

/// XLMRobertaTokenizer, CamembertTokenizer, AlbertTokenizer and DebertaV2Tokenizer.
extension TokenizerParts {
    /// `post` and `added`: a tokenizer.json's post-processor and added tokens. `pieces`: the added tokens of a .model file, whose
    /// class adds the tokens that it names.
    convenience init(
        _ list: __shared PieceList, _ settings: __shared TokenizerSettings, post: __shared TokenizerComponent? = nil,
        added: __shared TokenizerComponent? = nil,
        pieces: [AddedToken]? = nil
    ) throws(LimbeckError) {
        let file = list.file
        let names = settings.names(or: settings.tokenizerClass?.names ?? SpecialNames())
        let vocabulary = try Vocabulary(list.builder)
        let unknown = list.unknown(names.unk, vocabulary)
        guard 0..<list.scores.count ~= unknown else {
            throw LimbeckError(
                .fileInconsistent, "\(file): the unknown token has the id \(unknown), expected 0 to \(list.scores.count - 1)")
        }
        let table = try PieceTable(vocabulary, scores: list.scores, unknown: Int32(unknown), byteIds: nil)
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
            // They have to be pieces: tokens that are added later are too late for the class.
            for name in [names.cls, names.sep] { _ = try TokenizerParts.id(of: name, vocabulary, file) }
        }
        let json = try added.map { part throws(LimbeckError) in try AddedToken.read(part, vocabulary) }
        try add(settings, json: json ?? [], pieces: pieces)
        switch settings.tokenizerClass {
        case .albert:
            // It sets its template before the base class does. The base class replaces that with the one of a tokenizer.json, and
            // for a .model file with what the flags ask for.
            template = .bert(cls: try special(names.cls), sep: try special(names.sep))
            if let post { try readPostProcessor(post) }
            let isFlagged = try settings.flag("add_bos_token") != nil ? true : settings.flag("add_eos_token") != nil
            if pieces != nil, isFlagged { template = try framed(settings) }
        case .debertaV2: template = .bert(cls: try special(names.cls), sep: try special(names.sep))
        default: template = .roberta(cls: try special(names.bos), sep: try special(names.eos))
        }
    }
}

extension NormalizerStep {
    /// The normalizer of the class.
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
            // The file's charsmap is not used.
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

    /// Replaces two of these marks with a quotation mark.
    @inline(never)
    private static func quote(_ mark: String) -> NormalizerStep {
        var pattern: [UInt32] = []
        for scalar in mark.unicodeScalars { pattern.append(scalar.value) }
        return .replace(pattern: pattern + pattern, content: [0x22])
    }
}
