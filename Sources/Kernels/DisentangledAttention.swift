import KernelInterface

/// The position scores of one head. Those of the keys are computed once, for every position that occurs in the sequence; those of a
/// block of queries together with the block.
struct PositionScores {
    private let positions: Disentangled
    private let job: Attention
    private let keys: UnsafePointer<Float>?  // (panels, headSize, 32) of this head
    private let panels: Range<Int>
    private let stride: Int
    private let queryScores: UnsafeMutablePointer<Float>  // (queryBlock, stride)
    private let keyScores: UnsafeMutablePointer<Float>?  // (tokens, stride)

    @inline(never) init(_ positions: Disentangled, _ job: Attention, head: Int, _ space: AttentionScratch) {
        self.positions = positions
        self.job = job
        let size = job.headSize, tokens = job.tokens
        let first = head * positions.panels * panelColumns * size
        keys = positions.keys.map { $0 + first }
        let low = Int(positions.rows[1 - tokens]), high = Int(positions.rows[tokens - 1])
        panels = low / panelColumns..<high / panelColumns + 1
        stride = space.positionStride
        queryScores = space.queryPositions
        guard let queries = positions.queries else {
            keyScores = nil
            return
        }
        keyScores = space.keyPositions
        score(job.key + head * size, rows: tokens, with: queries + first, into: space.keyPositions)
    }

    /// (rows, headSize) times the positions that occur -> out (rows, positions)
    @inline(never) private func score(
        _ x: UnsafePointer<Float>, rows: Int, with table: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>
    ) {
        for panel in panels {
            let columns = out + (panel - panels.lowerBound) * panelColumns
            multiply(
                x, stride: job.stride, rows: rows, depth: job.headSize, panel: table + panel * panelColumns * job.headSize,
                epilogue: Scores(out: columns, stride: stride, scale: job.scale))
        }
    }

    /// Adds the position scores to the scores of a block of queries, q. The position of a pair depends on its distance alone.
    @inline(never) func add(
        to scores: UnsafeMutablePointer<Float>, stride scoreStride: Int, query: Int, rows: Int, _ q: UnsafePointer<Float>
    ) {
        let first = panels.lowerBound * panelColumns
        if let keys {
            score(q, rows: rows, with: keys, into: queryScores)
            for row in 0..<rows {
                let position = positions.rows + query + row
                let out = scores + row * scoreStride, source = queryScores + row * stride - first
                for key in 0..<job.tokens { out[key] += source[Int(position[-key])] }
            }
        }
        if let keyScores {
            for row in 0..<rows {
                let position = positions.rows + query + row
                let out = scores + row * scoreStride
                for key in 0..<job.tokens { out[key] += keyScores[key * stride - first + Int(position[-key])] }
            }
        }
    }
}
