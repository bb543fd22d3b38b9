import KernelInterface

/// softmax(q k^T * scale + bias) v for one head and a range of queries. The keys and values of the head are packed
/// into panels once. Scores exist in scratch for one block of queries at a time, and only for the panels of keys
/// that a query of the block sees.
func attention(_ pointer: UnsafePointer<Attention>, head: Int, queries: Range<Int>, scratch: UnsafeMutablePointer<Float>) {
    let job = pointer.pointee
    let size = job.headSize, tokens = job.tokens, window = min(job.window, tokens)
    var layout = Layout(base: scratch)
    let space = AttentionScratch(&layout, tokens: tokens, headSize: size, positionPanels: job.positions?.panels ?? 0)
    let (keys, values, scores, scoreStride, inverses) = (space.keys, space.values, space.scores, space.scoreStride, space.inverses)
    let positions = job.positions.map { PositionScores($0, job, head: head, space) }
    packTransposed(job.key + head * size, stride: job.stride, rows: tokens, width: size, into: keys)
    packRows(job.value + head * size, stride: job.stride, rows: tokens, width: size, into: values)

    var query = queries.lowerBound
    while query < queries.upperBound {
        let rows = min(AttentionScratch.queryBlock, queries.upperBound - query)
        let q = job.query + query * job.stride + head * size
        // A key's lane is its index modulo 16, wherever its block begins, so the division into blocks does not
        // change the bits of the result.
        let firstPanel = max(0, query - window) / panelColumns, firstKey = firstPanel * panelColumns
        let endKey = min(tokens, query + rows + window)
        for panel in firstPanel..<endKey.roundedUp(to: panelColumns) / panelColumns {
            let out = scores + (panel - firstPanel) * panelColumns
            multiply(
                q, stride: job.stride, rows: rows, depth: size, panel: keys + panel * panelColumns * size,
                epilogue: Scores(out: out, stride: scoreStride, scale: job.scale))
        }
        if let bias = job.bias {
            let center = bias + head * job.biasStride + job.biasCenter - query + firstKey
            add(center, to: scores, stride: scoreStride, rows: rows, columns: (endKey - firstKey).roundedUp(to: panelColumns))
        }
        positions?.add(to: scores, stride: scoreStride, query: query, rows: rows, q)
        // e^(score - max), unnormalised: the result is divided by the sum instead, as it has fewer columns than there are keys.
        for row in 0..<rows {
            let seen = max(0, query + row - window) - firstKey..<min(tokens, query + row + window + 1) - firstKey
            inverses[row] = 1 / exponentials(scores + row * scoreStride, seen, of: endKey - firstKey)
        }
        for panel in 0..<size.roundedUp(to: panelColumns) / panelColumns {
            let out = job.out + query * job.outStride + head * size + panel * panelColumns
            let columns = min(panelColumns, size - panel * panelColumns)
            multiply(
                scores, stride: scoreStride, rows: rows, depth: endKey - firstKey,
                panel: values + (panel * tokens + firstKey) * panelColumns,
                epilogue: WeightedValues(out: out, stride: job.outStride, columns: columns, inverses: inverses))
        }
        query += rows
    }
}

/// The scores of queries and keys, or of either and positions.
struct Scores: Epilogue {
    let out: UnsafeMutablePointer<Float>
    let stride: Int
    let scale: Float

    @inline(__always) func callAsFunction(_ row: Int, _ half: Int, _ sums: Vector) {
        store(sums * all(scale), out + row * stride + half * 16)
    }
}

private struct WeightedValues: Epilogue {
    let out: UnsafeMutablePointer<Float>
    let stride: Int
    let columns: Int  // of the panel; the outputs of the next head follow
    let inverses: UnsafePointer<Float>

    @inline(__always) func callAsFunction(_ row: Int, _ half: Int, _ sums: Vector) {
        let rest = columns - half * 16
        if rest > 0 { store(sums * all(inverses[row]), out + row * stride + half * 16, first: rest) }
    }
}

/// Adds to row i the numbers from `bias` - i on: a bias depends on key - query, so the next query reads one place further left.
@inline(__always) private func add(
    _ bias: UnsafePointer<Float>, to scores: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns: Int
) {
    for row in 0..<rows {
        let out = scores + row * stride, source = bias - row
        for i in 0..<columns / 16 { store(load(out + i * 16) + load(source + i * 16), out + i * 16) }
    }
}

/// Packs rows of `width` into panels (width, 32) whose columns are the rows: the keys as the right operand of q k^T.
@inline(__always) private func packTransposed(
    _ x: UnsafePointer<Float>, stride: Int, rows: Int, width: Int, into panels: UnsafeMutablePointer<Float>
) {
    var first = 0
    while first < rows {
        let panel = panels + first * width
        let count = min(panelColumns, rows - first)
        for column in 0..<count {
            let row = x + (first + column) * stride
            for k in 0..<width { panel[k * panelColumns + column] = row[k] }
        }
        for column in count..<max(count, panelColumns) {
            for k in 0..<width { panel[k * panelColumns + column] = 0 }
        }
        first += panelColumns
    }
}

/// Packs rows of `width` into panels (rows, 32), zero past the width: the values as the right operand of p v.
@inline(__always) private func packRows(
    _ x: UnsafePointer<Float>, stride: Int, rows: Int, width: Int, into panels: UnsafeMutablePointer<Float>
) {
    var first = 0
    while first < width {
        let panel = panels + first * rows
        let left = min(16, width - first), right = max(0, min(16, width - first - 16))
        for row in 0..<rows {
            let source = x + row * stride + first
            store(load(source, first: left), panel + row * panelColumns)
            store(right > 0 ? load(source + 16, first: right) : Vector(), panel + row * panelColumns + 16)
        }
        first += panelColumns
    }
}
