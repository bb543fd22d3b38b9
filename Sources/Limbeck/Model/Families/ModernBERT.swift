import KernelInterface

/// ModernBERT (Warner et al. 2024): pre-norm layers and a final norm, RoPE, gated feed-forward networks, and
/// local attention in most layers.
extension FamilyRules {
    static var modernBERT: FamilyRules {
        let classifier = HeadRule.sequence(.predictionHead, classifier: "classifier", reads: "classifier_pooling")
        let choice = HeadRule.sequence(.predictionHead, classifier: "classifier", labels: .fixed(1), reads: "classifier_pooling")
        let rules = FamilyRules(
            .modernBERT, ["modernbert"], prefix: "model.",
            heads: [
                ("ModernBertModel", .none),
                ("ModernBertForSequenceClassification", classifier),
                ("ModernBertForTokenClassification", .token(classifier: "classifier")),
                ("ModernBertForQuestionAnswering", .span),
                ("ModernBertForMultipleChoice", choice),
                // The other heads have its layer too.
                ("ModernBertForMaskedLM", .maskedLM),
            ])
        rules.headSizeKey = "head_dim"
        rules.activation.key = "hidden_activation"
        rules.layerNormEps = ("norm_eps", 1e-5)
        rules.normBias = Switch(key: "norm_bias", otherwise: false)
        rules.embeddings = modernBERTEmbeddings
        rules.layers = "layers."
        rules.block = modernBERTBlock
        rules.finalNorm = "final_norm"
        rules.pooler = nil
        rules.maskedLM = MaskedLMNames(
            transform: .predictionHead, decoder: "decoder.weight", bias: "decoder.bias", hasBias: Switch(key: "decoder_bias"))
        rules.tokenDense = .predictionHead
        rules.spanClassifier = "classifier"
        rules.keys = [
            .obeyed(
                """
                hidden_size num_hidden_layers num_attention_heads intermediate_size max_position_embeddings \
                global_attn_every_n_layers local_attention sliding_window head_dim
                """, as: .integer),
            .obeyed("hidden_activation classifier_activation", as: .string),
            .obeyed("norm_eps global_rope_theta local_rope_theta", as: .number),
            .obeyed("norm_bias attention_bias mlp_bias decoder_bias classifier_bias", as: .flag),
            .obeyed("layer_types", as: .array),
            .only("cls mean", "classifier_pooling"),
            .inside("rope_parameters", .rope),
            .only("1", "partial_rotary_factor"),
            .inert(
                .training,
                """
                attention_dropout embedding_dropout mlp_dropout initializer_cutoff_factor sparse_prediction \
                sparse_pred_ignore_index repad_logits_with_grad
                """),
            .inert(.output, "deterministic_flash_attn reference_compile"), .inert(.unread, "rope_theta"),
        ]
        return rules
    }
}

extension Switch {
    fileprivate static var classifierBias: Switch { Switch(key: "classifier_bias", otherwise: false) }
}

extension DenseNames {
    fileprivate static var predictionHead: DenseNames {
        DenseNames("head.dense", activationKey: "classifier_activation", hasBias: .classifierBias, norm: "head.norm")
    }
}

/// norm(word): there are no tables of positions or types.
private func modernBERTEmbeddings(_ builder: inout StepBuilder) throws(LimbeckError) -> EmbeddingSizes {
    let declared = builder.declared
    let word = try builder.checkpoint.tensor(
        builder.tied("embeddings.tok_embeddings.weight"), [declared.vocabSize, declared.hiddenSize])
    let hidden = word.shape[1]
    builder.embed(
        EmbeddingTables(word: word), width: hidden, into: .hidden, norm: try builder.norm("embeddings.norm", hidden))
    return EmbeddingSizes(word: word, positions: declared.maxPositions ?? 8192, types: 0, hidden: hidden)
}

