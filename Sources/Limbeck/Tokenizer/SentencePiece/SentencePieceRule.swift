/// What the tokenizers of transformers make of a .model file: ids, special tokens, and what they do to the text first.
enum SentencePieceRule: Sendable {
    case albert
    case camembert
    case debertaV2
    case xlmRoberta

    /// By the name of the file, or the class that tokenizer_config.json names.
    init(file: String, class name: String?, _ path: String) throws(LimbeckError) {
        switch name {
        case "AlbertTokenizer"?, "AlbertTokenizerFast"?: self = .albert
        case "CamembertTokenizer"?, "CamembertTokenizerFast"?: self = .camembert
        case "DebertaV2Tokenizer"?, "DebertaV2TokenizerFast"?: self = .debertaV2
        case "XLMRobertaTokenizer"?, "XLMRobertaTokenizerFast"?: self = .xlmRoberta
        case let name?:
            throw LimbeckError(.fileUnsupported, "\(path): the tokenizer_class \"\(name)\" is not supported")
        case nil:
            switch file {
            case "spiece.model": self = .albert
            case "spm.model": self = .debertaV2
            default: self = .xlmRoberta
            }
        }
    }

    /// The file names of these tokenizers.
    static let files = ["sentencepiece.bpe.model", "spiece.model", "spm.model"]

    /// The id of a piece. fairseq put special tokens of its own before the pieces.
    func id(of piece: Int32, unknown: Int32) -> Int32 {
        switch self {
        case .albert, .debertaV2: piece
        case .camembert: piece == unknown ? 3 : piece + 4
        case .xlmRoberta: piece == unknown ? 3 : piece == 1 ? 0 : piece == 2 ? 2 : piece + 1
        }
    }

    /// The special tokens that no piece has: calls `add` with each, given the number of pieces.
    func tokens(
        _ count: Int32, _ add: (String, Int32) throws(LimbeckError) -> Void
    ) throws(LimbeckError) {
        switch self {
        case .albert: break
        case .camembert:
            try add("<s>NOTUSED", 0)
            try add("<pad>", 1)
            try add("</s>NOTUSED", 2)
            try add("<unk>", 3)
            try add("<unk>NOTUSED", 4)
            try add("<mask>", count + 4)
        case .debertaV2: try add("[MASK]", count)
        case .xlmRoberta:
            try add("<pad>", 1)
            try add("<mask>", count + 1)
        }
    }

    var names: SpecialNames {
        switch self {
        case .albert: SpecialNames(unk: "<unk>", sep: "[SEP]", cls: "[CLS]", mask: "[MASK]", pad: "<pad>")
        case .debertaV2: .bert
        case .camembert, .xlmRoberta: .roberta
        }
    }

    /// <s> A </s></s> B </s>; else [CLS] A [SEP] B [SEP].
    var isRoberta: Bool {
        switch self {
        case .albert, .debertaV2: false
        case .camembert, .xlmRoberta: true
        }
    }

    /// What is done to a text before libsentencepiece has it.
    func steps(_ config: JSONValue?, file: String) throws(LimbeckError) -> [NormalizerStep] {
        func flag(_ key: String) throws(LimbeckError) -> Bool? {
            guard let config else { return nil }
            return try TokenizerComponent("tokenizer_config.json", config, file: file).flag(key)
        }
        switch self {
        case .albert:
            var steps: [NormalizerStep] = []
            for mark in ["`", "'"] { steps.append(SentencePieceRule.quote(mark)) }
            if try flag("keep_accents") != true {
                steps.append(.normalForm(NormalForm(isCompatible: true, composes: false)))
                steps.append(.stripAccents)
            }
            if try flag("do_lower_case") != false { steps.append(.lowercase) }
            return steps
        case .debertaV2:
            if try flag("split_by_punct") == true {
                throw LimbeckError(.fileUnsupported, "\(file): split_by_punct is not supported")
            }
            guard try flag("do_lower_case") == true else { return [] }
            var steps: [NormalizerStep] = []
            steps.append(.lowercase)
            return steps
        case .camembert, .xlmRoberta: return []
        }
    }

    /// Two marks for a quotation mark.
    @inline(never)
    private static func quote(_ mark: String) -> NormalizerStep {
        var pattern: [UInt32] = []
        for scalar in mark.unicodeScalars { pattern.append(scalar.value) }
        var content: [UInt32] = []
        content.append(0x22)
        return .replace(pattern: pattern + pattern, content: content)
    }
}
