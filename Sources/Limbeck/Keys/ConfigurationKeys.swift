extension KeyTable {
    /// config.json of a family: what all have, and the family's own.
    static func configuration(_ family: [KeyRule]) -> KeyTable {
        KeyTable(alarming: alarmingOfConfigurations, family + configurationRules)
    }

    private static let alarmingOfConfigurations: StaticString = ""

    /// In the order of what they say.
    private static let configurationRules: [KeyRule] = [
        .obeyed("model_type architectures vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size")
    ]
}
