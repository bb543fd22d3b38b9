import KernelInterface

/// BERT (Devlin et al. 2019), and all that is BERT in everything but name: TinyBERT, MiniLM, Chinese BERT-wwm and RBT.
extension FamilyRules {
    static var bert: FamilyRules {
        FamilyRules(
            family: .bert, modelTypes: ["bert"], prefix: "bert.",
            maskedLM: .bert,
            heads: heads("Bert") + [
                ("TinyBertModel", .none),
                ("TinyBertForSequenceClassification", .sequence(.tinyBERT, classifier: "classifier")),
                // Pre-training trains two heads; its masked language model is the one that answers something by itself.
                ("BertForPreTraining", .maskedLM),
                ("TinyBertForPreTraining", .maskedLM),
                // Are the texts neighbours?
                ("BertForNextSentencePrediction", .sequence(.pooler, classifier: "cls.seq_relationship")),
            ])
    }
}

extension DenseNames {
    fileprivate static var tinyBERT: DenseNames { DenseNames(name: "pooler.dense", activation: .tanh, relu: true) }
}

extension MaskedLMNames {
    /// BERT's, DeBERTa's and MobileBERT's.
    static var bert: MaskedLMNames {
        MaskedLMNames(
            transform: "cls.predictions.transform.dense", norm: "cls.predictions.transform.LayerNorm",
            decoder: "cls.predictions.decoder.weight", bias: "cls.predictions.bias", otherBias: "cls.predictions.decoder.bias")
    }
}
