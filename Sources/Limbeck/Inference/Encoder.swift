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
        case .embed(let tables, let into, let norm): try embed(tables, into: into, norm: norm, tokens: tokens)
        case .trigrams(let word, let into): try trigrams(word, into: into, tokens: tokens)
        case .product(let matrix, let from, let into, let column, let activation, let gate, let residual, let norm):
            try product(
                matrix, from: from, into: into, column: column, activation: activation, gate: gate, residual: residual,
                norm: norm, rows: tokens)
        case .normalize(let norm, let from, let into): try normalize(norm, from: from, into: into, rows: tokens)
        case .rotate(let table): try rotate(weights.rotaries[table], rows: tokens)
        case .attention(let window, let positions):
            try attention(sequences: sequences, window: window, positions: positions)
        }
    }

    private func embed(_ tables: EmbeddingTables<PackedTable>, into: Buffer, norm: PackedNorm?, tokens: Int) throws(LimbeckError) {
        let out = scratch[into]
        let width = (tables.word ?? tables.position ?? tables.type)?.width ?? 0
        let job = Embedding(
            ids: scratch.ids, positions: scratch.positions, types: scratch.types, word: tables.word?.rows,
            position: tables.position?.rows, type: tables.type?.rows, width: width, out: out.start, outStride: out.stride,
            normalization: norm?.normalization(of: out.start, stride: out.stride))
        try workers.run(.embed(job, rows: tokens), items: pieces(tokens, Work.passRows))
    }

    private func trigrams(_ word: PackedTable, into: Buffer, tokens: Int) throws(LimbeckError) {
        let out = scratch[into]
        let job = Trigrams(
            ids: scratch.ids, positions: scratch.positions, tokens: tokens, word: word.rows, width: word.width, out: out.start,
            outStride: out.stride)
        try workers.run(.trigrams(job), items: pieces(tokens, Work.passRows))
    }

    private func product(
        _ matrix: PackedLinear, from: Buffer, into: Buffer, column: Int, activation: Activation, gate: PackedLinear?,
        residual: Buffer?, norm: PackedNorm?, rows: Int
    ) throws(LimbeckError) {
        let (a, out) = (scratch[from], scratch[into])
        let start = out.start + column
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
            Quantization(x: a.start, stride: a.stride, width: matrix.depth, smoothing: smoothing, rows: scratch.inputBytes)
        }
        let quantization: Quantization? =
            switch matrix.panels {
            case .float: nil
            case .int8(let panels): bytes(smoothing: panels.smoothing)
            case .int4(let panels): bytes(smoothing: panels.smoothing)
            }
        let work = ProductWork(
            operation(matrix, residual.map { .residual(scratch[$0].start) } ?? .none, activation),
            gate: gate.map { operation($0, .gate) }, of: quantization, weights: matrix, rows: rows,
            normalization: norm?.normalization(of: start, stride: out.stride), threads: workers.count,
            kernels: workers.kernels, blocks: scratch.blocks)
        try workers.run(.product(work), items: work.items)
    }

    private func normalize(_ norm: PackedNorm, from: Buffer, into: Buffer, rows: Int) throws(LimbeckError) {
        // Both are as wide as the norm, so their rows are as far apart.
        let (x, out) = (scratch[from], scratch[into])
        let job = norm.normalization(of: x.start, stride: x.stride, into: out.start)
        try workers.run(.normalize(job, rows: rows), items: pieces(rows, Work.passRows))
    }

    private func rotate(_ rotary: PackedRotary, rows: Int) throws(LimbeckError) {
        let projected = scratch[.projected]
        let job = Rotation(
            x: projected.start, stride: projected.stride, heads: 2 * configuration.attentionHeads,
            headSize: configuration.headSize, half: rotary.pairs, positions: scratch.positions, table: rotary.table)
        try workers.run(.rotate(job, rows: rows), items: pieces(rows, Work.passRows))
    }

    private func attention(sequences: Int, window: Int?, positions: PackedDisentangled?) throws(LimbeckError) {
        let c = configuration
        let width = c.attentionHeads * c.headSize
        let (projected, context) = (scratch[.projected], scratch[.context])
        let job = Attention(
            query: projected.start, key: projected.start + width, value: projected.start + 2 * width, stride: projected.stride,
            tokens: 0, headSize: c.headSize, scale: 1 / Float(c.headSize * (positions?.scores ?? 1)).squareRoot(),
            bias: weights.relativeBias?.table,
            biasStride: weights.relativeBias?.stride ?? 0, biasCenter: (weights.relativeBias?.span ?? 1) - 1,
            window: window ?? .max, positions: positions?.job, out: context.start, outStride: context.stride)
        let work = AttentionWork(
            job, inBytes: attendsInBytes && positions == nil, heads: c.attentionHeads, starts: scratch.starts, sequences: sequences,
            threads: workers.count, isInterruptible: workers.interruption.isPossible, firstItems: scratch.firstItems)
        try workers.run(.attention(work), items: work.items)
    }
}
