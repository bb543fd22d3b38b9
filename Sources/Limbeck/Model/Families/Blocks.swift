import KernelInterface

/// The parts of one layer of BERT's kind. BERT's names.
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

/// Adds the steps of a layer that works on a state of `hidden` columns.
typealias BlockRule = @Sendable (_ layer: inout StepBuilder, _ hidden: Int) throws(LimbeckError) -> Void

/// BERT's layer, which most families share but for the names.
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

/// What the embeddings' tables say about the model.
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

/// BERT's embeddings, LN(word + type + position), and in some families a linear layer from them to the hidden size, which models
/// of one size may lack.
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
    /// A table of the embeddings, under the name that all of BERT's line give it.
    func table(_ name: String, rows: Int?, width: Int?) throws(LimbeckError) -> Tensor {
        let table = "embeddings.\(name)_embeddings.weight"
        return try checkpoint.tensor(name == "word" ? tied(table) : table, [rows, width])
    }

    /// Of the words' table and a decoder that is tied to it, some writers keep the first in the order of names, which may be the
    /// decoder.
    func tied(_ table: String) -> String {
        guard !checkpoint.contains(table), declared.tiesEmbeddings,
            let decoder = declared.rules.maskedLMNames(checkpoint)?.decoder, checkpoint.contains(decoder)
        else { return table }
        return decoder
    }
}
