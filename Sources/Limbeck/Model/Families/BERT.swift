import KernelInterface

/// BERT (Devlin et al. 2019), and all that is BERT in everything but name: TinyBERT, MiniLM, Chinese BERT-wwm and RBT.
extension FamilyRules {
    static var bert: FamilyRules {
        let others: [(architecture: String, head: HeadRule)] = [
            ("TinyBertModel", .none),
            ("TinyBertForSequenceClassification", .sequence(.tinyBERT, classifier: "classifier")),
            // Pre-training trains two heads; its masked language model is the one that answers something by itself.
            ("BertForPreTraining", .maskedLM),
            ("TinyBertForPreTraining", .maskedLM),
            // Of an encoder, the head for the next token is that for a masked one.
            ("BertLMHeadModel", .maskedLM),
            // Are the texts neighbours?
            ("BertForNextSentencePrediction", .sequence(.pooler, classifier: "cls.seq_relationship")),
        ]
        let rules = FamilyRules(.bert, ["bert"], prefix: "bert.", heads: heads("Bert") + others)
        rules.maskedLM = .bert
        rules.keys = .bert + [
            // TinyBERT's, BERT-of-Theseus's and AutoTinyBERT's files have these.
            .inert(.unread, "emb_size cell structure pre_trained"), .inert(.repeated, "qkv_size"),
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
