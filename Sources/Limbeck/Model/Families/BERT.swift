import KernelInterface

/// BERT (Devlin et al. 2019), and models that are BERT in all but name: TinyBERT, MiniLM, Chinese BERT-wwm and RBT.
extension FamilyRules {
    static var bert: FamilyRules {
        let others: [(architecture: String, head: HeadRule)] = [
            ("TinyBertModel", .none),
            ("TinyBertForSequenceClassification", .sequence(.tinyBERT, classifier: "classifier")),
            // Pre-training trains two heads; of the two, only the masked language model gives an answer of its own.
            ("BertForPreTraining", .maskedLM),
            ("TinyBertForPreTraining", .maskedLM),
            // In an encoder, the head for the next token is the one for a masked token.
            ("BertLMHeadModel", .maskedLM),
            // Whether the two texts are neighbours.
            ("BertForNextSentencePrediction", .sequence(.pooler, classifier: "cls.seq_relationship")),
            ("ElasticBertModel", .none),
        ]
        let rules = FamilyRules(.bert, ["bert", "elasticbert"], prefix: "bert.", heads: heads("Bert") + others)
        rules.olderPrefix = "elasticbert."
        rules.maskedLM = .bert
        rules.keys =
            .bert + [
                // Keys in the files of TinyBERT, BERT-of-Theseus and AutoTinyBERT.
                .inert(.unread, "emb_size cell structure pre_trained"), .inert(.repeated, "qkv_size"),
                // ElasticBERT's.
                .obeyed("num_output_layers", as: .integer), .inert(.repeated, "max_output_layers"),
            ]
        return rules
    }
}

extension DenseNames {
    fileprivate static var tinyBERT: DenseNames {
        let dense = DenseNames.pooler
        dense.relu = true
        return dense
    }
}

extension MaskedLMNames {
    /// BERT's, DeBERTa's and MobileBERT's.
    static var bert: MaskedLMNames {
        MaskedLMNames(
            transform: DenseNames("cls.predictions.transform.dense", norm: "cls.predictions.transform.LayerNorm"),
            decoder: "cls.predictions.decoder.weight", bias: "cls.predictions.bias", decoderBias: "cls.predictions.decoder.bias")
    }
}
