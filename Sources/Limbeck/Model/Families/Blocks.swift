import KernelInterface

/// The names of the parts of a BERT-like layer; the defaults are BERT's.
struct BlockNames {
    var query = "attention.self.query"
    var key = "attention.self.key"
    var value = "attention.self.value"
    var attentionOutput = "attention.output.dense"
    var attentionNorm = "attention.output.LayerNorm"
    var intermediate = "intermediate.dense"
    var output = "output.dense"
    var outputNorm = "output.LayerNorm"
}

/// Adds the steps of a layer whose state has `hidden` columns.
typealias BlockRule = @Sendable (_ layer: inout StepBuilder, _ hidden: Int) throws(LimbeckError) -> Void

/// BERT's layer, which most families share apart from the names.
func bertBlock(_ names: BlockNames = BlockNames()) -> BlockRule {
    { (layer, hidden) throws(LimbeckError) in
        let size = try layer.projections([names.query, names.key, names.value], in: hidden, bias: true)
        try layer.attention(size: size)
        layer.product(
            [try layer.linear(names.attentionOutput, in: size, out: hidden)], from: .context, into: .attended, residual: .hidden,
            norm: try layer.norm(names.attentionNorm, hidden))
        try layer.feedForward(
            names.intermediate, names.output, width: hidden, from: .attended, into: .hidden,
            norm: try layer.norm(names.outputNorm, hidden))
    }
}

/// Model sizes that follow from the embedding tables.
struct EmbeddingSizes {
    /// (vocab, embedding); a decoder may be tied to it.
    var word: Tensor
    var positions: Int
    /// 0: no token types.
    var types: Int
    var hidden: Int
}

/// Adds the steps of the embeddings.
typealias EmbeddingRule = @Sendable (_ embeddings: inout StepBuilder) throws(LimbeckError) -> EmbeddingSizes

/// BERT's embeddings, LN(word + type + position). In some families a linear layer follows, from the embedding size to the hidden
/// size; it may be missing where the two are equal.
func bertEmbeddings(types hasTypes: Bool = true, projection: String? = nil) -> EmbeddingRule {
    { (builder) throws(LimbeckError) in
        let (declared, checkpoint) = (builder.declared, builder.checkpoint)
        let projection = projection.flatMap { checkpoint.contains("\($0).weight") ? $0 : nil }
        let word = try builder.table(
            "word", rows: declared.vocabSize, width: projection == nil ? declared.hiddenSize : declared.embeddingSize)
        let width = word.shape[1]
        let position = try builder.table("position", rows: declared.maxPositions, width: width)
        let type = hasTypes ? try builder.table("token_type", rows: declared.typeVocabSize, width: width) : nil
        let norm = try builder.norm("embeddings.LayerNorm", width)
        builder.embed(
            EmbeddingTables(word: word, position: position, type: type), width: width,
            into: projection == nil ? .hidden : .embedded, norm: norm)
        var hidden = width
        if let projection {
            let linear = try checkpoint.linear(projection, in: width, out: declared.hiddenSize)
            hidden = linear.weight.shape[0]
            builder.product([linear], from: .embedded, into: .hidden)
        }
        return EmbeddingSizes(word: word, positions: position.shape[0], types: type?.shape[0] ?? 0, hidden: hidden)
    }
}

extension StepBuilder {
    /// An embedding table under the name that BERT and its derivatives use.
    func table(_ name: String, rows: Int?, width: Int?) throws(LimbeckError) -> Tensor {
        let table = "embeddings.\(name)_embeddings.weight"
        return try checkpoint.tensor(name == "word" ? tied(table) : table, [rows, width])
    }

    /// With weight tying, some writers keep only one of word embeddings and decoder: the first by name, which may be the decoder.
    func tied(_ table: String) -> String {
        guard !checkpoint.contains(table), declared.tiesEmbeddings,
            let decoder = declared.rules.maskedLMNames(checkpoint)?.decoder, checkpoint.contains(decoder)
        else { return table }
        return decoder
    }
}
