import KernelInterface

/// The Transformer encoder (Vaswani et al. 2017; Devlin et al. 2019) over a packed batch: sequences stand back to back, without
/// padding. One layer at a time, so that a caller can look at the state in between. What a layer does is a list of steps, which the
/// families differ in; BERT's are
///
///     projected = hidden Wqkv + b,  context = attention(projected)
///     attended = LN(hidden + context Wo + b)
///     intermediate = act(attended W1 + b),  hidden = LN(attended + intermediate W2 + b)
struct Encoder {
    let configuration: Configuration
    let weights: Weights
    let workers: Workers
    let scratch: Scratch

    /// The state before the first layer, from the ids, positions and types in the scratch. -> hidden (tokens, hidden)
    func embed(tokens: Int) {
        let embedding = weights.embedding
        let into: Buffer = embedding.projection == nil ? .hidden : .embedded
        let job = Embedding(
            ids: scratch.ids, positions: scratch.positions, types: scratch.types, word: embedding.word,
            position: embedding.position, type: embedding.type,
            normalization: normalization(embedding.norm, of: into, width: configuration.embeddingSize))
        workers.run(.embed(job, rows: tokens), items: pieces(tokens, Work.embedRows))
        if let projection = embedding.projection {
            product(projection, from: .embedded, into: .hidden, activation: .identity, residual: nil, norm: nil, rows: tokens)
        }
    }

    /// One layer over the whole batch. hidden -> hidden (tokens, hidden)
    func layer(_ index: Int, tokens: Int, sequences: Int) {
        for block in weights.layers[index] {
            for step in weights.blocks[block] {
                switch step {
                case .product(let matrix, let from, let into, let activation, let residual, let norm):
                    product(
                        matrix, from: from, into: into, activation: activation, residual: residual, norm: norm, rows: tokens)
                case .attention: attention(sequences: sequences)
                }
            }
        }
    }

    /// Embedding and the first `layers` layers.
    func run(tokens: Int, sequences: Int, layers: Int) {
        embed(tokens: tokens)
        for index in 0..<layers { layer(index, tokens: tokens, sequences: sequences) }
    }

    private func attention(sequences: Int) {
        let c = configuration
        let width = c.attentionHeads * c.headSize
        let (projected, context) = (scratch[.projected], scratch[.context])
        let job = Attention(
            query: projected.start, key: projected.start + width, value: projected.start + 2 * width, stride: projected.stride,
            tokens: 0, headSize: c.headSize, scale: 1 / Float(c.headSize).squareRoot(), bias: weights.relativeBias?.table,
            biasStride: weights.relativeBias?.stride ?? 0, biasCenter: (weights.relativeBias?.span ?? 1) - 1,
            out: context.start, outStride: context.stride)
        let work = AttentionWork(
            job, heads: c.attentionHeads, starts: scratch.starts, sequences: sequences, threads: workers.count,
            firstItems: scratch.firstItems)
        workers.run(.attention(work), items: work.items)
    }

    private func product(
        _ matrix: PackedLinear, from: Buffer, into: Buffer, activation: Activation, residual: Buffer?, norm: Norm?, rows: Int
    ) {
        let (a, out) = (scratch[from], scratch[into])
        let job = Product(
            a: a.start, aStride: a.stride, depth: matrix.depth, panels: matrix.panels, bias: matrix.bias,
            activation: activation, residual: residual.map { UnsafePointer(scratch[$0].start) }, out: out.start,
            outStride: out.stride)
        let work = ProductWork(
            job, rows: rows, weights: matrix,
            normalization: norm.map { normalization($0, of: into, width: matrix.columns) }, threads: workers.count,
            left: scratch.left)
        workers.run(.product(work), items: work.items)
    }

    private func normalization(_ norm: Norm, of buffer: Buffer, width: Int) -> Normalization {
        let x = scratch[buffer]
        return Normalization(
            x: x.start, stride: x.stride, width: width, weight: norm.weight, bias: norm.bias, eps: configuration.layerNormEps)
    }
}
