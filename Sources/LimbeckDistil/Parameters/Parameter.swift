import KernelInterface
import Limbeck

/// A tensor that may be trained: rows with a stride of whole panels, zero past the columns. A vector is one row.
package final class Parameter {
    package let name: String
    package let shape: [Int]
    package let rows: Int
    package let columns: Int
    package let stride: Int
    /// In the memory of its `Parameters`.
    package fileprivate(set) var value: UnsafeMutablePointer<Float>
    package fileprivate(set) var gradient: UnsafeMutablePointer<Float>
    package fileprivate(set) var first: UnsafeMutablePointer<Float>
    package fileprivate(set) var second: UnsafeMutablePointer<Float>
    /// Whether the stage trains it.
    package var isTrained = false
    /// Whether an operation has added to the gradient since it was cleared. A tensor without a gradient gets no step and no decay.
    package var hasGradient = false
    /// Steps of the optimiser.
    package var steps = 0

    package init(name: String, shape: [Int]) {
        (self.name, self.shape) = (name, shape)
        columns = shape.last ?? 1
        rows = shape.dropLast().reduce(1) { $0 * $1 }
        stride = columns.roundedUp(to: panelColumns)
        let none = UnsafeMutablePointer<Float>(bitPattern: 64)!
        (value, gradient, first, second) = (none, none, none, none)
    }

    /// Floats of its memory.
    package var count: Int { rows * stride }
    package var elements: Int { rows * columns }

    /// The gradient, to be added to.
    package func addedGradient() -> UnsafeMutablePointer<Float> {
        hasGradient = true
        return gradient
    }

    /// Reads its elements, row by row, into `out`.
    package func read(_ source: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
        for row in 0..<rows { (out + row * columns).update(from: source + row * stride, count: columns) }
    }

    /// Sets the elements of `values` or of a moment.
    package func write(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        for row in 0..<rows { (target + row * stride).update(from: source + row * columns, count: columns) }
    }
}

/// The parameters of a model and of its losses, with memory for gradients and moments if they are trained.
package final class Parameters {
    package private(set) var all: [Parameter] = []
    private var names = NameTable()
    private var memory: [Memory] = []

    package init() {}

    /// What a checkpoint keeps: the memory of values, and of the two moments.
    package var state: [(name: String, bytes: UnsafeRawBufferPointer)] {
        var state: [(name: String, bytes: UnsafeRawBufferPointer)] = []
        for (name, place) in [("values", 0), ("first", 2), ("second", 3)] where place < memory.count && memory[place].bytes > 0 {
            state.append((name, UnsafeRawBufferPointer(start: memory[place].base, count: memory[place].bytes)))
        }
        return state
    }

    package subscript(name: String) -> Parameter? { names[name].map { all[$0] } }

    /// A parameter, new unless there is one of that name.
    package func parameter(_ name: String, _ shape: [Int]) -> Parameter {
        if let known = self[name] { return known }
        let parameter = Parameter(name: name, shape: shape)
        _ = names.set(name, all.count)
        all.append(parameter)
        return parameter
    }

    package var elements: Int { all.reduce(0) { $0 + $1.elements } }

    private var floats: Int { all.reduce(0) { $0 + $1.count } }

    /// Bytes of values, and of gradients and two moments.
    package func bytes(isTrained: Bool) -> Int { floats * MemoryLayout<Float>.stride * (isTrained ? 4 : 1) }

    /// Gives all parameters memory, zeroed.
    package func allocate(isTrained: Bool) throws(LimbeckError) {
        func block() throws(LimbeckError) -> UnsafeMutablePointer<Float> {
            let block = try Memory(bytes: floats * MemoryLayout<Float>.stride)
            memory.append(block)
            return block.base.assumingMemoryBound(to: Float.self)
        }
        var value = try block()
        for parameter in all {
            parameter.value = value
            value += parameter.count
        }
        guard isTrained else { return }
        var (gradient, first, second) = (try block(), try block(), try block())
        for parameter in all {
            (parameter.gradient, parameter.first, parameter.second) = (gradient, first, second)
            gradient += parameter.count
            first += parameter.count
            second += parameter.count
        }
    }
}
