import KernelInterface

/// An int8 GEMM being quantised: its matrix, and the gate if there is one, which has the same inputs.
struct QuantizedProduct {
    let depth: Int
    /// Columns before this one are queries and keys.
    let scores: Int
    let smoothing: UnsafeMutablePointer<Float>  // (depth rounded up to 64)
    let matrix: QuantizedMatrix
    let gate: QuantizedMatrix?

    /// Chooses smoothing, scales and codes from the statistics of the inputs.
    func fill(from inputs: Moments, workers: Workers) throws(LimbeckError) {
        let (kernels, interruption) = (workers.kernels, workers.interruption)
        smooth(inputs)
        var factors: [SymmetricMatrix?] = []
        for piece in inputs.pieces {
            piece.moments.scale(by: smoothing + piece.first)
            piece.moments.addToDiagonal(QuantizedProduct.damping * piece.moments.meanOfDiagonal)
            factors.append(try piece.moments.factor(kernels: kernels, interruption: interruption) ? piece.moments : nil)
        }
        try matrix.fill(depth: depth, smoothing: smoothing, inputs.pieces, factors, workers)
        try gate?.fill(depth: depth, smoothing: smoothing, inputs.pieces, factors, workers)
    }

    /// Damping of the second moments: added to the diagonal, as a fraction of its mean. Texts are a sample; with less damping the
    /// codes overfit it.
    private static let damping: Float = 0.2

    /// SmoothQuant (Xiao et al. 2023): moves large magnitudes of the inputs into the weights. Per column of the inputs, with
    /// the root mean square |w| of its weights, the factor is |w|^(5/8) / max |x|^(3/8); measured to be better than the
    /// square roots of the maxima. Queries and keys count little in |w|: their errors pass through a softmax, while the
    /// errors of a value enter every answer.
    private func smooth(_ inputs: Moments) {
        let least: Float = 1e-5
        for k in 0..<depth {
            let squares = matrix.squares(k, depth: depth, scores: scores) + (gate?.squares(k, depth: depth, scores: 0) ?? 0)
            let columns = (matrix.panels + (gate?.panels ?? 0)) * panelColumns
            let weight = max((squares / Float(columns)).squareRoot(), least)
            let ratio = (weight / max(inputs.largest[k], least)).squareRoot().squareRoot()
            let factor = weight.squareRoot().squareRoot() * ratio * ratio.squareRoot()
            smoothing[k] = factor.isNormal ? factor : 1
        }
    }
}

/// A matrix being quantised.
struct QuantizedMatrix {
    let weights: UnsafePointer<Float>  // (panels, depth, 32)
    let panels: Int
    let codes: Codes

    /// The memory of the codes, in the layout of `IntegerPanels` and `NibblePanels`.
    enum Codes {
        case bytes(UnsafeMutablePointer<Int8>, scales: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Int32>)
        case nibbles(UnsafeMutablePointer<UInt8>, scales: UnsafeMutablePointer<UInt16>, sums: UnsafeMutablePointer<Float>)

        /// The maximum magnitude of a code.
        var largest: Float {
            switch self {
            case .bytes: 127
            case .nibbles: 7
            }
        }
    }

    /// Sums of this many int8 products fit into 32 bits.
    static let maxDepth = 65536

    func form(of matrix: PackedLinear, _ smoothing: UnsafePointer<Float>) -> PackedLinear {
        var result = matrix
        switch codes {
        case .bytes(let codes, let scales, let sums):
            result.panels = .int8(IntegerPanels(codes: codes, scales: scales, sums: sums, smoothing: smoothing))
        case .nibbles(let codes, let scales, let sums):
            result.panels = .int4(NibblePanels(codes: codes, scales: scales, sums: sums, smoothing: smoothing))
        }
        return result
    }

    /// The weights of queries and keys count a fifth, so their squares count this much.
    private static let scoreShare: Float = 0.04

    /// The sum of the squares of an input's weights.
    @inline(never) fileprivate func squares(_ k: Int, depth: Int, scores: Int) -> Float {
        var sum: Float = 0
        for panel in 0..<panels {
            let row = weights + (panel &* depth &+ k) &* panelColumns
            for column in 0..<panelColumns {
                let square = row[column] * row[column]
                sum += panel &* panelColumns &+ column < scores ? square * QuantizedMatrix.scoreShare : square
            }
        }
        return sum
    }

