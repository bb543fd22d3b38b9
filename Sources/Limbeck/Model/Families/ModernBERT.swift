import KernelInterface

/// ModernBERT (Warner et al. 2024): norms before the layers' parts and after the last, rotary positions, gated feed-forward networks,
/// and in most layers an attention that sees only the keys around.
extension FamilyRules {
    static var modernBERT: FamilyRules {
        FamilyRules(
            family: .modernBERT, modelTypes: ["modernbert"], prefix: "model.", activation: ("hidden_activation", "gelu"),
            layerNormEps: ("norm_eps", 1e-5), normBias: Switch(key: "norm_bias", otherwise: false),
            readsPositionType: false, embeddings: modernBERTEmbeddings, layers: "layers.", block: modernBERTBlock,
            finalNorm: "final_norm", pooler: nil,
            maskedLM: MaskedLMNames(
                transform: "head.dense", norm: "head.norm", decoder: "decoder.weight", bias: "decoder.bias",
                otherBias: "decoder.bias", hasBias: Switch(key: "decoder_bias"), activationKey: "classifier_activation",
                transformHasBias: .classifierBias),
            tokenDense: .predictionHead, spanClassifier: "classifier", headPooling: "classifier_pooling",
            heads: [
                ("ModernBertModel", .none),
                ("ModernBertForSequenceClassification", .sequence(.predictionHead, classifier: "classifier")),
                ("ModernBertForTokenClassification", .token(classifier: "classifier")),
                ("ModernBertForQuestionAnswering", .span),
                ("ModernBertForMultipleChoice", .sequence(.predictionHead, classifier: "classifier", labels: .fixed(1))),
                // The others have its layer too.
                ("ModernBertForMaskedLM", .maskedLM),
            ])
    }
}

extension Switch {
    fileprivate static var classifierBias: Switch { Switch(key: "classifier_bias", otherwise: false) }
}

extension DenseNames {
    fileprivate static var predictionHead: DenseNames {
        DenseNames(name: "head.dense", activationKey: "classifier_activation", hasBias: .classifierBias, norm: "head.norm")
    }
}

/// norm(word): there are no tables of positions and types.
private func modernBERTEmbeddings(_ builder: inout StepBuilder) throws(LimbeckError) -> EmbeddingSizes {
    let declared = builder.declared
    try declared.refuse(["rope_scaling", "partial_rotary_factor"])
    let word = try builder.checkpoint.tensor("embeddings.tok_embeddings.weight", [declared.vocabSize, declared.hiddenSize])
    let hidden = word.shape[1]
    builder.embed(
        EmbeddingTables(word: word), width: hidden, into: .hidden, norm: try builder.norm("embeddings.norm", hidden))
    return EmbeddingSizes(word: word, positions: declared.maxPositions ?? 8192, types: 0, hidden: hidden)
}

/// x + attention(norm(x)), and then x + mlp(norm(x)). The norm of one half's input stands where the state of the other half does.
private func modernBERTBlock(_ layer: inout StepBuilder, _ hidden: Int) throws(LimbeckError) {
    let declared = layer.declared
    let attentionBias = try declared.isOn(Switch(key: "attention_bias", otherwise: false))
    let bias = try declared.isOn(Switch(key: "mlp_bias", otherwise: false))
    let isGlobal = try declared.isGlobal(layer: layer.index)

    // The embeddings have been normalised.
    if layer.index > 0 { layer.normalize(try layer.norm("attn_norm", hidden), from: .hidden, into: .attended) }
    let size = try layer.fusedProjection(
        "attn.Wqkv", in: hidden, from: layer.index > 0 ? .attended : .hidden, bias: attentionBias)
    try layer.rotate(size: size, base: try declared.modernBERTBase(isGlobal: isGlobal))
    let window = try declared.root.optionalSize("local_attention") ?? 128
    try layer.attention(size: size, window: isGlobal ? nil : window / 2)
    layer.product(
        [try layer.linear("attn.Wo", in: size, out: hidden, bias: attentionBias)], from: .context, into: .attended,
        residual: .hidden)

    layer.normalize(try layer.norm("mlp_norm", hidden), from: .attended, into: .hidden)
    // Above what is activated, the rows of its gate.
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
    /// Whether a layer's queries see all keys: every third one does.
    fileprivate func isGlobal(layer: Int) throws(LimbeckError) -> Bool {
        let isGlobal = layer % (try root.optionalSize("global_attn_every_n_layers") ?? 3) == 0
        // What transformers 5 writes beside.
        guard let types = root.optional("layer_types") else { return isGlobal }
        let type = types.elements.dropFirst(layer).first(where: { _ in true })
        guard type?.string == (isGlobal ? "full_attention" : "sliding_attention") else {
            throw LimbeckError(
                .fileUnsupported, "\(file): 'layer_types' \(layer) is not supported, expected that of 'global_attn_every_n_layers'")
        }
        return isGlobal
    }

    /// The base of a layer's rotary positions.
    fileprivate func modernBERTBase(isGlobal: Bool) throws(LimbeckError) -> Float {
        // transformers 5 has an object for each kind of layer in place of the two keys.
        if let parameters = root.optional("rope_parameters")?.optional(isGlobal ? "full_attention" : "sliding_attention") {
            try refuseScaling(parameters)
            return try rotaryBase(parameters, "rope_theta", otherwise: isGlobal ? 160_000 : 10_000)
        }
        // An explicit null is the base of the other layers.
        let key = isGlobal || root["local_rope_theta"]?.isNull == true ? "global_rope_theta" : "local_rope_theta"
        return try rotaryBase(root, key, otherwise: key == "global_rope_theta" ? 160_000 : 10_000)
    }

    func rotaryBase(_ object: JSONValue, _ key: String, otherwise: Double) throws(LimbeckError) -> Float {
        let base = try object.optionalDouble(key) ?? otherwise
        guard Rotary.bases.contains(base) else {
            throw LimbeckError(.fileUnsupported, "\(file): '\(key)' is not supported, expected a number from 1 to 10^12")
        }
        return Float(base)
    }

    /// Angles that are not a position times a frequency.
    private func refuseScaling(_ parameters: JSONValue) throws(LimbeckError) {
        guard let type = try parameters.optionalString("rope_type"), type != "default" else { return }
        throw LimbeckError(.fileUnsupported, "\(file): rope_type '\(type)' is not supported")
    }
}
