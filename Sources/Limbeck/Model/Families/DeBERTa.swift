import KernelInterface

/// DeBERTa-v2 and -v3 (He et al. 2021): BERT's layers with disentangled attention, and a position table only if the configuration
/// asks for it. The convolution of the two largest models, of 900 million parameters and more, is refused.
extension FamilyRules {
    static var deberta: FamilyRules {
        let rules = FamilyRules(
            .deberta, ["deberta-v2"], prefix: "deberta.",
            heads: heads("DebertaV2", sequence: .contextPooler, choice: .contextPooler))
        rules.headSizeKey = "attention_head_size"
        rules.layerNormEps.default = 1e-7
        rules.embeddings = debertaEmbeddings
        rules.block = debertaBlock
        rules.pooler = nil
        rules.maskedLM = .bert
        rules.newerMaskedLM = .newDeBERTa
        rules.keys =
            .bert + [
                .obeyed("max_relative_positions position_buckets attention_head_size embedding_size", as: .integer),
                .obeyed("relative_attention position_biased_input share_att_key", as: .flag),
                .obeyed("norm_rel_ebd pooler_hidden_act", as: .string),
                .obeyed("pos_att_type", as: [.string, .array]),
                .refused("conv_kernel_size", why: "a convolution beside the layers"),
                .inert(.training, "pooler_dropout"), .inert(.repeated, "pooler_hidden_size legacy"),
                .inert(.unread, "conv_act conv_groups padding_idx"),
            ]
        return rules
    }
}

extension DenseNames {
    fileprivate static var contextPooler: DenseNames { DenseNames("pooler.dense", activationKey: "pooler_hidden_act") }
}

extension MaskedLMNames {
    /// In the checkpoints of the paper, and those with `legacy` false.
    fileprivate static var newDeBERTa: MaskedLMNames {
        MaskedLMNames(
            transform: DenseNames("lm_predictions.lm_head.dense", norm: "lm_predictions.lm_head.LayerNorm"), decoder: nil,
            bias: "lm_predictions.lm_head.bias")
    }
}

/// norm(projection of (word + type + position)); projection, type and position only if present.
private func debertaEmbeddings(_ builder: inout StepBuilder) throws(LimbeckError) -> EmbeddingSizes {
    let declared = builder.declared
    let word = try builder.table("word", rows: declared.vocabSize, width: declared.embeddingSize)
    let width = word.shape[1], hidden = declared.hiddenSize ?? width
    var tables = EmbeddingTables(word: word)
    let hasPositions = try declared.root.optionalBool("position_biased_input") ?? true
    if hasPositions { tables.position = try builder.table("position", rows: declared.maxPositions, width: width) }
    if declared.typeVocabSize ?? 0 != 0 {
        tables.type = try builder.table("token_type", rows: declared.typeVocabSize, width: width)
    }
    let norm = try builder.norm("embeddings.LayerNorm", hidden)
    if width == hidden {
        builder.embed(tables, width: width, into: .hidden, norm: norm)
    } else {
        builder.embed(tables, width: width, into: .embedded, norm: nil)
        let projection = try builder.linear("embeddings.embed_proj", in: width, out: hidden, bias: false)
        builder.product([projection], from: .embedded, into: .hidden, norm: norm)
    }
    let positions = tables.position?.shape[0] ?? declared.maxPositions ?? 512
    guard positions <= positionLimit else {
        throw LimbeckError(
            .fileUnsupported, "\(declared.file): 'max_position_embeddings' is \(positions), expected at most \(positionLimit)")
    }
    return EmbeddingSizes(word: word, positions: positions, types: tables.type?.shape[0] ?? 0, hidden: hidden)
}

/// The maximum where no table bounds the positions.
private let positionLimit = 1 << 16

