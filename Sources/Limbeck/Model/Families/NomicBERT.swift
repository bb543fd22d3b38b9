import KernelInterface

/// NomicBERT (Nussbaum et al. 2024): BERT's layers with rotary positions, gated feed-forward networks, and few biases. Its classes are
/// not of transformers; their code is beside the weights (`modeling_hf_nomic_bert.py`), under a configuration of GPT-2's kind.
extension FamilyRules {
    static var nomicBERT: FamilyRules {
        FamilyRules(
            family: .nomicBERT, modelTypes: ["nomic_bert"], prefix: "bert.",
            sizes: SizeNames(
                hidden: "n_embd", layers: "n_layer", attentionHeads: "n_head", intermediate: "n_inner", positions: "n_positions"),
            activation: ("activation_function", "gelu"), activations: [("swiglu", .silu), ("geglu", .gelu), ("gelu", .gelu)],
            layerNormEps: ("layer_norm_epsilon", 1e-5), embeddings: nomicBERTEmbeddings, layers: "encoder.layers.",
            block: nomicBERTBlock,
            maskedLM: MaskedLMNames(
                transform: "cls.predictions.transform.dense", norm: "cls.predictions.transform.layer_norm",
                decoder: "cls.predictions.decoder.weight", bias: "cls.predictions.decoder.bias",
                otherBias: "cls.predictions.decoder.bias", hasBias: .firstLayer, transformHasBias: .firstLayer),
            heads: [
                ("NomicBertModel", .none),
                ("NomicBertForPreTraining", .maskedLM),
                ("NomicBertForSequenceClassification", .sequence(.pooler, classifier: "classifier")),
            ])
    }
}

extension Switch {
    /// The biases of the feed-forward networks' first layers, and of the head's.
    fileprivate static var firstLayer: Switch { Switch(key: "mlp_fc1_bias") }
}

/// norm(word + type), and a table of positions where they are not rotary.
private func nomicBERTEmbeddings(_ builder: inout StepBuilder) throws(LimbeckError) -> EmbeddingSizes {
    let (declared, root) = (builder.declared, builder.declared.root)
    try declared.refuse([
        "prenorm", "parallel_block", "use_rms_norm", "causal", "rotary_emb_interleaved", "rotary_emb_scale_base",
        "moe_every_n_layers",
    ])
    if let heads = try root.optionalSize("num_heads_kv"), heads != declared.attentionHeads {
        throw LimbeckError(.fileUnsupported, "\(declared.file): 'num_heads_kv' is not supported, expected that of 'n_head'")
    }
    let multiple = try root.optionalSize("pad_vocab_size_multiple") ?? 1
    let word = try builder.table("word", rows: declared.vocabSize?.roundedUp(to: multiple), width: declared.hiddenSize)
    let hidden = word.shape[1]
    let type = try builder.table("token_type", rows: declared.typeVocabSize, width: hidden)
    var tables = EmbeddingTables(word: word, position: nil, type: type)
    var positions = declared.maxPositions ?? 2048
    if try declared.rotaryFraction() == 0 {
        let position = try builder.table("position", rows: declared.maxPositions, width: hidden)
        (tables.position, positions) = (position, position.shape[0])
    } else if try declared.isScaled() {
        // Up to the length of the training nothing is scaled; beyond it, all angles depend on the length of the text.
        positions = min(positions, try root.optionalSize("max_trained_positions") ?? 2048)
    }
    builder.embed(tables, width: hidden, into: .hidden, norm: try builder.norm("emb_ln", hidden))
    return EmbeddingSizes(word: word, positions: positions, types: type.shape[0], hidden: hidden)
}

private func nomicBERTBlock(_ layer: inout StepBuilder, _ hidden: Int) throws(LimbeckError) {
    let (declared, root) = (layer.declared, layer.declared.root)
    let attentionBias = try declared.isOn(Switch(key: "qkv_proj_bias"))
    let size = try layer.fusedProjection("attn.Wqkv", in: hidden, from: .hidden, bias: attentionBias)
    let fraction = try declared.rotaryFraction()
    if fraction > 0 {
        let base = try declared.rotaryBase(root, "rotary_emb_base", otherwise: 10_000)
        try layer.rotate(size: size, base: base, fraction: fraction)
    }
    try layer.attention(size: size)
    layer.product(
        [try layer.linear("attn.out_proj", in: size, out: hidden, bias: attentionBias)], from: .context, into: .attended,
        residual: .hidden, norm: try layer.norm("norm1", hidden))

    // Gated networks are as wide as their size rounded up.
    let isGated = try root.optionalString("activation_function") ?? "gelu" != "gelu"
    let expected = declared.intermediateSize.map { isGated ? $0.roundedUp(to: 256) : $0 } ?? layer.intermediateSize
    let width = try layer.outputs(isGated ? "mlp.fc12" : "mlp.fc1", in: hidden, expected: expected)
    layer.intermediateSize = width
    func first(_ name: String) throws(LimbeckError) -> LinearTensors {
        try layer.linear(name, in: hidden, out: width, bias: try declared.isOn(.firstLayer))
    }
    layer.product(
        [try first(isGated ? "mlp.fc12" : "mlp.fc1")], from: .attended, into: .intermediate, activation: declared.activation,
        gate: isGated ? [try first("mlp.fc11")] : nil)
    layer.product(
        [try layer.linear("mlp.fc2", in: width, out: hidden, bias: try declared.isOn(Switch(key: "mlp_fc2_bias")))],
        from: .intermediate, into: .hidden, residual: .attended, norm: try layer.norm("norm2", hidden))
}

extension DeclaredConfiguration {
    /// How much of each head is turned.
    fileprivate func rotaryFraction() throws(LimbeckError) -> Double {
        let fraction = try root.optionalDouble("rotary_emb_fraction") ?? 0
        guard 0...1 ~= fraction else {
            throw LimbeckError(.fileMalformed, "\(file): 'rotary_emb_fraction' is \(fraction < 0 ? "negative" : "more than 1")")
        }
        return fraction
    }

    /// Whether texts longer than those of the training have angles of their own (dynamic NTK).
    fileprivate func isScaled() throws(LimbeckError) -> Bool {
        let type = try root.optional("rope_parameters")?.optionalString("rope_type") ?? "default"
        guard type == "default" || type == "dynamic" else {
            throw LimbeckError(.fileUnsupported, "\(file): rope_type '\(type)' is not supported")
        }
        let factor = try root.optionalDouble("rotary_scaling_factor") ?? 0
        return type == "dynamic" || factor != 0
    }
}
