/// The head of a model, by the class of transformers that wrote it.
enum HeadArchitecture {
    case none
    /// `classifier` on the pooled vector. TinyBERT's own class has a ReLU between the two.
    case sequence(relu: Bool)
    /// `cls.seq_relationship` on the pooled vector: are the texts neighbours?
    case nextSentence
    case token
    case span
    case maskedLM

    /// From `architectures`; in files from before it, from the tensors.
    init(_ declared: DeclaredConfiguration, _ checkpoint: Checkpoint) throws(LimbeckError) {
        let inferred = HeadArchitecture(declared.family, checkpoint)
        guard let name = declared.architecture else {
            self = inferred
            return
        }
        switch (declared.family, name) {
        case (.bert, "BertModel"), (.bert, "TinyBertModel"), (.distilBERT, "DistilBertModel"):
            self = .none
        case (.bert, "BertForSequenceClassification"):
            self = .sequence(relu: checkpoint.hasTinyBERTProjections)
        case (.bert, "TinyBertForSequenceClassification"):
            self = .sequence(relu: true)
        case (.distilBERT, "DistilBertForSequenceClassification"):
            self = .sequence(relu: true)
        case (.bert, "BertForTokenClassification"), (.distilBERT, "DistilBertForTokenClassification"):
            self = .token
        case (.bert, "BertForQuestionAnswering"), (.distilBERT, "DistilBertForQuestionAnswering"):
            self = .span
        // Pre-training trains two heads; its masked language model is the one that answers something by itself.
        case (.bert, "BertForPreTraining"), (.bert, "TinyBertForPreTraining"):
            self = .maskedLM
        case (.bert, "BertForMaskedLM"), (.distilBERT, "DistilBertForMaskedLM"):
            self = .maskedLM
        case (.bert, "BertForNextSentencePrediction"):
            self = .nextSentence
        default:
            throw LimbeckError(
                .fileUnsupported,
                "\(declared.file): architecture '\(name)' is not supported for model_type '\(declared.family.modelType)'")
        }
    }

    private init(_ family: Family, _ checkpoint: Checkpoint) {
        if checkpoint.contains("qa_outputs.weight") {
            self = .span
        } else if checkpoint.contains("classifier.weight") {
            // Sequence and token classifiers have one name. What the sequence's needs besides, the token's can do without.
            let dense = family == .bert ? "pooler.dense.weight" : "pre_classifier.weight"
            let relu = family == .distilBERT || checkpoint.hasTinyBERTProjections
            self = checkpoint.contains(dense) ? .sequence(relu: relu) : .token
        } else if checkpoint.contains("cls.predictions.transform.dense.weight") || checkpoint.contains("vocab_transform.weight") {
            self = .maskedLM
        } else if checkpoint.contains("cls.seq_relationship.weight") {
            self = .nextSentence
        } else {
            self = .none
        }
    }
}
