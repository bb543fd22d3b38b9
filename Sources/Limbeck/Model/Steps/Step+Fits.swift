import KernelInterface

extension Step<Packed> {
    @inline(never) static func fit(_ steps: [Step<Packed>], _ widths: BufferWidths, _ angles: [PackedRotary]) -> Bool {
        for step in steps where !step.fits(widths, angles) { return false }
        return true
    }

    /// Whether the step stays within the buffers, whose widths follow from all steps together.
    @inline(never) func fits(_ widths: BufferWidths, _ angles: [PackedRotary]) -> Bool {
        /// Both have the same row stride, and at least `width` columns.
        func areAlike(_ a: Buffer, _ b: Buffer, _ width: Int) -> Bool {
            rowStride(widths[a]) == rowStride(widths[b]) && width <= min(widths[a], widths[b])
        }
        switch self {
        case .embed, .trigrams: return true
        case .product(let step):
            if let gate = step.gate {
                guard gate.depth == step.depth, gate.columns == step.columns, gate.panels.takesInputs(of: step.matrix.panels) else {
                    return false
                }
            }
            if let residual = step.residual, !areAlike(residual, step.into, step.columns) { return false }
            // The kernel writes rows that other work items still read, if the buffers are the same.
            return step.from != step.into && step.depth <= widths[step.from] && step.column + step.columns <= widths[step.into]
                && (step.norm == nil || step.norm?.width == step.columns)
        case .normalize(let step): return areAlike(step.from, step.into, step.width)
        case .rotate(let step):
            return step.table < angles.count && 2 * angles[step.table].pairs <= step.headSize
                && 2 * step.heads * step.headSize <= widths[.projected]
        case .attention(let step): return step.width <= widths[.context] && 2 * step.spacing + step.width <= widths[.projected]
        }
    }
}
