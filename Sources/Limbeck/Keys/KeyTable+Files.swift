/// The tables of the files, by their names; those of config.json are in ConfigurationKeys.swift.
extension KeyTable {
    /// nil: the file's keys are names of its own, such as tokens.
    static func table(of file: String) -> KeyTable? {
        switch file {
        case "tokenizer_config.json": .tokenizerConfig
        case "special_tokens_map.json": .specialTokensMap
        default: nil
        }
    }
}