private func debertaBlock(_ layer: inout StepBuilder, _ hidden: Int) throws(LimbeckError) {
    let size = try layer.outputs("attention.self.query_proj", in: hidden, expected: layer.attentionSize)
    func projection(_ name: String) throws(LimbeckError) -> LinearTensors {
        try layer.linear("attention.self.\(name)", in: hidden, out: size)
    }
    let (query, key) = (try projection("query_proj"), try projection("key_proj"))
    var positions = try layer.distances(hidden)
    if positions != nil {
        let isShared = try layer.declared.root.optionalBool("share_att_key") ?? false
        let terms = try layer.declared.positionTerms()
        if terms.contentToPosition { positions!.key = isShared ? key : try projection("pos_key_proj") }
        if terms.positionToContent { positions!.query = isShared ? query : try projection("pos_query_proj") }
    }
    layer.product([query, key, try projection("value_proj")], from: .hidden, into: .projected)
    try layer.attention(size: size, positions: positions)
    layer.product(
        [try layer.linear("attention.output.dense", in: size, out: hidden)], from: .context, into: .attended, residual: .hidden,
        norm: try layer.norm("attention.output.LayerNorm", hidden))
    try layer.feedForward(
        "intermediate.dense", "output.dense", width: hidden, from: .attended, into: .hidden,
        norm: try layer.norm("output.LayerNorm", hidden))
}

extension StepBuilder {
    /// The relative-position embeddings, shared by all layers; nil if attention is BERT's.
    fileprivate func distances(_ hidden: Int) throws(LimbeckError) -> DisentangledTensors? {
        let terms = try declared.positionTerms()
        guard terms.contentToPosition || terms.positionToContent else { return nil }
        let root = declared.root
        guard try root.optionalBool("relative_attention") == true else {
            throw LimbeckError(.fileUnsupported, "\(declared.file): 'pos_att_type' without 'relative_attention' is not supported")
        }
        // 1 or more, or -1 for none.
        func count(_ key: String) throws(LimbeckError) -> Int? {
            root.optional(key)?.int == -1 ? nil : try root.optionalSize(key)
        }
        let farthest = try count("max_relative_positions") ?? declared.maxPositions ?? 512
        let buckets = try count("position_buckets")
        let span = buckets ?? farthest
        // Half of the span is a divisor, and so is the logarithm of the range beyond it.
        guard buckets == nil || (span >= 4 && farthest - 1 > span / 2) else {
            throw LimbeckError(
                .fileInconsistent, "\(declared.file): 'position_buckets' is \(span), invalid for distances up to \(farthest)")
        }
        let (rows, isTooLarge) = span.multipliedReportingOverflow(by: 2)
        let embeddings = try checkpoint.tensor("encoder.rel_embeddings.weight", [isTooLarge ? nil : rows, hidden])
        var norm: NormTensors?
        for name in DeclaredConfiguration.words(try root.optionalString("norm_rel_ebd") ?? "none") {
            switch name {
            case "none": break
            case "layer_norm": norm = try checkpoint.norm("encoder.LayerNorm", hidden, eps: declared.layerNormEps, bias: true)
            default: throw LimbeckError(.fileUnsupported, "\(declared.file): norm_rel_ebd '\(name)' is not supported")
            }
        }
        let distances = DistanceBuckets(span: span, farthest: buckets == nil ? nil : farthest)
        guard !distances.skipsRows else {
            throw LimbeckError(
                .fileInconsistent,
                "\(declared.file): 'position_buckets' is \(span), but distances up to \(farthest) skip some")
        }
        return DisentangledTensors(embeddings: embeddings, norm: norm, buckets: distances)
    }
}

extension DeclaredConfiguration {
    /// The words of "c2p | p2c".
    fileprivate static func words(_ list: String) -> [String] {
        var words: [String] = []
        for word in list.utf8Parts(between: UInt8(ascii: "|")) where !word.isEmpty {
            words.append(word.replacingFirstUTF8(" ", by: "").replacingFirstUTF8(" ", by: ""))
        }
        return words
    }

    /// `pos_att_type`: a list, or in old files one string, "c2p|p2c".
    fileprivate func positionTerms() throws(LimbeckError) -> (contentToPosition: Bool, positionToContent: Bool) {
        var terms = (contentToPosition: false, positionToContent: false)
        guard let value = root.optional("pos_att_type") else { return terms }
        var names: [String] = []
        if let list = value.string {
            names = DeclaredConfiguration.words(list)
        } else if value.kind == .array {
            for element in value.elements {
                guard let name = element.string else {
                    throw element.mismatch("an element of 'pos_att_type'", expected: "a string")
                }
                names.append(name)
            }
        } else {
            throw value.mismatch("'pos_att_type'", expected: "an array of strings")
        }
        for name in names {
            switch name {
            case "c2p", "C2P": terms.contentToPosition = true
            case "p2c", "P2C": terms.positionToContent = true
            default: throw LimbeckError(.fileUnsupported, "\(file): pos_att_type '\(name)' is not supported")
            }
        }
        return terms
    }
}
