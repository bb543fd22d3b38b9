import KernelInterface

/// ALBERT (Lan et al. 2020): embeddings narrower than the hidden size, and few distinct layers, each run several times.
extension FamilyRules {
    static var albert: FamilyRules {
        FamilyRules(
            family: .albert, modelTypes: ["albert"], prefix: "albert.", activation: ("hidden_act", "gelu_new"),
            embeddings: bertEmbeddings(projection: "encoder.embedding_hidden_mapping_in"), layers: nil,
            block: bertBlock(
                BlockNames(
                    query: "attention.query", key: "attention.key", value: "attention.value", attentionOutput: "attention.dense",
                    attentionNorm: "attention.LayerNorm", intermediate: "ffn", output: "ffn_output",
                    outputNorm: "full_layer_layer_norm")),
            pooler: "pooler",
            maskedLM: MaskedLMNames(
                transform: "predictions.dense", norm: "predictions.LayerNorm", decoder: "predictions.decoder.weight",
                bias: "predictions.bias", otherBias: "predictions.decoder.bias"),
            heads: heads("Albert", sequence: .albertPooler, choice: .albertPooler) + [
                ("AlbertForPreTraining", .maskedLM)
            ])
    }
}

extension DenseNames {
    fileprivate static var albertPooler: DenseNames { DenseNames(name: "pooler", activation: .tanh) }
}
