import KernelInterface

/// Statistics of the inputs x of one matrix, from the calibration texts: the maximum magnitude of each input, and the sum of x^T x.
///
/// A matrix deeper than `pieceDepth` is rounded in independent pieces, which bounds memory and time.
final class Moments {
    let pieces: [Piece]
    private(set) var largest: [Float]  // (depth), maximum of |x|

    /// Columns first..<first + size of the inputs.
    struct Piece {
        let first: Int
        let size: Int
        let moments: SymmetricMatrix
    }

    static let pieceDepth = 4096

    init(depth: Int) throws(LimbeckError) {
        var pieces: [Piece] = []
        for first in stride(from: 0, to: depth, by: Moments.pieceDepth) {
            let size = min(Moments.pieceDepth, depth - first)
            pieces.append(Piece(first: first, size: size, moments: try SymmetricMatrix(size: size)))
        }
        self.pieces = pieces
        largest = [Float](repeating: 0, count: depth)
    }

    /// Adds `rows` inputs, `stride` apart. Each sum is one chain over all rows ever added, in order.
    func add(_ x: UnsafePointer<Float>, stride: Int, rows: Int, workers: Workers) throws(LimbeckError) {
        for row in 0..<rows {
            let values = x + row * stride
            for k in largest.indices { largest[k] = max(largest[k], values[k].magnitude) }
        }
        for piece in pieces {
            try piece.moments.add(
                x + piece.first, stride: stride, rows: rows, kernels: workers.kernels, interruption: workers.interruption)
        }
    }
}

/// A symmetric matrix, later replaced by its Cholesky factor, padded with zeros to whole panels.
package struct SymmetricMatrix {
    let size: Int
    /// `size` in whole panels
    let padded: Int
    package let stride: Int
    package let values: UnsafeMutablePointer<Float>  // (padded, stride); until it is factored, the upper triangle
    private let memory: Memory

    /// The number of inputs that are added at a time.
    private static let chunk = 256

    package init(size: Int) throws(LimbeckError) {
        self.size = size
        padded = size.roundedUp(to: panelColumns)
        stride = rowStride(padded)
        memory = try Memory(bytes: padded * stride * 4)
        values = memory.base.bindMemory(to: Float.self, capacity: padded * stride)
    }

    var panels: Int { padded / panelColumns }

    /// += x^T x, by a GEMM: x^T as the left operand, and x packed into panels as the right one.
    package func add(
        _ x: UnsafePointer<Float>, stride xStride: Int, rows: Int, kernels: borrowing Kernels, interruption: Interruption? = nil
    ) throws(LimbeckError) {
        let chunk = SymmetricMatrix.chunk, columnStride = rowStride(chunk)
        var layout = Layout()
        _ = layout.take(Float.self, padded * columnStride + padded * chunk + padded)
        let memory = try Memory(bytes: layout.bytes)
        let columns = memory.base.bindMemory(to: Float.self, capacity: layout.bytes / 4)  // (padded, columnStride)
        let panels = columns + padded * columnStride  // (panels, rows of the chunk, 32)
        let zeros = panels + padded * chunk  // (padded)
        for first in Swift.stride(from: 0, to: rows, by: chunk) {
            let count = min(chunk, rows - first)
            try interruption?.check()
            for row in 0..<count {
                let values = x + (first + row) * xStride
                for k in 0..<size {
                    columns[k &* columnStride &+ row] = values[k]
                    panels[(k / panelColumns &* count &+ row) &* panelColumns &+ k % panelColumns] = values[k]
                }
                for k in size..<padded { panels[(k / panelColumns * count + row) * panelColumns + k % panelColumns] = 0 }
            }
            for panel in 0..<self.panels {
                let row = panel * panelColumns, out = values + row * stride + row
                kernels.multiply(
                    columns + row * columnStride, stride: columnStride, rows: panelColumns, by: panels + row * count, depth: count,
                    panels: self.panels - panel, bias: zeros, adding: true, into: out, stride: stride)
            }
        }
        withExtendedLifetime(memory) {}
    }

    /// A = D A D for the diagonal matrix D.
    func scale(by diagonal: UnsafePointer<Float>) {
        for i in 0..<size {
            let row = values + i * stride
            for j in i..<size { row[j] *= diagonal[i] * diagonal[j] }
        }
    }

    func diagonal(_ i: Int) -> Float { values[i * stride + i] }

    package var meanOfDiagonal: Float {
        var sum = 0.0
        for i in 0..<size { sum += Double(diagonal(i)) }
        return Float(sum / Double(size))
    }

    /// A += x I, including the padding.
    package func addToDiagonal(_ x: Float) {
        for i in 0..<padded { values[i * stride + i] += x }
    }
}

extension Kernels {
    /// GEMM: out (rows, panels * 32) = a w^T, or added to out. `bias` is zeros.
    func multiply(
        _ a: UnsafePointer<Float>, stride aStride: Int, rows: Int, by w: UnsafePointer<Float>, depth: Int, panels: Int = 1,
        bias: UnsafePointer<Float>, adding: Bool = false, into out: UnsafeMutablePointer<Float>, stride outStride: Int
    ) {
        let job = Product(
            a: a, aStride: aStride, depth: depth, panels: .float32(w), bias: bias, combination: adding ? .residual(out) : .none,
            activation: .identity,
            out: out, outStride: outStride)
        withUnsafePointer(to: job) { product($0, 0..<rows, 0..<panels, out) }
    }
}
