import KernelInterface

extension SymmetricMatrix {
    /// Cholesky factorisation A = L L^T, in place: L in the lower triangle, L^T in the upper one. False if A is not positive
    /// definite in float32; the contents are then undefined.
    ///
    /// By panels of columns: the contribution of the columns before a panel is one GEMM for all rows below.
    package func factor(kernels: borrowing Kernels, interruption: Interruption? = nil) throws(LimbeckError) -> Bool {
        let width = panelColumns
        var layout = Layout()
        _ = layout.take(Float.self, padded * padded + padded * width + width * width + width)
        let memory = try Memory(bytes: layout.bytes)
        let factors = memory.base.bindMemory(to: Float.self, capacity: layout.bytes / 4)  // (panels, padded, 32): L^T
        let block = factors + padded * padded  // (padded, 32)
        let diagonal = block + padded * width  // (32, 32), L^T of the panel
        let zeros = diagonal + width * width  // (32)
        for panel in 0..<panels {
            let first = panel * width, rows = padded - first
            try interruption?.check()
            if first > 0 {
                kernels.multiply(
                    values + first * stride, stride: stride, rows: rows, by: factors + panel * width * padded, depth: first,
                    bias: zeros, into: block, stride: width)
            }
            for row in 0..<rows {
                let sums = block + row * width
                for k in 0..<width { sums[k] = values[(first &+ k) &* stride &+ first &+ row] - sums[k] }
            }
            guard SymmetricMatrix.factorDiagonal(block) else { return false }
            for row in 0..<width {
                for k in 0...row { diagonal[k * width + row] = block[row * width + k] }
            }
            for row in width..<max(width, rows) { SymmetricMatrix.substitute(diagonal, into: block + row * width) }
            for row in 0..<rows {
                let i = first + row, source = block + row * width
                for k in 0..<min(width, row + 1) {
                    values[i &* stride &+ first &+ k] = source[k]
                    values[(first &+ k) &* stride &+ i] = source[k]
                    factors[(i / width &* padded &+ first &+ k) &* width &+ i % width] = source[k]
                }
            }
        }
        withExtendedLifetime(memory) {}
        return true
    }

    /// The Cholesky factor of the first 32 rows; only the lower triangle is read.
    private static func factorDiagonal(_ block: UnsafeMutablePointer<Float>) -> Bool {
        for k in 0..<panelColumns {
            let pivot = block[k * panelColumns + k]
            guard pivot > 0, pivot.isFinite else { return false }
            block[k * panelColumns + k] = pivot.squareRoot()
            for row in k + 1..<panelColumns {
                block[row * panelColumns + k] /= block[k * panelColumns + k]
            }
            for row in k + 1..<panelColumns {
                for j in k + 1...row {
                    block[row * panelColumns + j] -= block[row * panelColumns + k] * block[j * panelColumns + k]
                }
            }
        }
        return true
    }
    /// A row of L below a panel's diagonal: solves x L^T = row for x.
    private static func substitute(_ diagonal: UnsafePointer<Float>, into row: UnsafeMutablePointer<Float>) {
        for k in 0..<panelColumns {
            let factors = diagonal + k * panelColumns
            let x = row[k] / factors[k]
            row[k] = x
            for j in k &+ 1..<panelColumns { row[j] -= x * factors[j] }
        }
    }
}
