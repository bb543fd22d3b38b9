/// A tokenizer as its files describe it, read and checked, before its tables are built: a value for each component, so that a new
/// component is a case here, its reader in a file of its own, and a line where the readers are listed.
///
/// A class: whoever throws while it is being filled lets go of one object, and not of all that is in it.
final class TokenizerParts {
    /// The name that messages use.
    var file: String
    var vocabulary: Vocabulary
    var model: Model
    var normalizer = Normalizer.none
    var preTokenizer = PreTokenizer.words([])
    var addedTokens: [AddedToken] = []
    var template = Template.none
    /// nil: the places of tokens are left as they are.
    var trimming: OffsetTrimming.Options?
    var names = SpecialNames()
    /// Truncation keeps the end of a text.
    var truncatesLeft = false
    /// A question is paired as the second text: the question-answering pipeline goes by the side of the padding.
    var padsLeft = false

    @inline(never)
    init(
        file: String, vocabulary: Vocabulary, model: Model, preTokenizer: PreTokenizer = .words([]), names: SpecialNames = SpecialNames()
    ) {
        (self.file, self.vocabulary, self.model) = (file, vocabulary, model)
        (self.preTokenizer, self.names) = (preTokenizer, names)
    }

    /// What cuts a word into tokens.
    enum Model {
        case wordPiece(WordPieceOptions)
        case bytePairs(MergeTable)
        case characterPairs(MergeTable, UnknownCharacter)
        case unigram(PieceTable)
    }

    /// What changes the text first.
    enum Normalizer {
        case none
        case bert(NormalizerOptions)
        /// One after the other; and what files call the whole.
        case steps([NormalizerStep], name: String)

        /// As files call it.
        var name: String {
            switch self {
            case .none: "none"
            case .bert: "BertNormalizer"
            case .steps(_, let name): name
            }
        }

        /// Whether no space comes out of it.
        var replacesSpaces: Bool {
            guard case .steps(let steps, _) = self, case .replace(let pattern, let content)? = steps.last else { return false }
            return pattern.elementsEqual(CollectionOfOne(0x20)) && !content.contains(0x20)
        }
    }

    /// What cuts the text into words.
    enum PreTokenizer {
        /// None of them: the whole text is a word.
        case words(WordSplits)
        case byteLevel(BytePairOptions)
        case metaspace(MetaspaceOptions)
        /// Cuts at spaces.
        case spaces

        /// Whether a BPE after it merges characters, and not bytes.
        var leavesCharacters: Bool {
            switch self {
            case .words, .metaspace, .spaces: true
            case .byteLevel: false
            }
        }

        /// As files call it.
        var name: String {
            switch self {
            case .words(let splits): splits.isEmpty ? "none" : splits == .bert ? "BertPreTokenizer" : "Whitespace"
            case .byteLevel: "ByteLevel"
            case .metaspace(let options): options.mark == nil ? "WhitespaceSplit" : "Metaspace"
            case .spaces: "Split"
            }
        }
    }
}

/// What the special tokens are called, as far as files say it.
struct SpecialNames {
    /// By `keys`.
    private var names: [String?]

    @inline(never)
    init(
        unk: String? = nil, sep: String? = nil, cls: String? = nil, mask: String? = nil, pad: String? = nil, bos: String? = nil,
        eos: String? = nil
    ) {
        names = [bos, eos, unk, sep, pad, cls, mask]
    }

    static var bert: SpecialNames { SpecialNames(unk: "[UNK]", sep: "[SEP]", cls: "[CLS]", mask: "[MASK]", pad: "[PAD]") }
    static var roberta: SpecialNames {
        SpecialNames(unk: "<unk>", sep: "</s>", cls: "<s>", mask: "<mask>", pad: "<pad>", bos: "<s>", eos: "</s>")
    }

    /// What files call them, in the order in which transformers adds them.
    static let keys = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
    static let mask = 6

    var bos: String? { self[0] }
    var eos: String? { self[1] }
    var unk: String? {
        get { self[2] }
        set { self[2] = newValue }
    }
    var sep: String? {
        get { self[3] }
        set { self[3] = newValue }
    }
    var pad: String? { self[4] }
    var cls: String? {
        get { self[5] }
        set { self[5] = newValue }
    }
    var mask: String? { self[SpecialNames.mask] }

    /// By the order of `keys`.
    subscript(index: Int) -> String? {
        @inline(never) get { names[index] }
        @inline(never) set { names[index] = newValue }
    }

    /// These names, and others where there are none.
    @inline(never) func or(_ others: SpecialNames) -> SpecialNames {
        var names = self
        for index in SpecialNames.keys.indices where names[index] == nil { names[index] = others[index] }
        return names
    }
}
