import KernelInterface

/// `out[rows, panels] = activation(a w^T + bias + residual)`, and times `a g^T + gateBias` where there is a gate. A panel is walked by
/// all the rows of the block while it is warm in the cache; the activation follows while the block of outputs still is.
func product(_ pointer: UnsafePointer<Product>, rows: Range<Int>, panels: Range<Int>) {
    let job = pointer.pointee
    let a = job.a + rows.lowerBound * job.aStride
    for panel in panels {
        let column = panel * panelColumns
        let out = job.out + rows.lowerBound * job.outStride + column
        let bias0 = load(job.bias + column), bias1 = load(job.bias + column + 16)
        let residual = job.residual.map { $0 + (out - job.out) }
        multiply(
            a, stride: job.aStride, rows: rows.count, depth: job.depth, panel: job.panels + column * job.depth
        ) { row, half, sums in
            let place = row * job.outStride + half * 16
            var result = sums + (half == 0 ? bias0 : bias1)
            if let residual { result += load(residual + place) }
            store(result, out + place)
        }
        activate(out, stride: job.outStride, rows: rows.count, vectors: 2, job.activation)
        guard let gate = job.gate, let gateBias = job.gateBias else { continue }
        let gate0 = load(gateBias + column), gate1 = load(gateBias + column + 16)
        multiply(a, stride: job.aStride, rows: rows.count, depth: job.depth, panel: gate + column * job.depth) { row, half, sums in
            let place = out + row * job.outStride + half * 16
            store(load(place) * (sums + (half == 0 ? gate0 : gate1)), place)
        }
    }
}
