import KernelInterface

/// out[column] += the sum over the rows of m (rows, columns). Two vectors of columns at a time: each row gives two whole cache lines.
func sumColumns(_ pointer: UnsafePointer<MatrixView>, columns: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    let m = pointer.pointee
    var column = columns.lowerBound
    while column < columns.upperBound {
        let left = min(16, columns.upperBound - column), right = max(0, columns.upperBound - column - 16)
        let x = m.x + column
        var sum0 = Vector(), sum1 = Vector()
        for row in 0..<m.rows {
            sum0 += load(x + row * m.stride, first: left)
            if right > 0 { sum1 += load(x + row * m.stride + 16, first: right) }
        }
        store(load(out + column, first: left) + sum0, out + column, first: left)
        if right > 0 { store(load(out + column + 16, first: right) + sum1, out + column + 16, first: right) }
        column += 32
    }
}

/// y += factor * x
func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int, factor: Float) {
    var i = 0
    while i < count {
        let rest = count - i
        store(fma(load(x + i, first: rest), all(factor), load(y + i, first: rest)), y + i, first: rest)
        i += 16
    }
}

/// y *= x
func multiply(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    var i = 0
    while i < count {
        let rest = count - i
        store(load(y + i, first: rest) * load(x + i, first: rest), y + i, first: rest)
        i += 16
    }
}

func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Float {
    var sum = Vector(), i = 0
    while i < count {
        sum = fma(load(x + i, first: count - i), load(y + i, first: count - i), sum)
        i += 16
    }
    return total(sum)
}

/// The Jacobian of softmax is diag(p) - p p^T.
func softmaxGradient(_ p: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int) {
    let shift = all(dot(p, gradient, count: count))
    var i = 0
    while i < count {
        let rest = count - i
        store(load(p + i, first: rest) * (load(gradient + i, first: rest) - shift), gradient + i, first: rest)
        i += 16
    }
}

/// x * scale is rounded before the largest is subtracted, so that none is above it.
func exponentials(
    _ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, count: Int, scale: Float
) -> (shift: Float, sum: Float) {
    var most = all(-Float.infinity), i = 0
    while i < count {
        let scaled = load(x + i, first: count - i) * all(scale)
        most = larger(most, keep(scaled, first: count - i, else: -.infinity))
        i += 16
    }
    let shift = largest(most)
    var sum = Vector()
    i = 0
    while i < count {
        let rest = count - i
        let e = keep(exp(load(x + i, first: rest) * all(scale) - all(shift)), first: rest, else: 0)
        store(e, out + i, first: rest)
        sum += e
        i += 16
    }
    return (shift, total(sum))
}
