import KernelInterface

/// RoBERTa (Liu et al. 2019), and with it DistilRoBERTa, CamemBERT and XLM-RoBERTa: BERT's layers, positions counted from the
/// padding id, one token type, and heads of their own.
extension FamilyRules {
    static var roberta: FamilyRules {
        FamilyRules(
            family: .roberta, modelTypes: ["roberta", "xlm-roberta", "camembert"], prefix: "roberta.",
            // The weights were all trained with 1e-5, and their files say so; the default of the class in transformers is BERT's.
            layerNormEps: ("layer_norm_eps", 1e-5), positions: .afterPadding(key: "pad_token_id", default: 1),
            maskedLM: .lmHead,
            heads: ["Roberta", "XLMRoberta", "Camembert"].flatMap {
                heads($0, sequence: .classifier, classifier: "classifier.out_proj")
            })
    }
}

extension MaskedLMNames {
    /// RoBERTa's and MPNet's, with a GELU whatever the encoder has.
    static var lmHead: MaskedLMNames {
        MaskedLMNames(
            transform: "lm_head.dense", norm: "lm_head.layer_norm", decoder: "lm_head.decoder.weight", bias: "lm_head.bias",
            otherBias: "lm_head.decoder.bias", activation: .gelu)
    }
}

extension DenseNames {
    /// RoBERTa's and MPNet's.
    static var classifier: DenseNames { DenseNames(name: "classifier.dense", activation: .tanh) }
}
