// Pooling works element by element, so the vectors of the baseline CPU give the same bits as any others.

/// A sequence's states, and the number of first tokens excluded from pooling: those of a prompt.
struct PooledStates {
    var states: UnsafePointer<Float>  // (count, stride)
    var stride: Int
    var count: Int
    var width: Int
    var skipped = 0

    /// -> out (width). Zeros if no token takes part.
    @inline(never) func pool(_ pooling: Pooling, into out: UnsafeMutablePointer<Float>) {
        let first = min(skipped, count), tokens = Float(count - first)
        switch pooling {
        case .mean: add(from: first, into: out, divideBy: tokens)
        case .meanSqrtLenTokens: add(from: first, into: out, divideBy: tokens.squareRoot())
        case .weightedMean: add(from: first, into: out, divideBy: nil)
        // If a prompt fills the sequence, sentence-transformers takes its first token.
        case .cls, .pooler: copy(first < count ? first : 0, if: count > 0, into: out)
        case .lastToken: copy(count - 1, if: first < count, into: out)
        case .max:
            copy(first, if: first < count, into: out)
            for token in first..<count {
                let state = states + token * stride
                for i in 0..<width where out[i] < state[i] { out[i] = state[i] }
            }
        }
    }

    private func copy(_ token: Int, if isThere: Bool, into out: UnsafeMutablePointer<Float>) {
        if isThere { out.update(from: states + token * stride, count: width) } else { out.update(repeating: 0, count: width) }
    }

    /// The sum of the states, divided by `divisor`. Without a divisor, the sum of the states weighted by their positions in the
    /// whole sequence, from 1, divided by the sum of the positions.
    private func add(from first: Int, into out: UnsafeMutablePointer<Float>, divideBy divisor: Float?) {
        out.update(repeating: 0, count: width)
        var weights = 0
        for token in first..<count {
            let state = states + token * stride, weight = divisor == nil ? token + 1 : 1
            // Multiplication by one is exact.
            for i in 0..<width { out[i] += state[i] * Float(weight) }
            weights += weight
        }
        guard first < count else { return }
        for i in 0..<width { out[i] /= divisor ?? Float(weights) }
    }
}

func mean(
    _ states: UnsafePointer<Float>, _ stride: Int, _ count: Int, into out: UnsafeMutablePointer<Float>, _ width: Int
) {
    PooledStates(states: states, stride: stride, count: count, width: width).pool(.mean, into: out)
}

/// x / max(|x|, 1e-12), as torch.nn.functional.normalize. The sum is taken in order, in double precision.
@inline(never) func normalize(_ x: UnsafeMutablePointer<Float>, _ width: Int) {
    var squares = 0.0
    for i in 0..<width { squares += Double(x[i]) * Double(x[i]) }
    let norm = max(Float(squares.squareRoot()), 1e-12)
    for i in 0..<width { x[i] /= norm }
}
