/// MPNet (Song et al. 2020): BERT's layers with a bias by distance in the attention, positions counted from 2, no token types.
extension FamilyRules {
    static var mpnet: FamilyRules {
        FamilyRules(
            family: .mpnet, modelTypes: ["mpnet"], prefix: "mpnet.", positions: .afterPadding(key: nil, default: 1),
            embeddings: bertEmbeddings(types: false),
            block: bertBlock(
                BlockNames(
                    query: "attention.attn.q", key: "attention.attn.k", value: "attention.attn.v",
                    attentionOutput: "attention.attn.o",
                    attentionNorm: "attention.LayerNorm")),
            relativeBias: "encoder.relative_attention_bias.weight", maskedLM: .lmHead,
            heads: heads("MPNet", sequence: .classifier, classifier: "classifier.out_proj"))
    }
}
