/// The JSON files that are read from a model folder. The caller names the kind when it opens a file, and the file is checked
/// against the key table of that kind before any of it is read.
package enum JSONFile: UInt8, CaseIterable, Sendable {
    /// Checked by `DeclaredConfiguration`, which knows the family and the family's keys.
    case configuration
    case tokenizer, tokenizerConfig, specialTokensMap, addedTokens, vocabulary
    case weightsIndex
    /// Its presence is an error.
    case adapter
    case modules, sentenceTransformers, sentenceConfig
    /// The config.json of modules, each in its own folder.
    case pooling, dense, layerNorm, dropout, normalize

    /// The kind of a file of the model's own folder, by name; nil if it is none of these.
    package init?(named name: String) {
        for file in JSONFile.allCases where file.names.contains(where: { name.hasSameBytes(as: $0) }) {
            self = file
            return
        }
        return nil
    }

    /// The config.json of a module of this class; nil if the class is not supported.
    package init?(module type: String) {
        switch type {
        case "Pooling": self = .pooling
        case "Dense": self = .dense
        case "LayerNorm": self = .layerNorm
        case "Dropout": self = .dropout
        case "Normalize": self = .normalize
        default: return nil
        }
    }

    /// Its possible names; none for modules.
    package var names: [UnsafeRawBufferPointer] { KeyRule.words(fileNames) }

    private var fileNames: StaticString {
        switch self {
        case .configuration: "config.json"
        case .tokenizer: "tokenizer.json"
        case .tokenizerConfig: "tokenizer_config.json"
        case .specialTokensMap: "special_tokens_map.json"
        case .addedTokens: "added_tokens.json"
        case .vocabulary: "vocab.json"
        case .weightsIndex: "model.safetensors.index.json pytorch_model.bin.index.json"
        case .adapter: "adapter_config.json"
        case .modules: "modules.json"
        case .sentenceTransformers: "config_sentence_transformers.json"
        case .sentenceConfig:
            // Versions of sentence-transformers have given one file all these names.
            """
            sentence_bert_config.json sentence_roberta_config.json sentence_distilbert_config.json sentence_camembert_config.json \
            sentence_albert_config.json sentence_xlm-roberta_config.json sentence_xlnet_config.json
            """
        case .pooling, .dense, .layerNorm, .dropout, .normalize: ""
        }
    }

    /// For config.json, only the keys common to all families.
    package var table: KeyTable {
        switch self {
        case .configuration: .configuration([])
        case .tokenizer: .tokenizer
        case .tokenizerConfig: .tokenizerConfig
        case .specialTokensMap: .specialTokensMap
        case .addedTokens, .vocabulary: .ids
        case .adapter: KeyTable(alarming: "", [.obeyed("*")])
        case .weightsIndex: .weightsIndex
        case .modules: .modules
        case .sentenceTransformers: .sentenceTransformers
        case .sentenceConfig: .sentenceConfig
        case .pooling: .pooling
        case .dense: .dense
        case .layerNorm: .layerNorm
        case .dropout: .dropout
        case .normalize: .normalize
        }
    }

    /// The maximum size. XLM-RoBERTa's tokenizer.json, with 250,000 tokens and their scores, is 17 MB.
    var maxBytes: Int {
        switch self {
        case .tokenizer, .vocabulary: 64 << 20
        default: JSONDocument.configurationBytes
        }
    }
}

/// Nested objects, and their tables.
package enum InnerTable: UInt8, CaseIterable, Sendable {
    case token, tokens, tokensById, truncation
    case rope, crossEncoder, modalities, modality, loading

    package var table: KeyTable {
        switch self {
        case .token: .token
        case .tokens: .tokens
        case .tokensById: .tokensById
        case .truncation: .truncation
        case .rope: .rope
        case .crossEncoder: .crossEncoder
        case .modalities: .modalities
        case .modality: .modality
        case .loading: .loading
        }
    }
}

extension JSONDocument {
    /// The only way to read a file of a model folder as JSON: it checks the keys first.
    package convenience init(_ mapping: __shared MappedFile, as file: JSONFile, _ notes: __shared Notes? = nil) throws(LimbeckError)
    {
        try self.init(unchecked: mapping, maxBytes: file.maxBytes)
        if file != .configuration { try file.table.check(root, notes) }
    }
}
