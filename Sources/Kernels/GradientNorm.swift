import KernelInterface

/// The inputs' gradient of LayerNorm; the formulas are at `NormalizationGradient`. With d = x - mean, all of them are
/// dx = (g - mean(g) - d k) / s, where k is mean(g d) / s^2, or sum(g d) / ((width - 1) deviation s).
func normalizationGradient(_ pointer: UnsafePointer<NormalizationGradient>, rows: Range<Int>) {
    let job = pointer.pointee
    for row in rows { normalizationGradient(job, row) }
}

/// The mean and s come from the same operations as in `normalize`.
@inline(never) private func normalizationGradient(_ job: NormalizationGradient, _ row: Int) {
    let x = job.x + row * job.stride, out = job.outGradient + row * job.stride, gradient = job.gradient + row * job.stride
    let statistics = job.statistics + 2 * row
    let vectors = job.width.roundedUp(to: 16) / 16
    // Of the last vector, only the first lanes count: the row's padding may be anything.
    let last = vectors - 1, rest = job.width - last * 16
    guard let eps = job.eps else {
        for i in 0..<vectors {
            let g = keep(load(out + i * 16), first: i == last ? rest : 16, else: 0)
            store(fma(g, load(job.weight + i * 16), load(gradient + i * 16)), gradient + i * 16)
        }
        (statistics[0], statistics[1]) = (0, 1)
        return
    }
    let count = Float(job.width)
    var sum = Vector()
    for i in 0..<last { sum += load(x + i * 16) }
    sum += keep(load(x + last * 16), first: rest, else: 0)
    let mean = total(sum) / count
    var squares = Vector(), sumG = Vector(), sumGD = Vector()
    for i in 0..<vectors {
        let lanes = i == last ? rest : 16
        let d = keep(load(x + i * 16) - all(mean), first: lanes, else: 0)
        let g = keep(load(out + i * 16) * load(job.weight + i * 16), first: lanes, else: 0)
        squares = fma(d, d, squares)
        sumG += g
        sumGD = fma(g, d, sumGD)
    }
    let inverse: Float, k: Float
    if job.isUnbiased {
        let deviation = (total(squares) / (count - 1)).squareRoot()
        inverse = 1 / (deviation + eps)
        // All inputs are equal: then so are all their differences from the mean, 0; torch too has no gradient of the deviation there.
        k = deviation == 0 ? 0 : total(sumGD) / ((count - 1) * deviation) * inverse
    } else {
        inverse = 1 / (total(squares) / count + eps).squareRoot()
        k = total(sumGD) / count * inverse * inverse
    }
    let meanG = all(total(sumG) / count)
    for i in 0..<vectors {
        let d = load(x + i * 16) - all(mean)
        let g = load(out + i * 16) * load(job.weight + i * 16)
        let dx = keep(fma(d, all(-k), g - meanG), first: i == last ? rest : 16, else: 0)
        store(fma(dx, all(inverse), load(gradient + i * 16)), gradient + i * 16)
    }
    (statistics[0], statistics[1]) = (mean, inverse)
}

/// weightGradient += the sum over the rows of dy x^, biasGradient += that of dy; two vectors of columns at a time, which is as many
/// chains as 16 registers hold.
func normalizationWeights(_ pointer: UnsafePointer<NormalizationGradient>, columns: Range<Int>) {
    let job = pointer.pointee
    var column = columns.lowerBound
    while column < columns.upperBound {
        let step = columns.upperBound - column > 16 ? 16 : 0  // without a second vector, the first one twice
        var weight0 = Vector(), weight1 = Vector(), bias0 = Vector(), bias1 = Vector()
        for row in 0..<job.rows {
            let place = row * job.stride + column
            let mean = all(job.statistics[2 * row]), inverse = all(job.statistics[2 * row + 1])
            let g0 = load(job.outGradient + place), g1 = load(job.outGradient + place + step)
            weight0 = fma((load(job.x + place) - mean) * inverse, g0, weight0)
            weight1 = fma((load(job.x + place + step) - mean) * inverse, g1, weight1)
            bias0 += g0
            bias1 += g1
        }
        add(job, column, weight0, bias0)
        if step > 0 { add(job, column + 16, weight1, bias1) }
        column += 32
    }
}

@inline(__always) private func add(_ job: NormalizationGradient, _ column: Int, _ weight: Vector, _ bias: Vector) {
    let rest = job.width - column
    if let gradient = job.weightGradient {
        store(load(gradient + column) + keep(weight, first: rest, else: 0), gradient + column)
    }
    if let gradient = job.biasGradient { store(load(gradient + column) + keep(bias, first: rest, else: 0), gradient + column) }
}
