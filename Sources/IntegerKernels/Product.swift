import CPlatform
import KernelInterface

/// int8 GEMM with zero points. After smoothing, a row of inputs x and a column of weights w are integers with scales,
///
///     x[k] = (a[k] - zero) * row's scale,    a unsigned, with a zero point for the row
///     w[k] = code[k] * column's scale,       code signed
///
/// so that their dot product is
///
///     x . w = (a . code - zero * sum of code) * row's scale * column's scale
///
/// A tile computes a . code exactly. The sum of the codes belongs to the column alone and is stored with the panels. The epilogue
/// subtracts zero times that sum, still exactly in int32, and then converts to float.
///
/// Panel by panel and tile by tile; see `IntegerProduct`.
func integerProduct(
    _ pointer: UnsafePointer<IntegerProduct>, rows: Range<Int>, panels: Range<Int>, activate: Kernels.ActivateRows
) {
    let job = pointer.pointee
    switch job.panels {
    case .bytes(let weights): product(job, weights, rows, panels, activate)
    case .nibbles(let weights): product(job, weights, rows, panels, activate)
    }
}

private func product(
    _ job: IntegerProduct, _ weights: IntegerPanels, _ rows: Range<Int>, _ panels: Range<Int>, _ activate: Kernels.ActivateRows
) {
    beginTiles()
    var tileSums = InlineArray<128, Sums>(repeating: Sums())
    withUnsafeMutablePointer(to: &tileSums) { tileSums in
        var sums = UnsafeMutableRawPointer(tileSums).assumingMemoryBound(to: Sums.self)  // (tileRows, 32)
        var other = sums + 64  // of the previous tile
        var epilogue = TileEpilogue(
            of: job, weights, rows.lowerBound..<rows.lowerBound, column: panels.lowerBound * panelColumns, other)
        for panel in panels {
            let column = panel * panelColumns, codes = weights.codes + column * job.panelDepth
            var row = rows.lowerBound
            while row < rows.upperBound {
                let end = min(row + tileRows, rows.upperBound)
                tile(
                    job.a.bytes + row * job.a.stride, job.a.stride, end - row, job.depth, codes, into: sums, 2, beside: &epilogue,
                    of: job, activate)
                epilogue.run(tileRows, of: job, activate)
                epilogue = TileEpilogue(of: job, weights, row..<end, column: column, sums)
                (sums, other) = (other, sums)
                row = end
            }
        }
        epilogue.run(tileRows, of: job, activate)
    }
    endTiles()
}

/// The int8 GEMM without an epilogue; see `IntegerSums`.
func integerSums(_ pointer: UnsafePointer<IntegerSums>) {
    let job = pointer.pointee
    beginTiles()
    for panel in 0..<job.panels {
        let sums = UnsafeMutableRawPointer(job.sums + panel * panelColumns).assumingMemoryBound(to: Sums.self)
        var row = 0
        while row < job.rows {
            smallTile(
                job.a + row * job.aStride, job.aStride, min(tileRows, job.rows - row), job.depth,
                job.codes + panel * job.panelStride,
                into: sums + row * (job.sumStride / 16), job.sumStride / 16)
            row += tileRows
        }
    }
    endTiles()
}

/// The epilogue of one tile, row by row, so that it can run in parts between the steps of the next tile.
struct TileEpilogue {
    private var row: Int
    private let end: Int
    private var out: Int
    private var dots: UnsafePointer<Sums>
    private let scales: (Vector, Vector), bias: (Vector, Vector), sums: (Sums, Sums)

    @inline(__always) init(
        of job: IntegerProduct, _ weights: IntegerPanels, _ rows: Range<Int>, column: Int, _ dots: UnsafePointer<Sums>
    ) {
        (row, end) = (rows.lowerBound, rows.upperBound)
        out = row * job.outStride + column
        self.dots = dots
        scales = (load(weights.scales + column), load(weights.scales + column + 16))
        bias = (load(job.bias + column), load(job.bias + column + 16))
        let codeSums = UnsafeRawPointer(weights.sums + column)
        sums = (codeSums.loadUnaligned(as: Sums.self), codeSums.loadUnaligned(fromByteOffset: 64, as: Sums.self))
    }

    /// Runs for the next `count` rows, or for those that are left.
    @inline(__always) mutating func run(_ count: Int, of job: IntegerProduct, _ activate: Kernels.ActivateRows) {
        let end = min(row + count, end), start = job.out + out, made = end - row
        while row < end {
            let scale = limbeck_all_float(job.a.scales[row]), zero = job.a.zeros[row]
            put(limbeck_centered(dots[0], zero, sums.0) * (scale * scales.0) + bias.0, at: out, job)
            put(limbeck_centered(dots[1], zero, sums.1) * (scale * scales.1) + bias.1, at: out + 16, job)
            row += 1
            dots += 2
            out += job.outStride
        }
        if job.activation != .identity, made > 0 { activate(start, job.outStride, made, panelColumns, job.activation) }
    }
}

/// Applies the combination and writes the outputs.
@inline(__always) func put(_ outputs: Vector, at place: Int, _ job: IntegerProduct) {
    var result = outputs
    switch job.combination {
    case .none: break
    case .residual(let residual): result += load(residual + place)
    case .gate: result = load(job.out + place) * result
    }
    store(result, job.out + place)
}
