/// A tokenizer as its files describe it, read and checked, before its tables are built: a value for each component, so that a new
/// component is a case here, its reader in a file of its own, and a line where the readers are listed.
struct TokenizerParts {
    /// The name that messages use.
    var file: String
    var vocabulary: Vocabulary
    var model: Model
    var normalizer = Normalizer.none
    var preTokenizer = PreTokenizer.none
    var addedTokens: [AddedToken] = []
    var template = Template.none
    /// nil: the places of tokens are left as they are.
    var trimming: OffsetTrimming.Options?
    var names = SpecialNames()

    /// What cuts a word into tokens.
    enum Model {
        case wordPiece(WordPieceOptions)
        case bytePairs(MergeTable)
        case characterPairs(MergeTable, UnknownCharacter)
        case unigram(PieceTable)
        case sentencePiece(SentencePieceModel)
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
        case none
        case bert
        case byteLevel(BytePairOptions)
        case metaspace(MetaspaceOptions)
        /// Cuts at spaces.
        case spaces

        /// Whether a BPE after it merges characters, and not bytes.
        var leavesCharacters: Bool {
            switch self {
            case .none, .metaspace, .spaces: true
            case .bert, .byteLevel: false
            }
        }

        /// As files call it.
        var name: String {
            switch self {
            case .none: "none"
            case .bert: "BertPreTokenizer"
            case .byteLevel: "ByteLevel"
            case .metaspace(let options): options.mark == nil ? "WhitespaceSplit" : "Metaspace"
            case .spaces: "Split"
            }
        }
    }
}

/// What the special tokens are called, as far as files say it.
struct SpecialNames {
    var unk: String?
    var sep: String?
    var cls: String?
    var mask: String?
    var pad: String?

    static let bert = SpecialNames(unk: "[UNK]", sep: "[SEP]", cls: "[CLS]", mask: "[MASK]", pad: "[PAD]")
    static let roberta = SpecialNames(unk: "<unk>", sep: "</s>", cls: "<s>", mask: "<mask>", pad: "<pad>")

    /// Takes the names that tokenizer_config.json gives.
    mutating func read(_ config: JSONValue) {
        func name(_ key: String, _ name: inout String?) {
            guard let value = config[key] else { return }
            if let text = value.string ?? value["content"]?.string { name = text }
        }
        name("unk_token", &unk)
        name("sep_token", &sep)
        name("cls_token", &cls)
        name("mask_token", &mask)
        name("pad_token", &pad)
    }

    /// These names, and others where there are none.
    func or(_ others: SpecialNames) -> SpecialNames {
        SpecialNames(
            unk: unk ?? others.unk, sep: sep ?? others.sep, cls: cls ?? others.cls, mask: mask ?? others.mask,
            pad: pad ?? others.pad)
    }
}
