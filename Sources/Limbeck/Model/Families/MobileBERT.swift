import KernelInterface

/// MobileBERT (Sun et al. 2020): as deep as BERT-large, but each layer works on a narrow state between two bottlenecks.
extension FamilyRules {
    static var mobileBERT: FamilyRules {
        let others: [(architecture: String, head: HeadRule)] = [
            ("MobileBertForPreTraining", .maskedLM),
            ("MobileBertForNextSentencePrediction", .sequence(.pooler, classifier: "cls.seq_relationship")),
        ]
        let rules = FamilyRules(.mobileBERT, ["mobilebert"], prefix: "mobilebert.", heads: heads("MobileBert") + others)
        rules.activation.default = "relu"
        rules.embeddings = mobileBERTEmbeddings
        rules.block = mobileBERTBlock
        rules.poolerSwitch = "classifier_activation"
        rules.maskedLM = .bert
        rules.maskedLM?.restOfDecoder = "cls.predictions.dense.weight"
        rules.keys =
            .bert + [
                .obeyed("embedding_size intra_bottleneck_size num_feedforward_networks", as: .integer),
                .obeyed(
                    "trigram_input use_bottleneck use_bottleneck_attention key_query_shared_bottleneck classifier_activation",
                    as: .flag),
                .obeyed("normalization_type", as: .string), .inert(.repeated, "true_hidden_size"),
            ]
        return rules
    }
}

/// norm(transformation of [next word, word, previous word] + position + type)
private func mobileBERTEmbeddings(_ builder: inout StepBuilder) throws(LimbeckError) -> EmbeddingSizes {
    let declared = builder.declared
    let hasTrigrams = try declared.root.optionalBool("trigram_input") ?? true
    let word = try builder.table("word", rows: declared.vocabSize, width: declared.embeddingSize)
    let position = try builder.table("position", rows: declared.maxPositions, width: declared.hiddenSize)
    let hidden = position.shape[1]
    let type = try builder.table("token_type", rows: declared.typeVocabSize, width: hidden)
    // The class builds these norms without the configuration's epsilon, so they have the default of torch.
    let norm = try builder.mobileBERTNorm("embeddings.LayerNorm", hidden, eps: 1e-5)
    var tables = EmbeddingTables(word: nil, position: position, type: type)
    if !hasTrigrams, word.shape[1] == hidden {
        tables.word = word
        builder.embed(tables, width: hidden, into: .hidden, norm: norm)
    } else {
        builder.embed(tables, width: hidden, into: .hidden, norm: nil)
        if hasTrigrams {
            builder.trigrams(word: word, into: .embedded)
        } else {
            builder.embed(EmbeddingTables(word: word), width: word.shape[1], into: .embedded, norm: nil)
        }
        let transformation = try builder.linear(
            "embeddings.embedding_transformation", in: (hasTrigrams ? 3 : 1) * word.shape[1], out: hidden)
        builder.product([transformation], from: .embedded, into: .hidden, residual: .hidden, norm: norm)
    }
    return EmbeddingSizes(word: word, positions: position.shape[0], types: type.shape[0], hidden: hidden)
}

private func mobileBERTBlock(_ layer: inout StepBuilder, _ hidden: Int) throws(LimbeckError) {
    let root = layer.declared.root
    let hasBottleneck = try root.optionalBool("use_bottleneck") ?? true
    let width = hasBottleneck ? try root.optionalSize("intra_bottleneck_size") ?? 128 : hidden

    // The residual of attention, the input of queries and keys, and the input of values.
    var (input, queries, values) = (Buffer.hidden, Buffer.hidden, Buffer.hidden)
    if hasBottleneck {
        input = .narrow
        try layer.bottleneck("bottleneck.input", hidden, width, into: .narrow)
        if try root.optionalBool("use_bottleneck_attention") ?? false {
            (queries, values) = (.narrow, .narrow)
        } else if try root.optionalBool("key_query_shared_bottleneck") ?? true {
            queries = .attended
            try layer.bottleneck("bottleneck.attention", hidden, width, into: .attended)
        }
    }
    func columns(_ buffer: Buffer) -> Int { buffer == .hidden ? hidden : width }
    func linear(_ name: String, of buffer: Buffer) throws(LimbeckError) -> LinearTensors {
        try layer.linear("attention.self.\(name)", in: columns(buffer), out: width)
    }
    layer.product([try linear("query", of: queries), try linear("key", of: queries)], from: queries, into: .projected)
    layer.product([try linear("value", of: values)], from: values, into: .projected, column: 2 * width)
    try layer.attention(size: width)
    layer.product(
        [try layer.linear("attention.output.dense", in: width, out: width)], from: .context, into: .attended, residual: input,
        norm: try layer.mobileBERTNorm("attention.output.LayerNorm", width))

    // The feed-forward networks alternate between two buffers.
    var (state, other) = (Buffer.attended, Buffer.narrow)
    let networks = try root.optionalSize("num_feedforward_networks") ?? 4
    for index in 0..<networks - 1 {
        try layer.feedForward(
            "ffn.\(index).intermediate.dense", "ffn.\(index).output.dense", width: width, from: state, into: other,
            norm: try layer.mobileBERTNorm("ffn.\(index).output.LayerNorm", width))
        (state, other) = (other, state)
    }
    try layer.feedForward(
        "intermediate.dense", "output.dense", width: width, from: state, into: hasBottleneck ? other : .hidden,
        norm: try layer.mobileBERTNorm("output.LayerNorm", width, eps: 1e-5))
    guard hasBottleneck else { return }
    layer.product(
        [try layer.linear("output.bottleneck.dense", in: width, out: hidden)], from: other, into: .hidden, residual: .hidden,
        norm: try layer.mobileBERTNorm("output.bottleneck.LayerNorm", hidden))
}

extension StepBuilder {
    fileprivate mutating func bottleneck(_ name: String, _ hidden: Int, _ width: Int, into: Buffer) throws(LimbeckError) {
        product(
            [try linear("\(name).dense", in: hidden, out: width)], from: .hidden, into: into,
            norm: try mobileBERTNorm("\(name).LayerNorm", width))
    }

    /// `normalization_type`: NoNorm by default, a scale and a shift.
    fileprivate func mobileBERTNorm(_ name: String, _ width: Int, eps: Float? = nil) throws(LimbeckError) -> NormTensors {
        var norm = try norm(name, width)
        switch try declared.root.optionalString("normalization_type") {
        case nil, "no_norm": norm.eps = nil
        case "layer_norm": norm.eps = eps ?? declared.layerNormEps
        case let other?:
            throw LimbeckError(.fileUnsupported, "\(declared.file): normalization_type '\(other)' is not supported")
        }
        return norm
    }
}
