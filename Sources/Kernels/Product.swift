import KernelInterface

/// A matrix product, panel by panel, each walked by all the rows of the block while it is warm in the cache; see `Product`.
func product(_ pointer: UnsafePointer<Product>, rows: Range<Int>, panels: Range<Int>, scratch: UnsafeMutablePointer<Float>) {
    let job = pointer.pointee
    let a = job.a + rows.lowerBound * job.aStride
    let size = job.depth * panelColumns
    let isStreamed = rows.lowerBound < job.streamedRows
    for panel in panels {
        let column = panel * panelColumns
        let out = job.out + rows.lowerBound * job.outStride + column
        let weights: UnsafePointer<Float>, next: UnsafeRawBufferPointer
        switch job.panels {
        case .float32(let panels):
            weights = panels + column * job.depth
            next = UnsafeRawBufferPointer(start: weights + size, count: size * 4)
        case .float16(let panels):
            let halves = panels + column * job.depth
            for i in 0..<2 * job.depth { store(load(halves + i * 16), scratch + i * 16) }
            weights = UnsafePointer(scratch)
            next = UnsafeRawBufferPointer(start: halves + size, count: size * 2)
        }
        multiply(
            a, stride: job.aStride, rows: rows.count, depth: job.depth, panel: weights, upcoming: isStreamed ? next : nil,
            finish: ProductOutputs(job, rows.lowerBound * job.outStride + column, bias: job.bias + column))
        if job.activation != .identity { activate(out, stride: job.outStride, rows: rows.count, vectors: 2, job.activation) }
    }
}

private struct ProductOutputs: Finish {
    private let out: UnsafeMutablePointer<Float>
    private let stride: Int
    private let first: Int
    private let bias: (Vector, Vector)
    private let combination: Combination

    @inline(__always) init(_ job: Product, _ first: Int, bias: UnsafePointer<Float>) {
        (out, stride, combination) = (job.out, job.outStride, job.combination)
        self.first = first
        self.bias = (load(bias), load(bias + 16))
    }

    @inline(__always) func callAsFunction(_ row: Int, _ half: Int, _ sums: Vector) {
        let place = first + row * stride + half * 16
        var result = sums + (half == 0 ? bias.0 : bias.1)
        switch combination {
        case .none: break
        case .residual(let residual): result += load(residual + place)
        case .gate: result = load(out + place) * result
        }
        store(result, out + place)
    }
}
