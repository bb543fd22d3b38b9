import KernelInterface
import Limbeck

/// The forward pass of a micro-batch as a list of operations, each of which can run backward. Gradients are added to, in the order of
/// the list reversed; every sum is a chain whose order depends on shapes alone.
///
/// With `Arena()` a tape measures: operations take memory and compute nothing.
package final class Tape {
    package let arena: Arena
    private let team: Team?
    private var operations: [Operation] = []
    /// The most scratch of any item, in floats.
    package private(set) var scratchFloats = 0
    /// Whether operations are recorded; a teacher's are not.
    package var isRecording = true
    /// For dropout: the seed, and the step.
    package var randomKey: (UInt32, UInt32) = (0, 0)

    package init(arena: Arena, team: Team?) { (self.arena, self.team) = (arena, team) }

    package var isMeasuring: Bool { arena.isMeasuring }
    package var kernels: Kernels { team.unsafelyUnwrapped.kernels }
    package var gradients: GradientKernels { team.unsafelyUnwrapped.gradients }
    package var threads: Int { team?.threads ?? 1 }

    /// Forgets the operations, and what was taken since `mark`.
    package func reset(to mark: Int = 0) {
        operations.removeAll(keepingCapacity: true)
        arena.release(to: mark)
    }

    package func record(_ operation: Operation) {
        if isRecording { operations.append(operation) }
    }

    /// Runs all operations backward.
    package func backward() {
        while let operation = operations.popLast() { operation.backward(self) }
    }

    /// A phase of the work: items 0..<items, each with `scratch` floats of its own.
    package func each(_ items: Int, scratch: Int = 0, _ body: Team.Body) {
        scratchFloats = max(scratchFloats, scratch)
        if let team, !isMeasuring { team.each(items, body) }
    }

    /// Pieces of 0..<count.
    package func each(_ count: Int, by size: Int, _ body: (Range<Int>) -> Void) {
        if let team, !isMeasuring { team.each(count, by: size, body) }
    }

    // Variables.

    /// A variable whose rows are not yet set. `room` columns past the width may be written.
    package func variable(_ rows: Int, _ width: Int, room: Int = 0, needsGradient: Bool = true) -> Variable {
        let stride = rowStride(width + room)
        return Variable(
            rows: rows, width: width, stride: stride, value: arena.take(Float.self, rows * stride),
            needsGradient: needsGradient && isRecording)
    }

    /// The gradient of a variable, zero at first.
    package func gradient(of variable: Variable) -> UnsafeMutablePointer<Float> {
        if let gradient = variable.gradient { return gradient }
        let gradient = arena.take(Float.self, variable.rows * variable.stride)
        each(variable.rows, by: Tape.passRows) {
            (gradient + $0.lowerBound * variable.stride).update(repeating: 0, count: $0.count * variable.stride)
        }
        variable.gradient = gradient
        return gradient
    }

    /// Rows per item of passes over whole rows.
    package static let passRows = 64
}

/// A matrix of activations, and its gradient as far as a loss depends on it.
package final class Variable {
    package let rows: Int
    package let width: Int
    package let stride: Int
    package let value: UnsafeMutablePointer<Float>  // (rows, width)
    /// Zero-filled on first use; nil: no loss depends on it.
    package var gradient: UnsafeMutablePointer<Float>?  // (rows, width)
    package let needsGradient: Bool

    package init(rows: Int, width: Int, stride: Int, value: UnsafeMutablePointer<Float>, needsGradient: Bool) {
        (self.rows, self.width, self.stride, self.value, self.needsGradient) = (rows, width, stride, value, needsGradient)
    }

    package func view(columns: Range<Int>? = nil) -> MatrixView {
        let columns = columns ?? 0..<width
        return MatrixView(x: value + columns.lowerBound, stride: stride, rows: rows, columns: columns.count)
    }
}

/// An operation that was run forward.
package class Operation {
    /// Adds to the gradients of its inputs and parameters, if its output has one.
    package func backward(_ tape: Tape) {}
}
