import KernelInterface

/// The rounding of a matrix to whole multiples of a scale for each column, or for each 32 of its elements, so that the products with its
/// inputs change least.
///
/// The error (w - q) X^T has the square (w - q) H (w - q)^T = |(w - q) L|^2, where H = L L^T are the second moments of the inputs. From the
/// last element to the first, each is rounded where its part of that vanishes but for the rounding, given the elements behind it:
///
///     q[k] = round(w[k] + sum over i > k of (w[i] - q[i]) L[i, k] / L[k, k])
///
/// which is GPTQ (Frantar et al. 2022) without the inverse, as Babai's nearest plane (Chen et al. 2025, "The Geometry of LLM Quantization").
/// Without a factor, each element is rounded by itself.
package struct CodeRounding {
    /// Codes are at most this, either way.
    let largest: Float
    let kernels: Kernels

    package init(largest: Float, kernels: Kernels) { (self.largest, self.kernels) = (largest, kernels) }

    /// One panel, from the row of the depth that the pointers stand at. The weights become the errors, w - q. From one 32 rows to the next
    /// the scales are `scaleStep` apart, 0 or 32.
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
            let behind = zeros + panelColumns  // (32, 32), the sums over the elements behind the block
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

    /// The nearest whole number, of two the even one, within -largest...largest.
    package static func nearest(_ x: Float, _ largest: Float) -> Float {
        // In this range floats are whole numbers.
        let shift: Float = 12_582_912
        // NaN, which huge weights leave, becomes a code too: it would trap as an integer.
        let bounded = x > -largest ? (x < largest ? x : largest) : -largest
        return (bounded + shift) - shift
    }
}
