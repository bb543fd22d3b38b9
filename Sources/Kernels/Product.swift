import KernelInterface

/// `out[rows, panels] = activation(a w^T + bias) + residual`. A panel is walked by all the rows of the block while it is warm in
/// the cache; bias, activation and residual follow while the block of outputs still is.
func product(_ pointer: UnsafePointer<Product>, rows: Range<Int>, panels: Range<Int>) {
    let job = pointer.pointee
    let a = job.a + rows.lowerBound * job.aStride
    for panel in panels {
        let column = panel * panelColumns
        let out = job.out + rows.lowerBound * job.outStride + column
        let bias0 = load(job.bias + column), bias1 = load(job.bias + column + 16)
        multiply(
            a, stride: job.aStride, rows: rows.count, depth: job.depth, panel: job.panels + column * job.depth
        ) { row, half, sums in
            store(sums + (half == 0 ? bias0 : bias1), out + row * job.outStride + half * 16)
        }
        activate(out, stride: job.outStride, rows: rows.count, vectors: 2, job.activation)
        guard let residual = job.residual else { continue }
        add(residual + (out - job.out), to: out, stride: job.outStride, rows: rows.count)
    }
}

/// One panel's width of the residual.
@inline(__always) private func add(
    _ residual: UnsafePointer<Float>, to out: UnsafeMutablePointer<Float>, stride: Int, rows: Int
) {
    for row in 0..<rows {
        let left = row * stride, right = left + 16
        store(load(out + left) + load(residual + left), out + left)
        store(load(out + right) + load(residual + right), out + right)
    }
}
