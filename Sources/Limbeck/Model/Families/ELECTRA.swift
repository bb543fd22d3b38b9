import KernelInterface

/// ELECTRA (Clark et al. 2020), generator and discriminator: BERT's layers, embeddings that may be narrower, no pooler.
extension FamilyRules {
    static var electra: FamilyRules {
        FamilyRules(
            family: .electra, modelTypes: ["electra"], prefix: "electra.",
            embeddings: bertEmbeddings(projection: "embeddings_project"), pooler: nil,
            maskedLM: MaskedLMNames(
                transform: "generator_predictions.dense", norm: "generator_predictions.LayerNorm",
                decoder: "generator_lm_head.weight", bias: "generator_lm_head.bias", otherBias: "generator_lm_head.bias",
                activation: .gelu),
            heads: heads(
                "Electra", sequence: .electraClassifier, classifier: "classifier.out_proj", choice: .summary) + [
                    (
                        "ElectraForPreTraining",
                        .detection(
                            DenseNames(name: "discriminator_predictions.dense"),
                            classifier: "discriminator_predictions.dense_prediction")
                    )
                ])
    }
}

extension DenseNames {
    fileprivate static var electraClassifier: DenseNames { DenseNames(name: "classifier.dense", activation: .gelu) }
    fileprivate static var summary: DenseNames { DenseNames(name: "sequence_summary.summary", activation: .gelu) }
}
