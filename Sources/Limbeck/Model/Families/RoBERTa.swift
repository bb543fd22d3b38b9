import KernelInterface

/// RoBERTa (Liu et al. 2019), including DistilRoBERTa, CamemBERT and XLM-RoBERTa: BERT's layers, positions counted from the padding
/// id, one token type, and its own heads.
extension FamilyRules {
    static var roberta: FamilyRules {
        var classes: [(architecture: String, head: HeadRule)] = []
        for name in ["Roberta", "XLMRoberta", "Camembert"] {
            classes += heads(name, sequence: .classifier, classifier: "classifier.out_proj")
            // In an encoder, the head for the next token is the one for a masked token.
            classes.append((name + "ForCausalLM", .maskedLM))
        }
        let rules = FamilyRules(.roberta, ["roberta", "xlm-roberta", "camembert"], prefix: "roberta.", heads: classes)
        rules.positions = .afterPadding(key: "pad_token_id", default: 1)
        rules.maskedLM = .lmHead
        rules.keys = .bert + [.obeyed("pad_token_id", as: .integer)]
        return rules
    }
}

extension MaskedLMNames {
    /// RoBERTa's and MPNet's, with a GELU regardless of the encoder's activation.
    static var lmHead: MaskedLMNames {
        MaskedLMNames(
            transform: DenseNames("lm_head.dense", activation: .gelu, norm: "lm_head.layer_norm"),
            decoder: "lm_head.decoder.weight",
            bias: "lm_head.bias", decoderBias: "lm_head.decoder.bias")
    }
}

extension DenseNames {
    /// RoBERTa's and MPNet's.
    static var classifier: DenseNames { DenseNames("classifier.dense", activation: .tanh) }
}
