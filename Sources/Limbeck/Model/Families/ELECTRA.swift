import KernelInterface

/// ELECTRA (Clark et al. 2020), generator and discriminator: BERT's layers, possibly narrower embeddings, no pooler.
extension FamilyRules {
    static var electra: FamilyRules {
        let detection = HeadRule.detection(
            DenseNames("discriminator_predictions.dense"), classifier: "discriminator_predictions.dense_prediction")
        let rules = FamilyRules(
            .electra, ["electra"], prefix: "electra.",
            heads: heads(
                "Electra", sequence: .electraClassifier, classifier: "classifier.out_proj", choice: .summary, reads: "summary_type")
                + [("ElectraForPreTraining", detection), ("ElectraForCausalLM", .maskedLM)])
        rules.embeddings = bertEmbeddings(projection: "embeddings_project")
        rules.pooler = nil
        rules.maskedLM = MaskedLMNames(
            transform: DenseNames("generator_predictions.dense", activation: .gelu, norm: "generator_predictions.LayerNorm"),
            decoder: "generator_lm_head.weight", bias: "generator_lm_head.bias")
        // The summary keys apply only to the head for multiple choice.
        rules.keys =
            .bert + [
                .obeyed("embedding_size", as: .integer),
                .obeyed("summary_activation", as: .string),
                .only("first last mean cls_index", "summary_type"),
                .only("true", "summary_use_proj", why: "a choice has to be projected"),
                .refused("summary_proj_to_labels", why: "the projection is as wide as the state"),
                .inert(.training, "summary_first_dropout summary_last_dropout"),
            ]
        return rules
    }
}

extension DenseNames {
    fileprivate static var electraClassifier: DenseNames { DenseNames("classifier.dense", activation: .gelu) }
    fileprivate static var summary: DenseNames {
        DenseNames("sequence_summary.summary", activationKey: "summary_activation", mayLackActivation: true)
    }
}
