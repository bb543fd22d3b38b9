import KernelInterface

extension Session {
    /// One vector per text. -> vectors (texts, dimensions)
    package func embed(
        _ texts: TextList, options: EmbedOptions, into vectors: UnsafeMutableBufferPointer<Float>
    ) throws(LimbeckError) {
        let c = model.configuration
        let dimensions = try dimensions(options)
        let pooling = options.pooling ?? c.pooling ?? .mean
        if pooling == .pooler, model.weights.pooler == nil { throw LimbeckError(.unsupported, "the model has no pooler") }
        let normalizes = options.normalize ?? c.normalize
        try need(texts.count, by: dimensions, in: vectors.count)
        let length = try length(options.maxLength)
        let stride = rowStride(c.hiddenSize)

        try forEachBatch(of: texts, length: length) { batch throws(LimbeckError) in
            let out = vectors.baseAddress! + batch.lowerBound * dimensions
            for sequence in 0..<batch.count {
                let vector = out + sequence * dimensions
                let states = scratch.hidden + scratch.starts[sequence] * stride
                let count = scratch.starts[sequence + 1] - scratch.starts[sequence]
                switch pooling {
                case .mean: mean(states, stride, count, into: vector, dimensions)
                case .max: maximum(states, stride, count, into: vector, dimensions)
                case .cls: copy(count == 0 ? nil : states, to: vector, count: dimensions)
                case .pooler:
                    dense(
                        model.weights.pooler!, sequences: sequence..<sequence + 1, into: scratch.dense,
                        outStride: scratch.headStride)
                    copy(scratch.dense, to: vector, count: dimensions)
                }
                if normalizes { normalize(vector, dimensions) }
            }
        }
    }

    private func dimensions(_ options: EmbedOptions) throws(LimbeckError) -> Int {
        let all = model.embeddingSize
        guard 0...all ~= options.dimensions else {
            throw LimbeckError(.invalidArgument, "dimensions is \(options.dimensions), and the model has \(all)")
        }
        return options.dimensions == 0 ? all : options.dimensions
    }

    /// Throws `.capacity` unless `rows * width` numbers fit.
    func need(_ rows: Int, by width: Int, in capacity: Int) throws(LimbeckError) {
        let (count, overflow) = rows.multipliedReportingOverflow(by: width)
        guard !overflow, count <= capacity else {
            throw LimbeckError(.capacity, "\(rows) rows of \(width) numbers are needed, and there is room for \(capacity)")
        }
    }
}

// Pooling works element by element, so the vectors of the baseline CPU give the same bits as any other.

func mean(
    _ states: UnsafePointer<Float>, _ stride: Int, _ count: Int, into out: UnsafeMutablePointer<Float>, _ width: Int
) {
    out.update(repeating: 0, count: width)
    for token in 0..<count {
        let state = states + token * stride
        for i in 0..<width { out[i] += state[i] }
    }
    guard count > 0 else { return }
    for i in 0..<width { out[i] /= Float(count) }
}

private func maximum(
    _ states: UnsafePointer<Float>, _ stride: Int, _ count: Int, into out: UnsafeMutablePointer<Float>, _ width: Int
) {
    guard count > 0 else { return out.update(repeating: 0, count: width) }
    out.update(from: states, count: width)
    for token in 1..<count {
        let state = states + token * stride
        for i in 0..<width where out[i] < state[i] { out[i] = state[i] }
    }
}

/// x / max(|x|, 1e-12), as torch.nn.functional.normalize. The sum is taken in order, in double precision.
private func normalize(_ x: UnsafeMutablePointer<Float>, _ width: Int) {
    var squares = 0.0
    for i in 0..<width { squares += Double(x[i]) * Double(x[i]) }
    let norm = max(Float(squares.squareRoot()), 1e-12)
    for i in 0..<width { x[i] /= norm }
}
