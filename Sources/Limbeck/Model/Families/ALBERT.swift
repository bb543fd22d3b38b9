import KernelInterface

/// ALBERT (Lan et al. 2020): embeddings narrower than the hidden size, and few distinct layers, each run several times.
extension FamilyRules {
    static var albert: FamilyRules {
        let rules = FamilyRules(
            .albert, ["albert"], prefix: "albert.",
            heads: heads("Albert", sequence: .albertPooler, choice: .albertPooler) + [("AlbertForPreTraining", .maskedLM)])
        rules.activation.default = "gelu_new"
        rules.embeddings = bertEmbeddings(projection: "encoder.embedding_hidden_mapping_in")
        rules.layers = nil
        rules.block = bertBlock(
            BlockNames(
                query: "attention.query", key: "attention.key", value: "attention.value", attentionOutput: "attention.dense",
                attentionNorm: "attention.LayerNorm", intermediate: "ffn", output: "ffn_output",
                outputNorm: "full_layer_layer_norm"))
        rules.pooler = "pooler"
        rules.maskedLM = MaskedLMNames(
            transform: DenseNames("predictions.dense", norm: "predictions.LayerNorm"), decoder: "predictions.decoder.weight",
            bias: "predictions.bias", decoderBias: "predictions.decoder.bias")
        rules.keys =
            .bert + [
                .obeyed("embedding_size num_hidden_groups inner_group_num", as: .integer),
                .inert(.training, "classifier_dropout_prob"),
                .inert(.unread, "down_scale_factor gap_size net_structure_type num_memory_blocks layers_to_keep"),
            ]
        return rules
    }
}

extension DenseNames {
    fileprivate static var albertPooler: DenseNames { DenseNames("pooler", activation: .tanh) }
}
