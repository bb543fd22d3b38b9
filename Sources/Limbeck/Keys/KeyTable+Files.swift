/// The tables of the files, by their names; those of config.json are in ConfigurationKeys.swift, and sentence-transformers' modules
/// have theirs by their kind.
extension KeyTable {
    /// nil: the file's keys are names of its own, such as tokens.
    static func table(of file: String) -> KeyTable? {
        switch file {
        case "tokenizer_config.json": .tokenizerConfig
        case "special_tokens_map.json": .specialTokensMap
        case "config_sentence_transformers.json": .sentenceModel
        default: file.hasUTF8Prefix("sentence_") && file.hasUTF8Suffix("_config.json") ? .sentenceTransformer : nil
        }
    }

    /// That of the config.json of a module of sentence-transformers; nil: a module that is not supported.
    static func table(ofModule type: String) -> KeyTable? {
        switch type {
        case "Pooling": .pooling
        case "Dense": .dense
        case "Normalize": .normalize
        case "LayerNorm": .layerNorm
        case "Dropout": .dropout
        default: nil
        }
    }
}
