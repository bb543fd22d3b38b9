/// MPNet (Song et al. 2020): BERT's layers with a relative position bias in attention, positions counted from 2, no token types.
extension FamilyRules {
    static var mpnet: FamilyRules {
        let rules = FamilyRules(
            .mpnet, ["mpnet"], prefix: "mpnet.", heads: heads("MPNet", sequence: .classifier, classifier: "classifier.out_proj"))
        rules.positions = .afterPadding(key: nil, default: 1)
        rules.embeddings = bertEmbeddings(types: false)
        rules.block = bertBlock(
            BlockNames(
                query: "attention.attn.q", key: "attention.attn.k", value: "attention.attn.v", attentionOutput: "attention.attn.o",
                attentionNorm: "attention.LayerNorm"))
        rules.relativeBias = "encoder.relative_attention_bias.weight"
        rules.maskedLM = .lmHead
        rules.keys = .bertLayers + [.only("32", "relative_attention_num_buckets", why: "the class always has 32 buckets")]
        return rules
    }
}