    @inline(never) fileprivate func fill(
        depth: Int, smoothing: UnsafePointer<Float>, _ parts: [Moments.Piece], _ factors: [SymmetricMatrix?], _ workers: Workers
    ) throws(LimbeckError) {
        let rounding = CodeRounding(largest: codes.largest, kernels: workers.kernels)
        // Rows that share a scale, and the distance to the next scales.
        var (group, step) = (depth, 0)
        if case .nibbles = codes { (group, step) = (NibblePanels.group, panelColumns) }
        let memory = try Memory(bytes: (3 * depth + 1) * panelColumns * 4)
        let smoothed = memory.base.bindMemory(to: Float.self, capacity: (3 * depth + 1) * panelColumns)  // (depth, 32)
        let whole = smoothed + depth * panelColumns  // (depth, 32)
        let scales = whole + depth * panelColumns  // (groups, 32)
        for panel in 0..<panels {
            let source = weights + panel * depth * panelColumns
            try workers.interruption.check()
            scales.update(repeating: 0, count: pieces(depth, group) * panelColumns)
            for k in 0..<depth {
                for column in 0..<panelColumns {
                    let place = k &* panelColumns &+ column, scale = k / group &* panelColumns &+ column
                    smoothed[place] = source[place] / smoothing[k]
                    scales[scale] = max(scales[scale], smoothed[place].magnitude)
                }
            }
            for index in 0..<pieces(depth, group) * panelColumns { scales[index] = try stored(scales[index] / rounding.largest) }
            for (piece, factor) in zip(parts, factors) {
                let first = piece.first * panelColumns
                rounding.round(
                    smoothed + first, size: piece.size, scales: scales + piece.first / panelColumns * step, scaleStep: step,
                    factor: factor, into: whole + first)
            }
            store(whole, scales, depth: depth, panel: panel)
        }
        withExtendedLifetime(memory) {}
    }

    /// The scale as stored; 0 if it is too small.
    private func stored(_ scale: Float) throws(LimbeckError) -> Float {
        switch codes {
        case .bytes: return scale.isNormal ? scale : 0
        case .nibbles:
            guard let half = half(scale) else {
                throw LimbeckError(.unsupported, "weights too large for scales in float16")
            }
            return float(half: half)
        }
    }

    private func store(_ whole: UnsafePointer<Float>, _ scales: UnsafePointer<Float>, depth: Int, panel: Int) {
        let padded = depth.roundedUp(to: IntegerPanels.depthStep)
        switch codes {
        case .bytes(let codes, let allScales, let allSums):
            let codes = codes + panel * padded * panelColumns, sums = allSums + panel * panelColumns
            (allScales + panel * panelColumns).update(from: scales, count: panelColumns)
            for k in 0..<depth {
                for column in 0..<panelColumns {
                    let code = Int8(whole[k &* panelColumns &+ column])
                    codes[(k / 4 &* panelColumns &+ column) &* 4 &+ k % 4] = code
                    sums[column] &+= Int32(code)
                }
            }
        case .nibbles(let codes, let allScales, let allSums):
            let codes = codes + panel * padded / 2 * panelColumns, sums = allSums + panel * panelColumns
            let halves = allScales + panel * padded / NibblePanels.group * panelColumns
            // The code 0 in both nibbles.
            codes.update(repeating: 0x88, count: padded / 2 * panelColumns)
            for index in 0..<pieces(depth, NibblePanels.group) * panelColumns { halves[index] = half(scales[index]) ?? 0 }
            for k in 0..<depth {
                for column in 0..<panelColumns {
                    let code = whole[k &* panelColumns &+ column]
                    let place = (k / 8 &* panelColumns &+ column) &* 4 &+ k % 4
                    codes[place] ^= (UInt8(code + 8) ^ 8) << (k % 8 < 4 ? 0 : 4)
                    sums[column] += code * scales[k / NibblePanels.group &* panelColumns &+ column]
                }
            }
        }
    }
}
