import KernelInterface

/// NomicBERT (Nussbaum et al. 2024): BERT's layers with RoPE, gated feed-forward networks, and few biases. Its first classes are
/// not in transformers: their code is next to the weights (`modeling_hf_nomic_bert.py`), with a configuration like GPT-2's.
/// transformers 5 has the family with BERT's keys, always gated and without biases, and writes the tensors under the first names.
extension FamilyRules {
    static var nomicBERT: FamilyRules {
        let rules = FamilyRules(.nomicBERT, ["nomic_bert"], prefix: "bert.", heads: nomicBERTHeads)
        rules.newer = ("num_attention_heads", { .newNomicBERT })
        rules.sizes = SizeNames(
            hidden: "n_embd", layers: "n_layer", attentionHeads: "n_head", intermediate: "n_inner", positions: "n_positions")
        rules.activation.key = "activation_function"
        rules.activations = [("swiglu", .silu), ("geglu", .gelu), ("gelu", .gelu)]
        rules.layerNormEps = ("layer_norm_epsilon", 1e-5)
        rules.embeddings = nomicBERTEmbeddings
        rules.layers = "encoder.layers."
        rules.block = nomicBERTBlock
        rules.maskedLM = .nomicBERT(hasBias: .firstLayer)
        rules.keys = [
            .obeyed(
                """
                n_embd n_layer n_head n_inner n_positions type_vocab_size pad_vocab_size_multiple num_heads_kv \
                max_trained_positions hidden_size num_hidden_layers
                """, as: .integer),
            .obeyed("activation_function", as: .string),
            .obeyed("layer_norm_epsilon rotary_emb_base rotary_emb_fraction rotary_scaling_factor", as: .number),
            .obeyed("mlp_fc1_bias mlp_fc2_bias qkv_proj_bias", as: .flag),
            .inside("rope_parameters", .rope),
            .refused(
                """
                prenorm parallel_block use_rms_norm causal rotary_emb_interleaved rotary_emb_scale_base moe_every_n_layers \
                scale_attn_by_inverse_layer_idx
                """),
            .refused(
                "intermediate_size max_position_embeddings head_dim", why: "the family has names of its own for sizes"),
            .inert(.training, "attn_pdrop embd_pdrop resid_pdrop summary_first_dropout"),
            .inert(.output, "use_flash_attn fused_bias_fc fused_dropout_add_ln use_xentropy dense_seq_output"),
            .inert(
                .unread,
                """
                parallel_block_tied_norm reorder_and_upcast_attn scale_attn_weights summary_activation summary_proj_to_labels \
                summary_type summary_use_proj
                """),
            nomicBERTCode,
        ]
        return rules
    }

    private static var newNomicBERT: FamilyRules {
        let rules = FamilyRules(.nomicBERT, ["nomic_bert"], prefix: "nomic_bert.", heads: nomicBERTHeads)
        rules.olderPrefix = "bert."
        rules.spellings = [
            ("encoder.layers.", "layers."),
            // The names in its classes, which `save_pretrained(save_original_format=False)` writes.
            ("embeddings.LayerNorm.", "emb_ln."), ("self_attn.o_proj.", "attn.out_proj."), ("self_attn.", "attn."),
            ("mlp.up_proj.", "mlp.fc11."), ("mlp.gate_proj.", "mlp.fc12."), ("mlp.down_proj.", "mlp.fc2."),
            ("post_attention_layernorm.", "norm1."), ("post_mlp_layernorm.", "norm2."),
        ]
        rules.headSizeKey = "head_dim"
        rules.activation.default = "silu"
        rules.embeddings = newNomicBERTEmbeddings
        rules.layers = "layers."
        rules.block = newNomicBERTBlock
        rules.maskedLM = .nomicBERT(hasBias: Switch())
        rules.keys =
            .bertLayers + [
                .obeyed("head_dim type_vocab_size", as: .integer), .obeyed("rope_theta", as: .number),
                .inside("rope_parameters", .rope), .only("1", "partial_rotary_factor"),
                nomicBERTCode,
            ]
        return rules
    }

    private static var nomicBERTHeads: [(architecture: String, head: HeadRule)] {
        [
            ("NomicBertModel", .none),
            ("NomicBertForPreTraining", .maskedLM),
            ("NomicBertForMaskedLM", .maskedLM),
            ("NomicBertForSequenceClassification", .sequence(.pooler, classifier: "classifier")),
            ("NomicBertForTokenClassification", .token(classifier: "classifier")),
        ]
    }

    /// The code that the files name computes the same as this family.
    private static var nomicBERTCode: KeyRule { .inert(.repeated, "auto_map") }
}

extension MaskedLMNames {
    fileprivate static func nomicBERT(hasBias: Switch) -> MaskedLMNames {
        MaskedLMNames(
            transform: DenseNames(
                "cls.predictions.transform.dense", hasBias: hasBias, norm: "cls.predictions.transform.layer_norm"),
            decoder: "cls.predictions.decoder.weight", bias: "cls.predictions.bias", decoderBias: "cls.predictions.decoder.bias",
            hasBias: hasBias)
    }
}

extension Switch {
    /// The biases of the feed-forward networks' first layers, and of the head's.
    fileprivate static var firstLayer: Switch { Switch(key: "mlp_fc1_bias") }
}

