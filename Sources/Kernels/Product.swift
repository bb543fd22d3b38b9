import CPlatform
import KernelInterface

/// GEMM, panel by panel: all rows of the block use a panel while it is in the cache; see `Product`.
func product(_ pointer: UnsafePointer<Product>, rows: Range<Int>, panels: Range<Int>, scratch: UnsafeMutablePointer<Float>) {
    let job = pointer.pointee
    let a = job.a + rows.lowerBound * job.aStride
    let size = job.depth * panelColumns, step = job.panelDepth * panelColumns
    // During the first block, and where a group has one panel only, the next panel is still in memory.
    let isStreamed = rows.lowerBound < job.blockStep || job.groupPanels == 1
    for panel in panels {
        let column = panel * panelColumns
        let out = job.out + rows.lowerBound * job.outStride + column
        let weights: UnsafePointer<Float>
        var upcoming: UnsafeRawBufferPointer
        switch job.panels {
        case .float32(let panels):
            weights = panels + panel * step
            upcoming = UnsafeRawBufferPointer(start: weights + step, count: size * 4)
        case .float16(let panels):
            let halves = panels + panel * step
            for i in 0..<2 * job.depth { store(load(halves + i * 16), scratch + i * 16) }
            weights = UnsafePointer(scratch)
            upcoming = UnsafeRawBufferPointer(start: halves + step, count: size * 2)
        }
        if !isStreamed {
            // This panel's share of the inputs of the next block.
            let share = rows.count * job.aStride / job.groupPanels
            upcoming = UnsafeRawBufferPointer(
                start: job.a + (rows.lowerBound + job.blockStep) * job.aStride + panel % job.groupPanels * share, count: share * 4)
        }
        multiply(
            a, stride: job.aStride, rows: rows.count, depth: job.depth, panel: weights, upcoming: upcoming,
            epilogue: ProductEpilogue(job, rows.lowerBound * job.outStride + column, bias: job.bias + column))
        if job.activation != .identity { activate(out, stride: job.outStride, rows: rows.count, vectors: 2, job.activation) }
    }
}

private struct ProductEpilogue: Epilogue {
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

    @inline(__always) func prepare(_ rows: Range<Int>) {
        for row in rows {
            platform_prefetch_write(out + first + row * stride)
            platform_prefetch_write(out + first + row * stride + 16)
        }
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
