import KernelInterface
import Limbeck

/// out = activation(x W^T + b), for matrices whose outputs are side by side; with a gate, times x G^T + c.
package final class LinearOperation: Operation {
    private let x: Variable
    private let parts: [LinearSlice]
    private let activation: Activation
    private let before: Variable
    private var gate: (part: LinearSlice, values: Variable)?
    package let out: Variable

    package init(_ tape: Tape, _ x: Variable, _ parts: [LinearSlice], activation: Activation = .identity, gate: LinearSlice? = nil)
    {
        (self.x, self.parts, self.activation) = (x, parts, activation)
        let width = parts.reduce(0) { $0 + $1.outputs }
        // A GEMM of columns that begin inside a panel writes past the last one.
        let room = parts.count > 1 ? panelColumns : 0
        let keepsInputs = activation != .identity || gate != nil
        let isTrained = (parts + [gate].compactMap { $0 }).contains { $0.isTrained }
        out = tape.variable(x.rows, width, room: room, needsGradient: x.needsGradient || isTrained)
        before = keepsInputs && tape.isRecording ? tape.variable(x.rows, width, room: room) : out
        super.init()
        LinearOperation.forward(tape, x, parts, into: before)
        if activation != .identity || before !== out {
            let (before, out) = (before, out)
            tape.each(x.rows, by: Tape.passRows) { rows in
                let place = out.value + rows.lowerBound * out.stride
                if before !== out {
                    place.update(from: before.value + rows.lowerBound * out.stride, count: rows.count * out.stride)
                }
                tape.kernels.activateRows(place, out.stride, rows.count, out.width, activation)
            }
        }
        if let gate { multiply(tape, by: gate) }
        tape.record(self)
    }

    private func multiply(_ tape: Tape, by gate: LinearSlice) {
        let values = tape.variable(x.rows, out.width), out = out
        LinearOperation.forward(tape, x, [gate], into: values)
        self.gate = (gate, values)
        tape.each(x.rows, by: Tape.passRows) { rows in
            let place = rows.lowerBound * out.stride
            tape.gradients.multiply(values.value + place, out.value + place, rows.count * out.stride)
        }
    }

    private static func forward(_ tape: Tape, _ x: Variable, _ parts: [LinearSlice], into out: Variable) {
        var column = 0
        for part in parts {
            tape.product(
                x.value, aStride: x.stride, rows: x.rows, transposed: part.view, bias: part.biasValue,
                combination: .none, out: out.value + column, outStride: out.stride)
            column += part.outputs
        }
    }

    override package func backward(_ tape: Tape) {
        guard let gradient = out.gradient, out.needsGradient else { return }
        if let gate { backward(tape, gate.part, gate.values, gradient) }
        if activation != .identity {
            let (before, activation) = (before, activation)
            tape.each(out.rows, by: Tape.passRows) { rows in
                let place = rows.lowerBound * before.stride
                tape.gradients.activation(
                    before.value + place, gradient + place, before.stride, rows.count, before.width, activation)
            }
        }
        var column = 0
        for part in parts {
            LinearOperation.backward(tape, x, part, gradient + column, out.stride)
            column += part.outputs
        }
    }

    /// out = f(before) * gate: the gate's gradient is that of `out` times f(before), whose own is that of `out` times the gate.
    private func backward(_ tape: Tape, _ part: LinearSlice, _ values: Variable, _ gradient: UnsafeMutablePointer<Float>) {
        // It outlives what is taken after the mark.
        if x.needsGradient { _ = tape.gradient(of: x) }
        let mark = tape.arena.mark
        let own = tape.arena.take(Float.self, out.rows * out.stride)
        let (before, out, activation) = (before, out, activation)
        tape.each(out.rows, by: Tape.passRows) { rows in
            let place = rows.lowerBound * out.stride, count = rows.count * out.stride
            (own + place).update(from: before.value + place, count: count)
            tape.kernels.activateRows(own + place, out.stride, rows.count, out.width, activation)
            tape.gradients.multiply(gradient + place, own + place, count)
            tape.gradients.multiply(values.value + place, gradient + place, count)
        }
        LinearOperation.backward(tape, x, part, own, out.stride)
        tape.arena.release(to: mark)
    }

    /// With y = x W^T + b: dW += dy^T x, db += the sum of dy, dx += dy W.
    package static func backward(_ tape: Tape, _ x: Variable, _ part: LinearSlice, _ gradient: UnsafePointer<Float>, _ stride: Int)
    {
        let dy = MatrixView(x: gradient, stride: stride, rows: x.rows, columns: part.outputs)
        // Before the weights: the gradient of x outlives what they take.
        if x.needsGradient {
            let dx = tape.gradient(of: x)
            tape.addProduct(gradient, aStride: stride, rows: x.rows, part.view, out: dx, outStride: x.stride)
        }
        if let bias = part.bias, bias.isTrained {
            let sum = bias.addedGradient() + part.weight.firstRow
            tape.each(part.outputs, by: 64) { columns in
                withUnsafePointer(to: dy) { tape.gradients.sumColumns($0, columns, sum) }
            }
        }
        if part.weight.parameter.isTrained {
            let dW = part.weight.addedGradient()
            tape.addTransposedProduct(dy, x.view(columns: 0..<part.inputs), out: dW, outStride: part.weight.stride)
        }
    }
}
