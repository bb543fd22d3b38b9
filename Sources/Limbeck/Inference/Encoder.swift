import KernelInterface

/// The Transformer encoder (Vaswani et al. 2017; Devlin et al. 2019) over a packed batch. It runs one layer at a time, so that a
/// caller can inspect the state in between. A layer is a list of steps, which depends on the family; BERT's are
///
///     projected = hidden Wqkv + b,  context = attention(projected)
///     attended = LN(hidden + context Wo + b)
///     intermediate = act(attended W1 + b),  hidden = LN(attended + intermediate W2 + b)
package struct Encoder {
    let plan: Plan
    let workers: Workers
    let scratch: Scratch

    /// The state before the first layer. -> hidden (tokens, hidden)
    package func embed(_ batch: Batch) throws(LimbeckError) { try run(plan.embeddings, batch) }

    /// Runs a range of the layers in order. hidden -> hidden (tokens, hidden)
    package func run(_ batch: Batch, layers: Range<Int>) throws(LimbeckError) {
        for index in layers {
            for block in plan.layers[index] { try run(plan.blocks[block], batch) }
        }
    }

    /// Runs the steps of an exit, which leave the state as it is.
    func run(_ batch: Batch, exit: Exit<Packed>) throws(LimbeckError) {
        if let block = exit.block { try run(plan.blocks[block], batch) }
    }

    /// Drops finished sequences between two layers: their tokens, and their rows of the state. The remaining sequences are computed
    /// as if the others were still there.
    package func compact(_ batch: inout Batch, keeping isKept: (Int) -> Bool) {
        let hidden = scratch[.hidden]
        batch.compact(keeping: isKept) { from, to, count in
            (hidden.start + to * hidden.stride).update(from: hidden.start + from * hidden.stride, count: count * hidden.stride)
        }
    }

    /// A token's state. (hidden)
    package func state(_ token: Int) -> UnsafePointer<Float> { UnsafePointer(scratch.hidden + token * scratch[.hidden].stride) }

    @inline(never) private func run(_ steps: [Step<Packed>], _ batch: Batch) throws(LimbeckError) {
        guard batch.tokens > 0 else { return }
        for step in steps { try run(step, batch) }
    }

    /// One step over the whole batch.
    func run(_ step: Step<Packed>, _ batch: Batch) throws(LimbeckError) {
        switch step {
        case .embed(let step): try embed(step, batch)
        case .trigrams(let step): try trigrams(step, batch)
        case .product(let step): try product(step, rows: batch.tokens)
        case .normalize(let step): try normalize(step, rows: batch.tokens)
        case .rotate(let step): try rotate(step, batch)
        case .attention(let step): try attention(step, batch)
        }
    }

    private func embed(_ step: EmbeddingStep<Packed>, _ batch: Batch) throws(LimbeckError) {
        let out = scratch[step.into], tables = step.tables, tokens = batch.tokens
        let job = Embedding(
            ids: batch.ids, positions: batch.positions, types: batch.types, word: tables.word?.rows,
            position: tables.position?.rows, type: tables.type?.rows, width: step.width, out: out.start, outStride: out.stride,
            normalization: step.norm?.normalization(of: out.start, stride: out.stride))
        try workers.run(.embed(job, rows: tokens), items: pieces(tokens, Work.passRows))
    }

    private func trigrams(_ step: TrigramStep<Packed>, _ batch: Batch) throws(LimbeckError) {
        let out = scratch[step.into], tokens = batch.tokens
        let job = Trigrams(
            ids: batch.ids, positions: batch.positions, tokens: tokens, word: step.word.rows, width: step.width,
            out: out.start, outStride: out.stride)
        try workers.run(.trigrams(job), items: pieces(tokens, Work.passRows))
    }

    private func product(_ step: ProductStep<Packed>, rows: Int) throws(LimbeckError) {
        let (a, out) = (scratch[step.from], scratch[step.into])
        let start = out.start + step.column
        func integer(_ matrix: PackedLinear, _ codes: IntegerProduct.Codes, _ combination: Combination, _ activation: Activation)
            -> ProductWork.Operation
        {
            var job = IntegerProduct(
                a: scratch.inputBytes, depth: matrix.integerDepth, panels: codes, bias: matrix.bias, combination: combination,
                activation: activation, out: start, outStride: out.stride)
            job.panelDepth = matrix.integerPanelDepth
            return .integer(job)
        }
        @inline(never) func operation(_ matrix: PackedLinear, _ combination: Combination, _ activation: Activation = .identity)
            -> ProductWork.Operation
        {
            switch matrix.panels {
            case .float(let panels):
                var job = Product(
                    a: a.start, aStride: a.stride, depth: matrix.depth, panels: panels, bias: matrix.bias, combination: combination,
                    activation: activation, out: start, outStride: out.stride)
                job.panelDepth = matrix.panelDepth
                return .float(job)
            case .int8(let panels): return integer(matrix, .bytes(panels), combination, activation)
            case .int4(let panels): return integer(matrix, .nibbles(panels), combination, activation)
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
        // Both are as wide as the norm, so they have the same row stride.
        let (x, out) = (scratch[step.from], scratch[step.into])
        let job = step.norm.normalization(of: x.start, stride: x.stride, into: out.start)
        try workers.run(.normalize(job, rows: rows), items: pieces(rows, Work.passRows))
    }

    private func rotate(_ step: RotationStep, _ batch: Batch) throws(LimbeckError) {
        let projected = scratch[.projected], angles = plan.angles[step.table]
        let job = Rotation(
            x: projected.start, stride: projected.stride, heads: 2 * step.heads, headSize: step.headSize,
            half: angles.pairs, positions: batch.positions, table: angles.table)
        try workers.run(.rotate(job, rows: batch.tokens), items: pieces(batch.tokens, Work.passRows))
    }

    private func attention(_ step: AttentionStep<Packed>, _ batch: Batch) throws(LimbeckError) {
        let (spacing, size, bias) = (step.spacing, step.headSize, plan.distanceBias)
        let (projected, context) = (scratch[.projected], scratch[.context])
        let job = Attention(
            query: projected.start, key: projected.start + spacing, value: projected.start + 2 * spacing, stride: projected.stride,
            tokens: 0, headSize: size, scale: 1 / Float(size * (step.positions?.scores ?? 1)).squareRoot(), bias: bias?.table,
            biasStride: bias?.stride ?? 0, biasCenter: (bias?.span ?? 1) - 1, window: step.window ?? .max,
            positions: step.positions?.job, out: context.start, outStride: context.stride)
        let work = AttentionWork(
            job, isQuantized: plan.quantizesAttention && step.positions == nil, heads: step.heads, starts: batch.starts,
            sequences: batch.sequences,
            threads: workers.count, isInterruptible: workers.interruption.isPossible, firstItems: scratch.firstItems)
        try workers.run(.attention(work), items: work.items)
    }
}
