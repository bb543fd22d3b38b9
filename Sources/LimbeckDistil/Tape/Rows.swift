import KernelInterface
import Limbeck

// Operations on whole rows.

/// out = LayerNorm(x); see `Normalization` of the kernels.
package final class NormOperation: Operation {
    private let x: Variable
    private let norm: NormSlice
    package let out: Variable

    package init(_ tape: Tape, _ x: Variable, _ norm: NormSlice) {
        (self.x, self.norm) = (x, norm)
        let isTrained = norm.weight.isTrained || norm.bias?.isTrained == true
        out = tape.variable(x.rows, x.width, needsGradient: x.needsGradient || isTrained)
        super.init()
        let job = Normalization(
            x: x.value, stride: x.stride, out: out.value, width: x.width, weight: norm.weight.value, bias: norm.biasValue,
            eps: norm.eps, isUnbiased: norm.isUnbiased)
        tape.each(x.rows, by: Tape.passRows) { rows in withUnsafePointer(to: job) { tape.kernels.normalize($0, rows) } }
        tape.record(self)
    }

    override package func backward(_ tape: Tape) {
        guard let gradient = out.gradient, out.needsGradient else { return }
        let dx = tape.gradient(of: x), mark = tape.arena.mark
        let job = NormalizationGradient(
            x: x.value, stride: x.stride, rows: x.rows, width: x.width, weight: norm.weight.value, eps: norm.eps,
            isUnbiased: norm.isUnbiased, outGradient: gradient, gradient: dx, statistics: tape.arena.take(Float.self, 2 * x.rows),
            weightGradient: norm.weight.isTrained ? norm.weight.addedGradient() : nil,
            biasGradient: norm.bias.flatMap { $0.isTrained ? $0.addedGradient() : nil })
        tape.each(x.rows, by: Tape.passRows) { rows in withUnsafePointer(to: job) { tape.gradients.normalization($0, rows) } }
        if job.weightGradient != nil || job.biasGradient != nil {
            tape.each(x.width.roundedUp(to: 16), by: 64) { columns in
                withUnsafePointer(to: job) { tape.gradients.normalizationWeights($0, columns) }
            }
        }
        tape.arena.release(to: mark)
    }
}

/// out = activation(x)
package final class ActivationOperation: Operation {
    private let x: Variable
    private let activation: Activation
    package let out: Variable

    package init(_ tape: Tape, _ x: Variable, _ activation: Activation) {
        (self.x, self.activation) = (x, activation)
        out = tape.variable(x.rows, x.width, needsGradient: x.needsGradient)
        super.init()
        let out = out
        tape.each(x.rows, by: Tape.passRows) { rows in
            for row in rows { (out.value + row * out.stride).update(from: x.value + row * x.stride, count: x.width) }
            tape.kernels.activateRows(out.value + rows.lowerBound * out.stride, out.stride, rows.count, out.width, activation)
        }
        tape.record(self)
    }

    override package func backward(_ tape: Tape) {
        guard let gradient = out.gradient, x.needsGradient else { return }
        let (x, out, activation) = (x, out, activation), dx = tape.gradient(of: x)
        tape.each(x.rows, by: Tape.passRows) { rows in
            for row in rows {
                let own = gradient + row * out.stride
                tape.gradients.activation(x.value + row * x.stride, own, out.stride, 1, out.width, activation)
                tape.gradients.add(own, dx + row * x.stride, x.width, 1)
            }
        }
    }
}

/// out = dropout(x) + residual; both optional.
package final class ResidualOperation: Operation {
    private let x: Variable
    private let residual: Variable?
    private let dropout: DropoutPlace?
    package let out: Variable

    package init(_ tape: Tape, _ x: Variable, residual: Variable?, dropout: DropoutPlace?) {
        (self.x, self.residual, self.dropout) = (x, residual, dropout)
        out = tape.variable(x.rows, x.width, needsGradient: x.needsGradient || residual?.needsGradient == true)
        super.init()
        let out = out
        if let dropout {
            let job = dropout.job(
                tape, x.value, x.stride, x.width, base: residual.map { UnsafePointer($0.value) }, out: out.value, out.stride)
            tape.each(x.rows, by: Tape.passRows) { rows in withUnsafePointer(to: job) { tape.gradients.dropout($0, rows) } }
        } else {
            tape.each(x.rows, by: Tape.passRows) { rows in
                for row in rows {
                    let place = out.value + row * out.stride
                    place.update(from: x.value + row * x.stride, count: x.width)
                    if let residual { tape.gradients.add(residual.value + row * residual.stride, place, x.width, 1) }
                }
            }
        }
        tape.record(self)
    }

    override package func backward(_ tape: Tape) {
        guard let gradient = out.gradient else { return }
        let (x, out) = (x, out)
        if let residual, residual.needsGradient {
            let target = tape.gradient(of: residual)
            tape.each(x.rows, by: Tape.passRows) { rows in
                for row in rows { tape.gradients.add(gradient + row * out.stride, target + row * residual.stride, x.width, 1) }
            }
        }
        guard x.needsGradient else { return }
        let dx = tape.gradient(of: x)
        if let dropout {
            let job = dropout.job(tape, gradient, out.stride, x.width, base: UnsafePointer(dx), out: dx, x.stride)
            tape.each(x.rows, by: Tape.passRows) { rows in withUnsafePointer(to: job) { tape.gradients.dropout($0, rows) } }
        } else {
            tape.each(x.rows, by: Tape.passRows) { rows in
                for row in rows { tape.gradients.add(gradient + row * out.stride, dx + row * x.stride, x.width, 1) }
            }
        }
    }
}