/// x + attention(norm(x)), then x + mlp(norm(x)). The normalised input of one half is stored in the
/// buffer of the other half's state.
private func modernBERTBlock(_ layer: inout StepBuilder, _ hidden: Int) throws(LimbeckError) {
    let declared = layer.declared
    let attentionBias = try declared.isOn(Switch(key: "attention_bias", otherwise: false))
    let bias = try declared.isOn(Switch(key: "mlp_bias", otherwise: false))
    let isGlobal = try declared.isGlobal(layer: layer.index)

    // The embeddings are already normalised.
    if layer.index > 0 { layer.normalize(try layer.norm("attn_norm", hidden), from: .hidden, into: .attended) }
    let size = try layer.fusedProjection(
        "attn.Wqkv", in: hidden, from: layer.index > 0 ? .attended : .hidden, bias: attentionBias)
    try layer.rotate(size: size, base: try declared.modernBERTBase(isGlobal: isGlobal))
    try layer.attention(size: size, window: isGlobal ? nil : declared.slidingWindow())
    layer.product(
        [try layer.linear("attn.Wo", in: size, out: hidden, bias: attentionBias)], from: .context, into: .attended,
        residual: .hidden)

    layer.normalize(try layer.norm("mlp_norm", hidden), from: .attended, into: .hidden)
    // The first rows are activated; the rows of the gate follow.
    let rows = try layer.outputs("mlp.Wi", in: hidden, expected: layer.intermediateSize.map { 2 * $0 })
    guard rows % 2 == 0 else {
        throw LimbeckError(.fileInconsistent, "\(declared.file): 'mlp.Wi.weight' has \(rows) rows, expected an even number")
    }
    let (both, half) = (try layer.linear("mlp.Wi", in: hidden, out: rows, bias: bias), rows / 2)
    layer.intermediateSize = half
    layer.product(
        [both.outputs(0..<half)], from: .hidden, into: .intermediate, activation: declared.activation,
        gate: [both.outputs(half..<rows)])
    layer.product(
        [try layer.linear("mlp.Wo", in: half, out: hidden, bias: bias)], from: .intermediate, into: .hidden, residual: .attended)
}

extension DeclaredConfiguration {
    /// Whether a layer has global attention: as `layer_types` lists, or else every third layer. A student may have any subset of
    /// its teacher's layers, with their types. transformers 4 only uses the second key.
    fileprivate func isGlobal(layer: Int) throws(LimbeckError) -> Bool {
        guard let types = root.optional("layer_types") else {
            return layer % (try root.optionalSize("global_attn_every_n_layers") ?? 3) == 0
        }
        if let layers, types.count != layers {
            throw LimbeckError(
                .fileInconsistent, "\(file): 'layer_types' has \(types.count) elements, expected one for each of \(layers) layers")
        }
        let type = types.elements.dropFirst(layer).first { _ in true }
        switch type?.string {
        // An older name.
        case "full_attention", "attention": return true
        case "sliding_attention": return false
        default:
            throw LimbeckError(
                .fileUnsupported,
                """
                \(file): 'layer_types' \(layer) is \(type?.described ?? "missing"), expected 'full_attention' or \
                'sliding_attention'
                """)
        }
    }

    /// The keys that a local layer's query sees on each side. transformers 5 has its own name for it, which takes precedence.
    fileprivate func slidingWindow() throws(LimbeckError) -> Int {
        if let side = try root.optionalSize("sliding_window") { return side }
        return (try root.optionalSize("local_attention") ?? 128) / 2
    }

    /// The base of a layer's RoPE.
    fileprivate func modernBERTBase(isGlobal: Bool) throws(LimbeckError) -> Float {
        // An explicit null means the base of the global layers.
        let key = isGlobal || root["local_rope_theta"]?.isNull == true ? "global_rope_theta" : "local_rope_theta"
        let base = try rotaryBase(root, key, otherwise: key == "global_rope_theta" ? 160_000 : 10_000)
        // transformers 5 has an object for each kind of layer instead of the two keys.
        let parameters = try root.optionalObject("rope_parameters")
        return try ropeBase(parameters?.optionalObject(isGlobal ? "full_attention" : "sliding_attention"), otherwise: base)
    }

    /// The base of RoPE from an object of parameters, as in transformers 5.
    @inline(never) func ropeBase(_ parameters: JSONValue?, otherwise base: Float, types: [String] = ["default"])
        throws(LimbeckError) -> Float
    {
        guard let parameters else { return base }
        var type = try parameters.optionalString("rope_type")
        if type == nil { type = try parameters.optionalString("type") }
        if let type, !types.contains(where: { $0 == type }) {
            throw LimbeckError(.fileUnsupported, "\(file): rope_type '\(type)' is not supported")
        }
        return try rotaryBase(parameters, "rope_theta", otherwise: Double(base))
    }

    @inline(never) func rotaryBase(_ object: JSONValue, _ key: String, otherwise: Double) throws(LimbeckError) -> Float {
        let base = try object.optionalDouble(key) ?? otherwise
        guard Rotary.bases.contains(base) else {
            throw LimbeckError(.fileUnsupported, "\(file): '\(key)' is not supported, expected a number from 1 to 10^12")
        }
        return Float(base)
    }
}
