import KernelInterface

/// DistilBERT (Sanh et al. 2019): half of BERT's layers, no token types, no pooler.
extension FamilyRules {
    static var distilBERT: FamilyRules {
        FamilyRules(
            family: .distilBERT, modelTypes: ["distilbert"], prefix: "distilbert.",
            sizes: SizeNames(hidden: "dim", layers: "n_layers", attentionHeads: "n_heads", intermediate: "hidden_dim"),
            activation: ("activation", "gelu"), layerNormEps: (nil, 1e-12), embeddings: bertEmbeddings(types: false),
            layers: "transformer.layer.",
            block: bertBlock(
                BlockNames(
                    query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin",
                    attentionOutput: "attention.out_lin",
                    attentionNorm: "sa_layer_norm", intermediate: "ffn.lin1", output: "ffn.lin2", outputNorm: "output_layer_norm")),
            pooler: nil,
            maskedLM: MaskedLMNames(
                transform: "vocab_transform", norm: "vocab_layer_norm", decoder: "vocab_projector.weight",
                bias: "vocab_projector.bias", otherBias: "vocab_projector.bias"),
            heads: heads("DistilBert", sequence: .preClassifier, choice: .preClassifier))
    }
}

extension DenseNames {
    fileprivate static var preClassifier: DenseNames { DenseNames(name: "pre_classifier", activation: .relu) }
}
