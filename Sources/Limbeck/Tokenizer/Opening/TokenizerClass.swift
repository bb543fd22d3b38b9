/// The class with which transformers opens a folder's tokenizer. It decides what is built around a vocabulary: under a specific
/// class, only the vocabulary and the added tokens of a tokenizer.json are used.
///
/// Chosen as by `AutoTokenizer` of transformers 5.24: the class named by tokenizer_config.json, or else by config.json; otherwise
/// that of the model type.
enum TokenizerClass {
    /// No specific class: tokenizer.json is read as it is.
    case file
    case bert
    case distilBERT
    case mpnet
    case roberta
    case gpt2
    case xlmRoberta
    case camembert
    case albert
    case debertaV2
    /// No class of transformers: what FastBERT's code puts around a text.
    case fastBERT

    /// The class for a name in a file, which may end in "Fast".
    init(named name: __shared String, _ file: __shared String) throws(LimbeckError) {
        let name = name.droppingUTF8Suffix("Fast")
        for (names, found) in TokenizerClass.classes where KeyRule.words(names).contains(where: { name.hasSameBytes(as: $0) }) {
            self = found
            return
        }
        guard !KeyRule.words(TokenizerClass.classesInPython).contains(where: { name.hasSameBytes(as: $0) }) else {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): the tokenizer_class \"\(name)\" is not supported: it tokenises with its own code, whatever files are beside it"
            )
        }
        self = .file
    }

    /// Class names of transformers, without "Fast".
    private static let classes: [(names: StaticString, TokenizerClass)] = [
        (
            """
            BertTokenizer ElectraTokenizer MobileBertTokenizer LayoutLMTokenizer SqueezeBertTokenizer LxmertTokenizer ConvBertTokenizer \
            DPRQuestionEncoderTokenizer DPRContextEncoderTokenizer
            """, .bert
        ),
        ("DistilBertTokenizer", .distilBERT), ("MPNetTokenizer", .mpnet),
        ("RobertaTokenizer BartTokenizer LongformerTokenizer LEDTokenizer MvpTokenizer", .roberta), ("GPT2Tokenizer", .gpt2),
        ("XLMRobertaTokenizer", .xlmRoberta), ("CamembertTokenizer", .camembert), ("AlbertTokenizer", .albert),
        ("DebertaV2Tokenizer", .debertaV2),
    ]

    /// Classes that do not use the tokenizers library, even if there is a tokenizer.json.
    private static let classesInPython: StaticString = """
        BartphoTokenizer BertGenerationTokenizer BertJapaneseTokenizer BertTokenizerLegacy BertweetTokenizer BioGptTokenizer \
        BlenderbotSmallTokenizer ByT5Tokenizer CTRLTokenizer CanineTokenizer CpmAntTokenizer CpmTokenizer EsmTokenizer FSMTTokenizer \
        FlaubertTokenizer GPTNeoXJapaneseTokenizer GPTSw3Tokenizer M2M100Tokenizer MarianTokenizer MyT5Tokenizer PLBartTokenizer \
        PerceiverTokenizer PhobertTokenizer ProphetNetTokenizer RagTokenizer RoCBertTokenizer RoFormerTokenizer SiglipTokenizer \
        Speech2TextTokenizer SpeechT5Tokenizer TapasTokenizer VitsTokenizer XLMTokenizer
        """

    /// The class for a `model_type` if no file names one; nil for an unknown model type.
    init?(ofModel type: String) {
        switch type {
        case "bert", "distilbert", "electra", "mobilebert", "nomic_bert": self = .bert
        case "roberta": self = .roberta
        case "xlm-roberta": self = .xlmRoberta
        case "camembert": self = .camembert
        case "albert": self = .albert
        case "mpnet": self = .mpnet
        case "deberta-v2": self = .debertaV2
        case "modernbert": self = .file
        default: return nil
        }
    }

    /// Whether the class returns token types if `model_input_names` is missing.
    var givesTypes: Bool {
        switch self {
        case .bert, .debertaV2, .fastBERT: true
        case .file, .distilBERT, .mpnet, .roberta, .gpt2, .xlmRoberta, .camembert, .albert: false
        }
    }

    /// The default special tokens.
    var names: SpecialNames {
        switch self {
        case .file: SpecialNames()
        case .bert, .distilBERT, .fastBERT: .bert
        case .mpnet:
            SpecialNames(
                unk: "[UNK]", sep: "</s>", cls: "<s>", mask: "<mask>", pad: "<pad>", bos: "<s>", eos: "</s>")
        case .roberta, .xlmRoberta, .camembert: .roberta
        case .gpt2: SpecialNames(unk: "<|endoftext|>", bos: "<|endoftext|>", eos: "<|endoftext|>")
        case .albert:
            SpecialNames(unk: "<unk>", sep: "[SEP]", cls: "[CLS]", mask: "[MASK]", pad: "<pad>", bos: "[CLS]", eos: "[SEP]")
        case .debertaV2:
            SpecialNames(unk: "[UNK]", sep: "[SEP]", cls: "[CLS]", mask: "[MASK]", pad: "[PAD]", bos: "[CLS]", eos: "[SEP]")
        }
    }

    /// Whether the mask token of the class includes the space before it.
    var stripsBeforeMask: Bool {
        switch self {
        case .mpnet, .camembert: true
        default: false
        }
    }
}
