import KernelInterface

/// (x - mean) / sqrt(variance + eps) * weight + bias (Ba, Kiros, Hinton: "Layer Normalization", 2016). Without an epsilon,
/// x * weight + bias: the NoNorm of MobileBERT (Sun et al. 2020). UER, and so FastBERT, has (x - mean) / (deviation + eps), with the
/// unbiased standard deviation (its layers/layer_norm.py).
func normalize(_ pointer: UnsafePointer<Normalization>, rows: Range<Int>) {
    let job = pointer.pointee
    for row in rows { normalize(job, job.x + row * job.stride, into: job.out + row * job.stride) }
}

/// Not inlined: rows are long, so the call costs little.
@inline(never) func normalize(
    _ job: Normalization, _ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>
) {
    guard let eps = job.eps else {
        // Whole vectors: the weights are zero past the width, and the row is padded.
        for i in 0..<job.width.roundedUp(to: 16) / 16 {
            store(fma(load(x + i * 16), load(job.weight + i * 16), load(job.bias + i * 16)), out + i * 16)
        }
        return
    }
    let full = job.width / 16, rest = job.width % 16
    let count = Float(job.width)
    var sum = Vector()
    for i in 0..<full { sum += load(x + i * 16) }
    if rest > 0 { sum += keep(load(x + full * 16), first: rest, else: 0) }
    let mean = all(total(sum) / count)
    var squares = Vector()
    for i in 0..<full {
        let d = load(x + i * 16) - mean
        squares = fma(d, d, squares)
    }
    if rest > 0 {
        let d = keep(load(x + full * 16) - mean, first: rest, else: 0)
        squares = fma(d, d, squares)
    }
    let inverse =
        job.isUnbiased
        ? all(1 / ((total(squares) / (count - 1)).squareRoot() + eps)) : all(1 / (total(squares) / count + eps).squareRoot())
    for i in 0..<full {
        let d = (load(x + i * 16) - mean) * inverse
        store(fma(d, load(job.weight + i * 16), load(job.bias + i * 16)), out + i * 16)
    }
    if rest > 0 {
        let i = full * 16
        let d = keep((load(x + i) - mean) * inverse, first: rest, else: 0)
        store(fma(d, load(job.weight + i), load(job.bias + i)), out + i)
    }
}
