import KernelInterface

/// The post-LN Transformer encoder (Vaswani et al. 2017; Devlin et al. 2019) over a packed batch: sequences stand back to back,
/// without padding. One layer at a time, so that a caller can look at the state in between.
///
///     x = LN(word + position + type)
///     x = LN(x + attention(x)),  x = LN(x + W2 act(W1 x + b1) + b2)        for each layer
struct Encoder {
    let configuration: Configuration
    let weights: Weights
    let workers: Workers
    let scratch: Scratch

    /// The state before the first layer, from the ids, positions and types in the scratch. -> hidden (tokens, hidden)
    func embed(tokens: Int) {
        let job = Embedding(
            ids: scratch.ids, positions: scratch.positions, types: scratch.types, word: weights.word,
            position: weights.position, type: weights.type,
            normalization: normalization(weights.embeddingNorm, of: scratch.hidden))
        workers.run(.embed(job, rows: tokens), items: pieces(tokens, Work.embedRows))
    }

    /// One layer over the whole batch. hidden -> hidden (tokens, hidden)
    func layer(_ index: Int, tokens: Int, sequences: Int) {
        let layer = weights.layers[index]
        let c = configuration
        let width = c.attentionHeads * c.headSize
        let hiddenStride = rowStride(c.hiddenSize)
        let projectedStride = rowStride(3 * width), contextStride = rowStride(width)
        let intermediateStride = rowStride(c.intermediateSize)

        // hidden -> (tokens, 3 * width): query, key, value side by side
        product(
            layer.queryKeyValue, of: scratch.hidden, hiddenStride, tokens, into: scratch.queryKeyValue, projectedStride)

        // -> context (tokens, width)
        let attention = AttentionWork(
            Attention(
                query: scratch.queryKeyValue, key: scratch.queryKeyValue + width, value: scratch.queryKeyValue + 2 * width,
                stride: projectedStride, tokens: 0, headSize: c.headSize, scale: 1 / Float(c.headSize).squareRoot(),
                out: scratch.context, outStride: contextStride),
            heads: c.attentionHeads, starts: scratch.starts, sequences: sequences, threads: workers.count,
            firstItems: scratch.firstItems)
        workers.run(.attention(attention), items: attention.items)

        // -> attended (tokens, hidden) = LN(hidden + Wo context + bo)
        product(
            layer.attentionOutput, of: scratch.context, contextStride, tokens, residual: scratch.hidden,
            norm: layer.attentionNorm, into: scratch.attended, hiddenStride)

        // -> (tokens, intermediate)
        product(
            layer.intermediate, of: scratch.attended, hiddenStride, tokens, activation: c.activation,
            into: scratch.intermediate, intermediateStride)

        // -> hidden (tokens, hidden) = LN(attended + W2 intermediate + b2)
        product(
            layer.output, of: scratch.intermediate, intermediateStride, tokens, residual: scratch.attended,
            norm: layer.outputNorm, into: scratch.hidden, hiddenStride)
    }

    /// Embedding and the first `layers` layers.
    func run(tokens: Int, sequences: Int, layers: Int) {
        embed(tokens: tokens)
        for index in 0..<layers { layer(index, tokens: tokens, sequences: sequences) }
    }

    private func product(
        _ weights: PackedLinear, of a: UnsafePointer<Float>, _ aStride: Int, _ rows: Int,
        activation: Activation = .identity, residual: UnsafePointer<Float>? = nil, norm: Norm? = nil,
        into out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) {
        let job = Product(
            a: a, aStride: aStride, depth: weights.depth, panels: weights.panels, bias: weights.bias,
            activation: activation, residual: residual, out: out, outStride: outStride)
        let work = ProductWork(
            job, rows: rows, weights: weights, normalization: norm.map { normalization($0, of: out) },
            threads: workers.count, left: scratch.left)
        workers.run(.product(work), items: work.items)
    }

    private func normalization(_ norm: Norm, of x: UnsafeMutablePointer<Float>) -> Normalization {
        Normalization(
            x: x, stride: rowStride(configuration.hiddenSize), width: configuration.hiddenSize, weight: norm.weight,
            bias: norm.bias, eps: configuration.layerNormEps)
    }
}
