/// What the families call the parts of the one encoder, without the base model's prefix.
struct TensorNames {
    /// Before a layer's index.
    let layers: String
    let query: String
    let key: String
    let value: String
    let attentionOutput: String
    let attentionNorm: String
    let intermediate: String
    let output: String
    let outputNorm: String
}

extension Family {
    /// As `model_type` in config.json.
    var modelType: String {
        switch self {
        case .bert: "bert"
        case .distilBERT: "distilbert"
        }
    }

    var tensorNames: TensorNames {
        switch self {
        case .bert:
            TensorNames(
                layers: "encoder.layer.", query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
                attentionOutput: "attention.output.dense", attentionNorm: "attention.output.LayerNorm",
                intermediate: "intermediate.dense", output: "output.dense", outputNorm: "output.LayerNorm")
        case .distilBERT:
            TensorNames(
                layers: "transformer.layer.", query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin",
                attentionOutput: "attention.out_lin", attentionNorm: "sa_layer_norm", intermediate: "ffn.lin1",
                output: "ffn.lin2", outputNorm: "output_layer_norm")
        }
    }

    /// The masked language model's tensors; a bias may go by either name.
    var maskedLMNames: (transform: String, norm: String, decoder: String, bias: String, otherBias: String) {
        switch self {
        case .bert:
            (
                "cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder.weight",
                "cls.predictions.bias", "cls.predictions.decoder.bias"
            )
        case .distilBERT:
            ("vocab_transform", "vocab_layer_norm", "vocab_projector.weight", "vocab_projector.bias", "vocab_projector.bias")
        }
    }
}
