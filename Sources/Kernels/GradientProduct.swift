import KernelInterface

/// out (rows, columns) = scale * op(a) op(b), panel by panel of 32 columns of op(b).
func product(_ pointer: UnsafePointer<SmallProduct>, scratch: UnsafeMutablePointer<Float>) {
    let job = pointer.pointee
    var a = job.a, stride = job.aStride
    if job.isTransposedA {
        // After the panel: (rows, rowStride(depth)).
        let space = scratch + job.depth * panelColumns
        stride = rowStride(job.depth)
        var m = MatrixView(x: job.a, stride: job.aStride, rows: job.depth, columns: job.rows)
        transpose(&m, columns: 0..<job.rows, into: space, stride: stride)
        a = UnsafePointer(space)
    }
    // What the next panel reads again.
    let upcoming = UnsafeRawBufferPointer(start: a, count: job.rows * stride * 4)
    var first = 0
    while first < job.columns {
        let columns = min(panelColumns, job.columns - first)
        if job.isTransposedB {
            var m = MatrixView(x: job.b + first * job.bStride, stride: job.bStride, rows: columns, columns: job.depth)
            packTransposed(&m, panels: 0..<1, into: scratch)
        } else {
            var m = MatrixView(x: job.b + first, stride: job.bStride, rows: job.depth, columns: columns)
            packRows(&m, panels: 0..<1, into: scratch)
        }
        multiply(
            a, stride: stride, rows: job.rows, depth: job.depth, panel: scratch, upcoming: upcoming,
            epilogue: Scaled(
                out: job.out + first, stride: job.outStride, columns: columns, scale: job.scale, accumulates: job.accumulates))
        first += panelColumns
    }
}

private struct Scaled: Epilogue {
    let out: UnsafeMutablePointer<Float>
    let stride: Int
    let columns: Int  // of the panel; what follows belongs to others
    let scale: Float
    let accumulates: Bool

    @inline(__always) func callAsFunction(_ row: Int, _ half: Int, _ sums: Vector) {
        let rest = columns - half * 16
        guard rest > 0 else { return }
        let place = out + row * stride + half * 16
        store(accumulates ? fma(sums, all(scale), load(place, first: rest)) : sums * all(scale), place, first: rest)
    }
}
