import KernelInterface

/// Rounds a matrix to integer multiples of a scale per column, or per 32 elements of a column, so that its products with the inputs
/// change as little as possible.
///
/// For a column w, quantised to q, and inputs X, the output error is (w - q) X^T. Its square is
///
///     (w - q) H (w - q)^T = |(w - q) L|^2,    H = L L^T the second moments of the inputs.
///
/// The q that minimises it is the lattice point nearest to w, with distances measured after multiplication by L. Babai's nearest
/// plane algorithm finds it approximately. From the last element to the first, each q[k] is chosen so that component k of (w - q) L
/// vanishes except for the rounding, given the errors of the elements after it:
///
///     q[k] = round(w[k] + sum over i > k of (w[i] - q[i]) L[i, k] / L[k, k])
///
/// This is GPTQ (Frantar et al. 2022) without the inverse, as Babai's nearest plane (Chen et al. 2025, "The Geometry of LLM
/// Quantization"). Without a factor L, each element is rounded independently.
package struct CodeRounding {
    /// The maximum magnitude of a code.
    let largest: Float
    let kernels: Kernels

    package init(largest: Float, kernels: Kernels) { (self.largest, self.kernels) = (largest, kernels) }

    /// Rounds one panel, from the row of the depth that the pointers refer to. The weights are replaced by the errors w - q. The
    /// scales of consecutive blocks of 32 rows are `scaleStep` apart, 0 or 32.
    package func round(
        _ weights: UnsafeMutablePointer<Float>,  // (size, 32)
        size: Int,
        scales: UnsafePointer<Float>,  // (32), or (size / 32, 32)
        scaleStep: Int,
        factor: SymmetricMatrix?,
        into codes: UnsafeMutablePointer<Float>  // (size, 32)
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: (panelColumns + 1) * panelColumns) { space in
            let zeros = space.baseAddress!  // (32)
            let behind = zeros + panelColumns  // (32, 32), the sums over the elements after the block
            zeros.update(repeating: 0, count: panelColumns)
            for block in stride(from: (size - 1) / panelColumns * panelColumns, through: 0, by: -panelColumns) {
                let end = min(block + panelColumns, size)
                let scales = scales + block / panelColumns * scaleStep
                guard let factor else {
                    round(rows: block..<end, weights, scales, factor: nil, codes, behind: behind)
                    continue
                }
                if end == size {
                    behind.update(repeating: 0, count: panelColumns * panelColumns)
                } else {
                    kernels.multiply(
                        factor.values + block * factor.stride + end, stride: factor.stride, rows: panelColumns,
                        by: weights + end * panelColumns, depth: size - end, bias: zeros, into: behind, stride: panelColumns)
                }
                round(rows: block..<end, weights, scales, factor: factor, codes, behind: behind)
            }
        }
    }

    @inline(never) private func round(
        rows: Range<Int>, _ weights: UnsafeMutablePointer<Float>, _ scales: UnsafePointer<Float>, factor: SymmetricMatrix?,
        _ codes: UnsafeMutablePointer<Float>, behind: UnsafeMutablePointer<Float>
    ) {
        for k in rows.reversed() {
            let row = weights + k * panelColumns, out = codes + k * panelColumns
            let sums = behind + (k - rows.lowerBound) * panelColumns
            let factors = factor.map { $0.values + k * $0.stride }
            if let factors {
                for i in k &+ 1..<rows.upperBound {
                    let errors = weights + i &* panelColumns, share = factors[i]
                    for column in 0..<panelColumns { sums[column] += errors[column] * share }
                }
            }
            for column in 0..<panelColumns {
                let wish = factors.map { row[column] + sums[column] / $0[k] } ?? row[column]
                let code = CodeRounding.nearest(scales[column] > 0 ? wish / scales[column] : 0, largest)
                out[column] = code
                row[column] -= code * scales[column]
            }
        }
    }

    /// The nearest integer, ties to even, clamped to -largest...largest.
    package static func nearest(_ x: Float, _ largest: Float) -> Float {
        // In this range all floats are integers.
        let shift: Float = 12_582_912
        // NaN, which huge weights produce, must also become a code: converting it to an integer would trap.
        let bounded = x > -largest ? (x < largest ? x : largest) : -largest
        return (bounded + shift) - shift
    }
}
