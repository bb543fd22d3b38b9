import KernelInterface

/// FastBERT (Liu et al. 2020) as its authors save it: BERT with the names of UER, their LayerNorm, and a classifier after each layer.
/// Their code writes no model type; the keys of its sizes are unlike those of any other family.
extension FamilyRules {
    static var fastBERT: FamilyRules {
        // The PyPI package fastbert writes the encoder with the prefix.
        let rules = FamilyRules(.fastBERT, [], prefix: "kernel.", heads: [("FastBERT", .none)])
        rules.sizes = SizeNames(
            hidden: "hidden_size", layers: "layers_num", attentionHeads: "heads_num", intermediate: "feedforward_size")
        rules.layerNormEps = (nil, 1e-6)
        rules.normsAreUnbiased = true
        rules.embeddings = fastBERTEmbeddings
        rules.layers = "encoder.transformer."
        rules.block = bertBlock(
            BlockNames(
                query: "self_attn.linear_layers.0", key: "self_attn.linear_layers.1", value: "self_attn.linear_layers.2",
                attentionOutput: "self_attn.final_linear", attentionNorm: "layer_norm_1", intermediate: "feed_forward.linear_1",
                output: "feed_forward.linear_2", outputNorm: "layer_norm_2"))
        rules.spellings = [
            ("layer_norm.gamma", "layer_norm.weight"), ("layer_norm.beta", "layer_norm.bias"),
            ("layer_norm_1.gamma", "layer_norm_1.weight"), ("layer_norm_1.beta", "layer_norm_1.bias"),
            ("layer_norm_2.gamma", "layer_norm_2.weight"), ("layer_norm_2.beta", "layer_norm_2.bias"),
        ]
        rules.pooler = nil
        rules.keys = [
            .obeyed("hidden_size layers_num heads_num feedforward_size emb_size", as: .integer),
            .only("first", "pooling", why: "the classifiers read the first token"),
            .only("bert", "embedding encoder"),
            .inert(.training, "dropout"),
            .inert(.record, "vocab_path pretrained_model_path pretrained_model_md5 pretrained_model_url pretrained_model_url_bak"),
        ]
        return rules
    }

}

/// LN(word + segment + position). The first of the three segments is padding, which is never computed here: so the first text has
/// token type 0, and the second one 1, as everywhere.
@Sendable private func fastBERTEmbeddings(_ builder: inout StepBuilder) throws(LimbeckError) -> EmbeddingSizes {
    let (declared, checkpoint) = (builder.declared, builder.checkpoint)
    guard declared.root.optional("emb_size") == nil || declared.root.optional("emb_size")?.int == declared.hiddenSize else {
        throw declared.root.mismatch("'emb_size' unlike 'hidden_size'", expected: "the same")
    }
    let word = try checkpoint.tensor("embedding.word_embedding.weight", [declared.vocabSize, declared.hiddenSize])
    let width = word.shape[1]
    let position = try checkpoint.tensor("embedding.position_embedding.weight", [nil, width])
    let segment = try checkpoint.tensor("embedding.segment_embedding.weight", [3, width])
    builder.embed(
        EmbeddingTables(word: word, position: position, type: segment.rows(1..<3)), width: width, into: .hidden,
        norm: try builder.norm("embedding.layer_norm", width))
    return EmbeddingSizes(word: word, positions: position.shape[0], types: 2, hidden: width)
}