/// Where in a network dropout is, and which rows it meets.
package struct DropoutPlace {
    package var probability: Float
    /// The number of the place; unique in a network.
    package var site: UInt32
    package var addresses: UnsafePointer<RowAddress>

    package init(probability: Float, site: UInt32, addresses: UnsafePointer<RowAddress>) {
        (self.probability, self.site, self.addresses) = (probability, site, addresses)
    }

    package func job(
        _ tape: Tape, _ x: UnsafePointer<Float>, _ stride: Int, _ width: Int, base: UnsafePointer<Float>?,
        out: UnsafeMutablePointer<Float>, _ outStride: Int
    ) -> Dropout {
        Dropout(
            x: x, stride: stride, width: width, base: base, out: out, outStride: outStride, threshold: threshold, scale: scale,
            key: tape.randomKey, addresses: addresses, site: site)
    }

    package var threshold: UInt32 { UInt32(Double(probability) * 4_294_967_296) }
    package var scale: Float { 1 / (1 - probability) }
}

/// out[i] = x[rows[i]]
package final class GatherOperation: Operation {
    private let x: Variable
    private let rows: [Int]
    package let out: Variable

    package init(_ tape: Tape, _ x: Variable, rows: [Int]) {
        (self.x, self.rows) = (x, rows)
        out = tape.variable(rows.count, x.width, needsGradient: x.needsGradient)
        super.init()
        let out = out
        tape.each(rows.count, by: Tape.passRows) { range in
            for row in range { (out.value + row * out.stride).update(from: x.value + rows[row] * x.stride, count: x.width) }
        }
        tape.record(self)
    }

    override package func backward(_ tape: Tape) {
        guard let gradient = out.gradient, x.needsGradient else { return }
        let (x, out, rows) = (x, out, rows), dx = tape.gradient(of: x)
        tape.each(1) { _, _ in
            for row in 0..<rows.count { tape.gradients.add(gradient + row * out.stride, dx + rows[row] * x.stride, x.width, 1) }
        }
    }
}

/// out[i] = the sum of x over the tokens of sequence i times a factor: the mean, or the mean by the square root.
package final class PoolOperation: Operation {
    private let x: Variable
    private let starts: [Int]
    private let factors: [Float]
    package let out: Variable

    package init(_ tape: Tape, _ x: Variable, starts: [Int], factor: (_ tokens: Int) -> Float) {
        (self.x, self.starts) = (x, starts)
        factors = (1..<starts.count).map { factor(starts[$0] - starts[$0 - 1]) }
        out = tape.variable(starts.count - 1, x.width, needsGradient: x.needsGradient)
        super.init()
        let (out, factors) = (out, factors)
        tape.each(out.rows) { sequence, _ in
            let sum = out.value + sequence * out.stride
            sum.update(repeating: 0, count: out.width)
            for row in starts[sequence]..<starts[sequence + 1] {
                tape.gradients.add(x.value + row * x.stride, sum, x.width, factors[sequence])
            }
        }
        tape.record(self)
    }

    override package func backward(_ tape: Tape) {
        guard let gradient = out.gradient, x.needsGradient else { return }
        let (x, out, starts, factors) = (x, out, starts, factors), dx = tape.gradient(of: x)
        tape.each(out.rows) { sequence, _ in
            for row in starts[sequence]..<starts[sequence + 1] {
                tape.gradients.add(gradient + sequence * out.stride, dx + row * x.stride, x.width, factors[sequence])
            }
        }
    }
}

/// out = x / max(|x|, 1e-12), row by row, of the first `width` columns.
package final class UnitLengthOperation: Operation {
    private let x: Variable
    private let inverses: UnsafeMutablePointer<Float>
    package let out: Variable

    package init(_ tape: Tape, _ x: Variable, first width: Int? = nil) {
        self.x = x
        out = tape.variable(x.rows, width ?? x.width, needsGradient: x.needsGradient)
        inverses = tape.arena.take(Float.self, x.rows)
        super.init()
        let (out, inverses) = (out, inverses)
        tape.each(x.rows, by: Tape.passRows) { rows in
            for row in rows {
                let source = x.value + row * x.stride, place = out.value + row * out.stride
                inverses[row] = 1 / max(tape.gradients.dot(source, source, out.width).squareRoot(), 1e-12)
                place.update(repeating: 0, count: out.width)
                tape.gradients.add(source, place, out.width, inverses[row])
            }
        }
        tape.record(self)
    }

    /// dx = (dy - y (y . dy)) / |x|
    override package func backward(_ tape: Tape) {
        guard let gradient = out.gradient, x.needsGradient else { return }
        let (x, out, inverses) = (x, out, inverses), dx = tape.gradient(of: x)
        tape.each(x.rows, by: Tape.passRows) { rows in
            for row in rows {
                let y = out.value + row * out.stride, dy = gradient + row * out.stride, target = dx + row * x.stride
                let along = tape.gradients.dot(y, dy, out.width)
                tape.gradients.add(dy, target, out.width, inverses[row])
                tape.gradients.add(y, target, out.width, -along * inverses[row])
            }
        }
    }
}
