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
    var names = SpecialNames()

    /// What cuts a word into tokens.
    enum Model {
        case wordPiece(WordPieceOptions)

        /// The id of what the vocabulary cannot spell.
        var unknown: Int32? {
            switch self {
            case .wordPiece(let options): options.unknown
            }
        }
    }

    /// What changes the text first.
    enum Normalizer {
        case none
        case bert(NormalizerOptions)
    }

    /// What cuts the text into words.
    enum PreTokenizer {
        case none
        case bert
    }
}

/// What the special tokens are called.
struct SpecialNames {
    var unk = "[UNK]"
    var sep = "[SEP]"
    var cls = "[CLS]"
    var mask = "[MASK]"
    var pad = "[PAD]"

    /// Takes the names that tokenizer_config.json gives.
    mutating func read(_ config: JSONValue) {
        func name(_ key: String, _ name: inout String) {
            guard let value = config[key] else { return }
            if let text = value.string ?? value["content"]?.string { name = text }
        }
        name("unk_token", &unk)
        name("sep_token", &sep)
        name("cls_token", &cls)
        name("mask_token", &mask)
        name("pad_token", &pad)
    }
}
