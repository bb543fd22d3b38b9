import KernelInterface

/// How a call computes vectors: the model's settings with the caller's options applied.
struct VectorPlan {
    /// Replaces the model's poolings.
    let pooling: Pooling?
    /// The number of stages that are run: all of the model's, or all but those at the end that only normalise.
    let stages: Int
    /// How many dimensions of a vector are kept, and whether the result is normalised.
    let kept: Int
    let normalizes: Bool

    init(_ options: EmbedOptions, _ session: __shared Session) throws(LimbeckError) {
        let steps = session.model.weights.vector
        guard 0...steps.width ~= options.dimensions else {
            throw LimbeckError(.invalidArgument, "dimensions is \(options.dimensions), and must be 0 to \(steps.width)")
        }
        pooling = options.pooling
        if let pooling {
            if pooling == .pooler, session.model.weights.pooler == nil { throw session.unable("has no pooler") }
            guard steps.poolings.count == 1 else {
                throw session.unable("has \(steps.poolings.count) poolings side by side, so it cannot use only one")
            }
        }
        kept = options.dimensions > 0 ? options.dimensions : steps.kept
        let last = steps.trailingUnitLengths
        // The caller's cut comes before the model's final normalisation, and the model's own cut after it.
        let waits = options.dimensions > 0 || options.normalize == false
        stages = steps.stages.count - (waits ? last : 0)
        let isDone = !waits && last > 0 && kept == steps.width
        normalizes = (options.normalize ?? (waits && last > 0)) && !isDone
    }
}

extension Session {
    /// Computes the vectors of sequences of the batch, at most `Scratch.headRows`, before the cut. -> (sequences, width),
    /// `headStride` apart
    func vectors(of sequences: Range<Int>, _ plan: VectorPlan, promptTokens: Int) throws(LimbeckError) -> UnsafeMutablePointer<
        Float
    > {
        let steps = model.weights.vector
        var (from, to) = (scratch.rows, scratch.dense)
        if plan.pooling == .pooler, let pooler = model.weights.pooler {
            try dense(pooler, sequences: sequences, into: to, outStride: scratch.headStride)
            swap(&from, &to)
        } else {
            pool(sequences, steps, plan.pooling, promptTokens: promptTokens)
        }
        var width = steps.poolings.count * model.configuration.hiddenSize
        for stage in steps.stages[..<plan.stages] {
            switch stage {
            case .dense(let layer, let isSigmoid, let addsInputs, let adds):
                width = layer.linear.outputs
                try apply(layer, rows: sequences.count, of: from, scratch.headStride, into: to, scratch.headStride)
                for row in 0..<sequences.count {
                    let (x, out) = (from + row * scratch.headStride, to + row * scratch.headStride)
                    if isSigmoid { sigmoid(out, width) }
                    var more = UnsafePointer(x)
                    if let adds {
                        try apply(adds, rows: 1, of: x, scratch.headStride, into: scratch.residual, scratch.headStride)
                        more = UnsafePointer(scratch.residual)
                    }
                    if addsInputs || adds != nil { for i in 0..<width { out[i] += more[i] } }
                }
                swap(&from, &to)
            case .norm(let norm):
                withUnsafePointer(to: norm.normalization(of: from, stride: scratch.headStride)) {
                    encoder.workers.kernels.normalize($0, 0..<sequences.count)
                }
            case .unitLength:
                for row in 0..<sequences.count { normalize(from + row * scratch.headStride, width) }
            }
        }
        return from
    }

    /// The vector of the only sequence of the batch, with the model's own settings.
    func vector() throws(LimbeckError) -> [Float] {
        let plan = try VectorPlan(EmbedOptions(), self)
        return Array(UnsafeBufferPointer(start: try vectors(of: 0..<1, plan, promptTokens: 0), count: plan.kept))
    }

    /// -> scratch.rows (sequences, poolings · hidden)
    private func pool(_ sequences: Range<Int>, _ steps: VectorSteps<Packed>, _ pooling: Pooling?, promptTokens: Int) {
        let hidden = model.configuration.hiddenSize, stride = rowStride(hidden)
        for (row, sequence) in sequences.enumerated() {
            let tokens = batch[sequence]
            let states = PooledStates(
                states: scratch.hidden + tokens.lowerBound * stride, stride: stride, count: tokens.count, width: hidden,
                skipped: steps.leavesPromptOut ? promptTokens : 0)
            var out = scratch.rows + row * scratch.headStride
            if let pooling {
                states.pool(pooling, into: out)
                continue
            }
            for place in 0..<steps.poolings.count {
                states.pool(steps.poolings[place], into: out)
                out += hidden
            }
        }
    }

    /// sigmoid(x) is the first of softmax(x, 0), with the kernels' own exp.
    func sigmoid(_ x: UnsafeMutablePointer<Float>, _ count: Int) {
        var pair = (Float(0), Float(0))
        withUnsafeMutablePointer(to: &pair) { pair in
            pair.withMemoryRebound(to: Float.self, capacity: 2) { pair in
                for i in 0..<count {
                    (pair[0], pair[1]) = (x[i], 0)
                    encoder.workers.kernels.softmax(pair, 2)
                    x[i] = pair[0]
                }
            }
        }
    }
}
