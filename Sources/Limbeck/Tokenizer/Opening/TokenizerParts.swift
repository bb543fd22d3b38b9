/// A tokenizer as its files describe it, read and checked, before its tables are built. Each component is a value. A new component
/// needs a case here, a reader in its own file, and a line where the readers are listed.
///
/// A class: if an error is thrown while it is being filled, one reference is released instead of all its members.
final class TokenizerParts {
    /// The name that messages use.
    var file: String
    var vocabulary: Vocabulary
    var model: Model
    var normalizer = Normalizer.none
    var preTokenizer = PreTokenizer.words([])
    var addedTokens: [AddedToken] = []
    var template = Template.none
    /// nil: offsets are not trimmed.
    var trimming: OffsetTrimming.Options?
    var names = SpecialNames()
    /// Truncation keeps the end of a text.
    var truncatesLeft = false
    /// Questions are the second text of a pair: the question-answering pipeline decides that by the padding side.
    var padsLeft = false

    @inline(never)
    init(
        file: String, vocabulary: Vocabulary, model: Model, preTokenizer: PreTokenizer = .words([]),
        names: SpecialNames = SpecialNames()
    ) {
        (self.file, self.vocabulary, self.model) = (file, vocabulary, model)
        (self.preTokenizer, self.names) = (preTokenizer, names)
    }

    /// The model, which splits a word into tokens.
    enum Model {
        case wordPiece(WordPieceOptions)
        case bytePairs(MergeTable)
        case characterPairs(MergeTable, UnknownCharacter)
        case unigram(PieceTable)
    }

    /// The normalizer.
    enum Normalizer {
        case none
        case bert(NormalizerOptions)
        /// Applied in order; and the name in files for all of them.
        case steps([NormalizerStep], name: String)

        /// The name in files.
        var name: String {
            switch self {
            case .none: "none"
            case .bert: "BertNormalizer"
            case .steps(_, let name): name
            }
        }

        /// Whether its output contains no spaces.
        var replacesSpaces: Bool {
            guard case .steps(let steps, _) = self, case .replace(let pattern, let content)? = steps.last else { return false }
            return pattern.elementsEqual(CollectionOfOne(0x20)) && !content.contains(0x20)
        }
    }

    /// The pre-tokenizer, which splits the text into words.
    enum PreTokenizer {
        /// Without splits the whole text is one word.
        case words(WordSplits)
        case byteLevel(BytePairOptions)
        case metaspace(MetaspaceOptions)
        /// Splits at spaces.
        case spaces

        /// Whether a BPE after it merges characters instead of bytes.
        var leavesCharacters: Bool {
            switch self {
            case .words, .metaspace, .spaces: true
            case .byteLevel: false
            }
        }

        /// The name in files.
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

/// The names of the special tokens, as far as files give them.
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

    /// Their keys in files, in the order in which transformers adds the tokens.
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

    /// Indexed like `keys`.
    subscript(index: Int) -> String? {
        @inline(never) get { names[index] }
        @inline(never) set { names[index] = newValue }
    }

    /// These names; `others` for those that are missing.
    @inline(never) func or(_ others: SpecialNames) -> SpecialNames {
        var names = self
        for index in SpecialNames.keys.indices where names[index] == nil { names[index] = others[index] }
        return names
    }
}
