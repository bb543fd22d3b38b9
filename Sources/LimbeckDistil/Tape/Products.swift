import KernelInterface
import Limbeck

// GEMMs over all threads. The right operand is packed into panels, which lie in the arena for the time of the product.

extension Tape {
    /// Rows and panels of a work item.
    private static let blockRows = 96

    /// out (rows, columns) = a (rows, depth) m^T + bias, + residual; whole panels of `out` are written.
    package func product(
        _ a: UnsafePointer<Float>, aStride: Int, rows: Int, transposed m: MatrixView, bias: UnsafePointer<Float>?,
        combination: Combination, out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        let mark = arena.mark, panels = pieces(m.rows, panelColumns)
        let packed = arena.take(Float.self, panels * panelColumns * m.columns)
        each(panels, by: 4) { range in
            withUnsafePointer(to: m) { gradients.packTransposed($0, range, packed) }
        }
        run(
            a, aStride, rows: rows, depth: m.columns, packed, panels: panels, bias: bias, combination, out: out,
            outStride: outStride)
        arena.release(to: mark)
    }

    /// out (rows, columns) += a (rows, depth) m; whole panels of `out` are written. Deep products are cut into chains of at most
    /// `chain` steps, so that a panel stays in the cache.
    package func addProduct(
        _ a: UnsafePointer<Float>, aStride: Int, rows: Int, _ m: MatrixView, out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        let mark = arena.mark, panels = pieces(m.columns, panelColumns)
        let packed = arena.take(Float.self, panels * panelColumns * min(m.rows, Tape.chain))
        var first = 0
        while first < m.rows {
            let depth = min(Tape.chain, m.rows - first)
            let part = MatrixView(x: m.x + first * m.stride, stride: m.stride, rows: depth, columns: m.columns)
            each(panels, by: 4) { range in
                withUnsafePointer(to: part) { gradients.packRows($0, range, packed) }
            }
            run(
                a + first, aStride, rows: rows, depth: depth, packed, panels: panels, bias: nil, .residual(UnsafePointer(out)),
                out: out, outStride: outStride)
            first += depth
        }
        arena.release(to: mark)
    }

    /// out (a.columns, b.columns) += a^T b, both with a row for each token.
    package func addTransposedProduct(_ a: MatrixView, _ b: MatrixView, out: UnsafeMutablePointer<Float>, outStride: Int) {
        let mark = arena.mark, stride = rowStride(a.rows)
        let transposed = arena.take(Float.self, a.columns * stride)
        each(a.columns, by: 32) { columns in
            withUnsafePointer(to: a) { gradients.transpose($0, columns, transposed, stride) }
        }
        addProduct(transposed, aStride: stride, rows: a.columns, b, out: out, outStride: outStride)
        arena.release(to: mark)
    }

    package static let chain = 512

    private func run(
        _ a: UnsafePointer<Float>, _ aStride: Int, rows: Int, depth: Int, _ packed: UnsafePointer<Float>, panels: Int,
        bias: UnsafePointer<Float>?, _ combination: Combination, out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        let mark = arena.mark
        let zeros = arena.take(Float.self, bias == nil ? panels * panelColumns : 0)
        if bias == nil, !isMeasuring { zeros.update(repeating: 0, count: panels * panelColumns) }
        // The panels of a group stay in the second-level cache while the blocks of rows pass.
        let group = max(1, min(panels, 256 * 1024 / (4 * depth * panelColumns)))
        let groups = pieces(panels, group), blocks = pieces(rows, Tape.blockRows)
        let job = Product(
            a: a, aStride: aStride, depth: depth, panels: .float32(packed), bias: bias ?? UnsafePointer(zeros),
            combination: combination, activation: .identity, out: out, outStride: outStride)
        each(groups * blocks) { item, scratch in
            let panels = cut(panels, group, item / blocks), rows = cut(rows, Tape.blockRows, item % blocks)
            withUnsafePointer(to: job) { kernels.product($0, rows, panels, scratch) }
        }
        arena.release(to: mark)
    }
}
