import KernelInterface

/// DistilBERT (Sanh et al. 2019): half of BERT's layers, no token types, no pooler.
extension FamilyRules {
    static var distilBERT: FamilyRules {
        let rules = FamilyRules(
            .distilBERT, ["distilbert"], prefix: "distilbert.",
            heads: heads("DistilBert", sequence: .preClassifier, choice: .preClassifier))
        rules.sizes = SizeNames(hidden: "dim", layers: "n_layers", attentionHeads: "n_heads", intermediate: "hidden_dim")
        rules.activation.key = "activation"
        rules.layerNormEps.key = nil
        rules.embeddings = bertEmbeddings(types: false)
        rules.layers = "transformer.layer."
        rules.block = bertBlock(
            BlockNames(
                query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin", attentionOutput: "attention.out_lin",
                attentionNorm: "sa_layer_norm", intermediate: "ffn.lin1", output: "ffn.lin2", outputNorm: "output_layer_norm"))
        rules.pooler = nil
        rules.maskedLM = MaskedLMNames(
            transform: DenseNames("vocab_transform", norm: "vocab_layer_norm"), decoder: "vocab_projector.weight",
            bias: "vocab_projector.bias")
        rules.keys = [
            .obeyed("dim n_layers n_heads hidden_dim max_position_embeddings", as: .integer),
            .obeyed("hidden_size num_hidden_layers num_attention_heads", as: .integer),
            .obeyed("activation", as: .string),
            .inert(.training, "dropout attention_dropout qa_dropout seq_classif_dropout"),
            .inert(.repeated, "sinusoidal_pos_embds"), .inert(.unread, "tie_weights_"),
        ]
        return rules
    }
}

extension DenseNames {
    fileprivate static var preClassifier: DenseNames { DenseNames("pre_classifier", activation: .relu) }
}
