import CPlatform
import KernelInterface

/// Products of bytes, panel by panel and tile by tile; see `IntegerProduct`.
func integerProduct(_ pointer: UnsafePointer<IntegerProduct>, rows: Range<Int>, panels: Range<Int>) {
    let job = pointer.pointee
    switch job.panels {
    case .bytes(let weights): product(job, weights, rows, panels)
    case .nibbles(let weights): product(job, weights, rows, panels)
    }
}

private func product(_ job: IntegerProduct, _ weights: IntegerPanels, _ rows: Range<Int>, _ panels: Range<Int>) {
    beginTiles()
    var tileSums = InlineArray<64, Sums>(repeating: Sums())
    withUnsafeMutablePointer(to: &tileSums) { tileSums in
        let sums = UnsafeMutableRawPointer(tileSums).assumingMemoryBound(to: Sums.self)  // (tileRows, 32)
        for panel in panels {
            let codes = weights.codes + panel * panelColumns * job.depth
            var row = rows.lowerBound
            while row < rows.upperBound {
                let count = min(tileRows, rows.upperBound - row)
                tile(job.a.bytes + row * job.a.stride, job.a.stride, count, job.depth, codes, into: sums, 2)
                finish(job, weights, row..<row + count, column: panel * panelColumns, sums)
                row += count
            }
        }
    }
    endTiles()
}

/// The sums alone; see `IntegerSums`.
func integerSums(_ pointer: UnsafePointer<IntegerSums>) {
    let job = pointer.pointee
    beginTiles()
    for panel in 0..<job.panels {
        let sums = UnsafeMutableRawPointer(job.sums + panel * panelColumns).assumingMemoryBound(to: Sums.self)
        var row = 0
        while row < job.rows {
            smallTile(
                job.a + row * job.aStride, job.aStride, min(tileRows, job.rows - row), job.depth, job.codes + panel * job.panelStride,
                into: sums + row * (job.sumStride / 16), job.sumStride / 16)
            row += tileRows
        }
    }
    endTiles()
}

/// Makes outputs of a tile of sums.
@inline(__always) private func finish(
    _ job: IntegerProduct, _ weights: IntegerPanels, _ rows: Range<Int>, column: Int, _ dots: UnsafePointer<Sums>
) {
    for half in 0..<2 {
        let column = column + half * 16
        let scales = load(weights.scales + column), bias = load(job.bias + column)
        let sums = UnsafeRawPointer(weights.sums + column).loadUnaligned(as: Sums.self)
        for row in rows {
            let exact = limbeck_centered(dots[(row - rows.lowerBound) * 2 + half], job.a.zeros[row], sums)
            put(exact * (limbeck_all_float(job.a.scales[row]) * scales) + bias, at: row * job.outStride + column, job)
        }
    }
}

/// Writes outputs, as the combination says.
@inline(__always) func put(_ outputs: Vector, at place: Int, _ job: IntegerProduct) {
    var result = outputs
    switch job.combination {
    case .none: break
    case .residual(let residual): result += load(residual + place)
    case .gate: result = load(job.out + place) * result
    }
    store(result, job.out + place)
}