/// norm(word + type), and a table of positions if there is no RoPE.
private func nomicBERTEmbeddings(_ builder: inout StepBuilder) throws(LimbeckError) -> EmbeddingSizes {
    let (declared, root) = (builder.declared, builder.declared.root)
    if let heads = try root.optionalSize("num_heads_kv"), heads != declared.attentionHeads {
        throw LimbeckError(.fileUnsupported, "\(declared.file): 'num_heads_kv' is not supported, expected that of 'n_head'")
    }
    var positions: (limit: Int, table: Bool) = (declared.maxPositions ?? 2048, false)
    if try declared.rotaryFraction() == 0 {
        positions.table = true
    } else if try declared.isScaled() {
        // Up to the training length nothing is scaled; beyond it, all angles depend on the length of the text.
        positions.limit = min(positions.limit, try root.optionalSize("max_trained_positions") ?? 2048)
    }
    let multiple = try root.optionalSize("pad_vocab_size_multiple") ?? 1
    return try nomicBERTEmbeddings(&builder, rows: declared.vocabSize?.roundedUp(to: multiple), positions)
}

/// Here RoPE is always used, and `dynamic` scaling changes nothing up to the training length.
private func newNomicBERTEmbeddings(_ builder: inout StepBuilder) throws(LimbeckError) -> EmbeddingSizes {
    let declared = builder.declared
    return try nomicBERTEmbeddings(&builder, rows: declared.vocabSize, (declared.maxPositions ?? 2048, false))
}

private func nomicBERTEmbeddings(
    _ builder: inout StepBuilder, rows: Int?, _ positions: (limit: Int, table: Bool)
) throws(LimbeckError) -> EmbeddingSizes {
    let declared = builder.declared
    let word = try builder.table("word", rows: rows, width: declared.hiddenSize)
    let hidden = word.shape[1]
    let type = try builder.table("token_type", rows: declared.typeVocabSize, width: hidden)
    let position = positions.table ? try builder.table("position", rows: declared.maxPositions, width: hidden) : nil
    builder.embed(
        EmbeddingTables(word: word, position: position, type: type), width: hidden, into: .hidden,
        norm: try builder.norm("emb_ln", hidden))
    return EmbeddingSizes(word: word, positions: position?.shape[0] ?? positions.limit, types: type.shape[0], hidden: hidden)
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
    // The width of gated networks is rounded up.
    let isGated = try root.optionalString("activation_function") ?? "gelu" != "gelu"
    try layer.nomicBERTRest(
        hidden, attention: size, bias: attentionBias,
        network: declared.intermediateSize.map { isGated ? $0.roundedUp(to: 256) : $0 },
        isGated: isGated, firstBias: declared.isOn(.firstLayer), secondBias: declared.isOn(Switch(key: "mlp_fc2_bias")))
}

private func newNomicBERTBlock(_ layer: inout StepBuilder, _ hidden: Int) throws(LimbeckError) {
    let declared = layer.declared
    let size =
        layer.has("attn.q_proj")
        ? try layer.projections(["attn.q_proj", "attn.k_proj", "attn.v_proj"], in: hidden, bias: false)
        : try layer.fusedProjection("attn.Wqkv", in: hidden, from: .hidden, bias: false)
    let base = try declared.rotaryBase(declared.root, "rope_theta", otherwise: 1000)
    let parameters = try declared.root.optionalObject("rope_parameters")
    try layer.rotate(size: size, base: try declared.ropeBase(parameters, otherwise: base, types: ["default", "dynamic"]))
    try layer.nomicBERTRest(
        hidden, attention: size, bias: false, network: declared.intermediateSize, isGated: true, firstBias: false, secondBias: false
    )
}

extension StepBuilder {
    /// Attention, then the feed-forward network.
    @inline(never) fileprivate mutating func nomicBERTRest(
        _ hidden: Int, attention size: Int, bias: Bool, network: Int?, isGated: Bool, firstBias: Bool, secondBias: Bool
    ) throws(LimbeckError) {
        try attention(size: size)
        product(
            [try linear("attn.out_proj", in: size, out: hidden, bias: bias)], from: .context, into: .attended, residual: .hidden,
            norm: try norm("norm1", hidden))
        let first = isGated ? "mlp.fc12" : "mlp.fc1"
        let width = try outputs(first, in: hidden, expected: network ?? intermediateSize)
        intermediateSize = width
        product(
            [try linear(first, in: hidden, out: width, bias: firstBias)], from: .attended, into: .intermediate,
            activation: declared.activation, gate: isGated ? [try linear("mlp.fc11", in: hidden, out: width, bias: firstBias)] : nil
        )
        product(
            [try linear("mlp.fc2", in: width, out: hidden, bias: secondBias)], from: .intermediate, into: .hidden,
            residual: .attended, norm: try norm("norm2", hidden))
    }
}

extension DeclaredConfiguration {
    /// The fraction of each head that is rotated.
    fileprivate func rotaryFraction() throws(LimbeckError) -> Double {
        let fraction = try root.optionalDouble("rotary_emb_fraction") ?? 0
        guard 0...1 ~= fraction else {
            throw LimbeckError(.fileMalformed, "\(file): 'rotary_emb_fraction' is \(fraction < 0 ? "negative" : "more than 1")")
        }
        return fraction
    }

    /// Whether texts beyond the training length have angles of their own (dynamic NTK).
    fileprivate func isScaled() throws(LimbeckError) -> Bool {
        let type = try root.optionalObject("rope_parameters")?.optionalString("rope_type") ?? "default"
        let factor = try root.optionalDouble("rotary_scaling_factor") ?? 0
        return type == "dynamic" || factor != 0
    }
}
