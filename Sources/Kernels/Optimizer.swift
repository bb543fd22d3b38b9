import KernelInterface

/// Of magnitudes: where the compiler sees that no number is negative, it takes the roots of whole vectors, else one at a time.
@inline(__always) private func squareRoot(_ x: Vector) -> Vector { magnitude(x).squareRoot() }

/// All rules of Adam as one, so that their loop exists once. What a rule does not do is a factor of 1 or a term of 0, which change no
/// bits. What is the same for all parameters is computed in double precision, as torch does, and rounded once.
///
///     q = m / (sqrt(v) / root + epsilon) + decay p
///     p <- (p shrink - step q), then p <- p - later p
private struct Adam {
    private var shrink: Float = 1
    private var root: Float = 1
    private var decay: Float = 0
    private var step: Float
    private var later: Float = 0
    private let epsilon: Float

    @inline(__always) init(_ job: ParameterUpdate) {
        let rate = Double(job.rate)
        (step, epsilon) = (job.rate, job.epsilon)
        switch job.rule {
        case .sgd: break
        case .adamW:  // torch.optim.AdamW, torch/optim/adamw.py
            shrink = Float(1 - rate * Double(job.decay))
            root = squareRoot(all(job.correction2))[0]
            step = Float(rate / Double(job.correction1))
        case .adamW2019:  // transformers 2, optimization.py: the epsilon is not corrected, and the decay comes last
            step = Float(rate * Double(squareRoot(all(job.correction2))[0]) / Double(job.correction1))
            later = Float(rate * Double(job.decay))
        case .bertAdam: decay = job.decay  // google-research/bert, optimization.py
        }
    }

    @inline(__always) func callAsFunction(_ p: Vector, _ m: Vector, _ v: Vector) -> Vector {
        let q = fma(p, all(decay), m / (squareRoot(v) / all(root) + all(epsilon)))
        let moved = fma(q, all(-step), p * all(shrink))
        return fma(moved, all(-later), moved)
    }
}

func update(_ pointer: UnsafePointer<ParameterUpdate>, range: Range<Int>) {
    let job = pointer.pointee, adam = Adam(job)
    // Whole vectors first: their loop has no branch.
    let end = range.lowerBound + range.count / 16 * 16, rest = range.upperBound - end
    var i = range.lowerBound
    if job.rule == .sgd {
        while i < end {
            descend(job, i, 16)
            i += 16
        }
        if rest > 0 { descend(job, i, rest) }
    } else {
        while i < end {
            step(job, i, 16, adam)
            i += 16
        }
        if rest > 0 { step(job, i, rest, adam) }
    }
}

@inline(__always) private func descend(_ job: ParameterUpdate, _ i: Int, _ count: Int) {
    let g = load(job.gradient + i, first: count) * all(job.factor), p = load(job.parameter + i, first: count)
    store(fma(g, all(-job.rate), p), job.parameter + i, first: count)
}

@inline(__always) private func step(_ job: ParameterUpdate, _ i: Int, _ count: Int, _ adam: Adam) {
    let g = load(job.gradient + i, first: count) * all(job.factor)
    let m = fma(load(job.first + i, first: count), all(job.beta1), g * all(job.rest1))
    let v = fma(g * all(job.rest2), g, load(job.second + i, first: count) * all(job.beta2))
    store(m, job.first + i, first: count)
    store(v, job.second + i, first: count)
    store(adam(load(job.parameter + i, first: count), m, v), job.parameter + i, first: count)
}
