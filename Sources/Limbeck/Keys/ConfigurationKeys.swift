extension KeyTable {
    /// config.json of a family: what the family's own classes read, and what all have. A family's rule of a key wins.
    static func configuration(_ family: [KeyRule]) -> KeyTable {
        KeyTable(alarming: alarmingOfConfigurations, family + configurationRules)
    }

    private static let alarmingOfConfigurations: StaticString = ""

    /// In the order of what they say.
    private static let configurationRules: [KeyRule] = [
        .obeyed("model_type architectures vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size"),
        .obeyed("max_position_embeddings type_vocab_size hidden_act layer_norm_eps tie_word_embeddings id2label num_labels adapters"),
        .only("regression single_label_classification multi_label_classification", "problem_type"),
        .only("false", "is_decoder add_cross_attention is_encoder_decoder", why: "encoders only"),
        // transformers 5 reads it no more, and adds the positions of a table that such a model was not trained with.
        .only("absolute", "position_embedding_type"),
        .only("{}", "pruned_heads per_layer_config", why: "all layers have the same sizes"),
        .only("{}", "quantization_config", why: "its tensors are no plain numbers"),
        .only("{}", "auto_map", why: "the model has code of its own, and none of it is run here"),
        // A cross-encoder's.
        .obeyed("sentence_transformers sbert_ce_default_activation_function"),
    ]
}
