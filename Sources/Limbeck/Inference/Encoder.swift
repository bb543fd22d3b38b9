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
    let attendsInBytes: Bool

    /// The state before the first layer, from the ids, positions and types in the scratch. -> hidden (tokens, hidden)
    func embed(tokens: Int, sequences: Int) throws(LimbeckError) {
        try run(weights.embeddings, tokens: tokens, sequences: sequences)
    }

    /// One layer over the whole batch. hidden -> hidden (tokens, hidden)
    func layer(_ index: Int, tokens: Int, sequences: Int) throws(LimbeckError) {
        for block in weights.layers[index] { try run(weights.blocks[block], tokens: tokens, sequences: sequences) }
    }

    /// Embedding and the first `layers` layers.
    func run(tokens: Int, sequences: Int, layers: Int) throws(LimbeckError) {
        try embed(tokens: tokens, sequences: sequences)
        for index in 0..<layers { try layer(index, tokens: tokens, sequences: sequences) }
    }

    private func run(_ steps: [Step<Packed>], tokens: Int, sequences: Int) throws(LimbeckError) {
        for step in steps { try run(step, tokens: tokens, sequences: sequences) }
    }

    /// One step over the whole batch.
    func run(_ step: Step<Packed>, tokens: Int, sequences: Int) throws(LimbeckError) {
        switch step {
        case .embed(let step): try embed(step, tokens: tokens)
        case .trigrams(let step): try trigrams(step, tokens: tokens)
        case .product(let step): try product(step, rows: tokens)
        case .normalize(let step): try normalize(step, rows: tokens)
        case .rotate(let step): try rotate(step, rows: tokens)
        case .attention(let step): try attention(step, sequences: sequences)
        }
    }

    private func embed(_ step: EmbeddingStep<Packed>, tokens: Int) throws(LimbeckError) {
        let out = scratch[step.into], tables = step.tables
        let job = Embedding(
            ids: scratch.ids, positions: scratch.positions, types: scratch.types, word: tables.word?.rows,
            position: tables.position?.rows, type: tables.type?.rows, width: step.width, out: out.start, outStride: out.stride,
            normalization: step.norm?.normalization(of: out.start, stride: out.stride))
        try workers.run(.embed(job, rows: tokens), items: pieces(tokens, Work.passRows))
    }

    private func trigrams(_ step: TrigramStep<Packed>, tokens: Int) throws(LimbeckError) {
        let out = scratch[step.into]
        let job = Trigrams(
            ids: scratch.ids, positions: scratch.positions, tokens: tokens, word: step.word.rows, width: step.width,
            out: out.start, outStride: out.stride)
        try workers.run(.trigrams(job), items: pieces(tokens, Work.passRows))
    }

    private func product(_ step: ProductStep<Packed>, rows: Int) throws(LimbeckError) {
        let (a, out) = (scratch[step.from], scratch[step.into])
        let start = out.start + step.column
        func integer(_ matrix: PackedLinear, _ codes: IntegerProduct.Codes, _ combination: Combination, _ activation: Activation)
            -> ProductWork.Operation
        {
            .integer(
                IntegerProduct(
                    a: scratch.inputBytes, depth: matrix.integerDepth, panels: codes, bias: matrix.bias, combination: combination,
                    activation: activation, out: start, outStride: out.stride))
        }
        func operation(_ matrix: PackedLinear, _ combination: Combination, _ activation: Activation = .identity)
            -> ProductWork.Operation
        {
            switch matrix.panels {
            case .float(let panels):
                .float(
                    Product(
                        a: a.start, aStride: a.stride, depth: matrix.depth, panels: panels, bias: matrix.bias,
                        combination: combination, activation: activation, out: start, outStride: out.stride))
            case .int8(let panels): integer(matrix, .bytes(panels), combination, activation)
            case .int4(let panels): integer(matrix, .nibbles(panels), combination, activation)
            }
        }
        func bytes(smoothing: UnsafePointer<Float>?) -> Quantization {
            Quantization(x: a.start, stride: a.stride, width: step.depth, smoothing: smoothing, rows: scratch.inputBytes)
        }
        let quantization: Quantization? =
            switch step.matrix.panels {
            case .float: nil
            case .int8(let panels): bytes(smoothing: panels.smoothing)
            case .int4(let panels): bytes(smoothing: panels.smoothing)
            }
        let work = ProductWork(
            operation(step.matrix, step.residual.map { .residual(scratch[$0].start) } ?? .none, step.activation),
            gate: step.gate.map { operation($0, .gate) }, of: quantization, weights: step.matrix, rows: rows,
            normalization: step.norm?.normalization(of: start, stride: out.stride), threads: workers.count,
            kernels: workers.kernels, blocks: scratch.blocks)
        try workers.run(.product(work), items: work.items)
    }

    private func normalize(_ step: NormalizationStep<Packed>, rows: Int) throws(LimbeckError) {
        // Both are as wide as the norm, so their rows are as far apart.
        let (x, out) = (scratch[step.from], scratch[step.into])
        let job = step.norm.normalization(of: x.start, stride: x.stride, into: out.start)
        try workers.run(.normalize(job, rows: rows), items: pieces(rows, Work.passRows))
    }

    private func rotate(_ step: RotationStep, rows: Int) throws(LimbeckError) {
        let projected = scratch[.projected], angles = weights.angles[step.table]
        let job = Rotation(
            x: projected.start, stride: projected.stride, heads: 2 * step.heads, headSize: step.headSize,
            half: angles.pairs, positions: scratch.positions, table: angles.table)
        try workers.run(.rotate(job, rows: rows), items: pieces(rows, Work.passRows))
    }

    private func attention(_ step: AttentionStep<Packed>, sequences: Int) throws(LimbeckError) {
        let (width, size, bias) = (step.width, step.headSize, weights.distanceBias)
        let (projected, context) = (scratch[.projected], scratch[.context])
        let job = Attention(
            query: projected.start, key: projected.start + width, value: projected.start + 2 * width, stride: projected.stride,
            tokens: 0, headSize: size, scale: 1 / Float(size * (step.positions?.scores ?? 1)).squareRoot(), bias: bias?.table,
            biasStride: bias?.stride ?? 0, biasCenter: (bias?.span ?? 1) - 1, window: step.window ?? .max,
            positions: step.positions?.job, out: context.start, outStride: context.stride)
        let work = AttentionWork(
            job, inBytes: attendsInBytes && step.positions == nil, heads: step.heads, starts: scratch.starts, sequences: sequences,
            threads: workers.count, isInterruptible: workers.interruption.isPossible, firstItems: scratch.firstItems)
        try workers.run(.attention(work), items: work.items)
    }
}
