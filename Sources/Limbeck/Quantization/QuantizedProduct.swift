import KernelInterface

/// A product of bytes in the making: its matrix, and the gate where there is one, which has the same inputs.
struct QuantizedProduct {
    let depth: Int
    let smoothing: UnsafeMutablePointer<Float>  // (depth rounded up to 64)
    let matrix: QuantizedMatrix
    let gate: QuantizedMatrix?

    /// Chooses the smoothing, the scales and the codes by what the inputs are.
    func fill(from inputs: Moments, kernels: Kernels) throws(LimbeckError) {
        smooth(inputs)
        var factors: [SymmetricMatrix?] = []
        for piece in inputs.pieces {
            piece.moments.scale(by: smoothing + piece.first)
            piece.moments.addToDiagonal(QuantizedProduct.damping * piece.moments.meanOfDiagonal)
            factors.append(try piece.moments.factor(kernels: kernels) ? piece.moments : nil)
        }
        let rounding = CodeRounding(largest: 127, kernels: kernels)
        try matrix.fill(depth: depth, smoothing: smoothing, inputs.pieces, factors, rounding)
        try gate?.fill(depth: depth, smoothing: smoothing, inputs.pieces, factors, rounding)
    }

    /// What the moments' diagonal is raised by, as a part of its mean: texts are a sample, and with less the codes know those few too well.
    private static let damping: Float = 0.2

    /// SmoothQuant (Xiao et al. 2023): what is large in the inputs is moved into the weights. Of each column of the inputs, with the root
    /// mean square of its weights, |w|^(5/8) / max |x|^(3/8): measured to be better than the square roots of the maxima.
    private func smooth(_ inputs: Moments) {
        let least: Float = 1e-5
        for k in 0..<depth {
            let squares = matrix.squares(k, depth: depth) + (gate?.squares(k, depth: depth) ?? 0)
            let columns = (matrix.panels + (gate?.panels ?? 0)) * panelColumns
            let weight = max((squares / Float(columns)).squareRoot(), least)
            let ratio = (weight / max(inputs.largest[k], least)).squareRoot().squareRoot()
            let factor = weight.squareRoot().squareRoot() * ratio * ratio.squareRoot()
            smoothing[k] = factor.isNormal ? factor : 1
        }
    }
}

/// A matrix of bytes in the making.
struct QuantizedMatrix {
    let weights: UnsafePointer<Float>  // (panels, depth, 32)
    let panels: Int
    let codes: UnsafeMutablePointer<Int8>  // (panels, depth rounded up to 64 / 4, 32, 4)
    let scales: UnsafeMutablePointer<Float>  // (panels * 32)
    let sums: UnsafeMutablePointer<Int32>  // (panels * 32)

    /// Sums of so many products of bytes fit into 32 bits.
    static let mostDepth = 65536

    func form(of matrix: PackedLinear, _ smoothing: UnsafePointer<Float>) -> PackedLinear {
        var result = matrix
        result.panels = .int8(IntegerPanels(codes: codes, scales: scales, sums: sums, smoothing: smoothing))
        return result
    }

    /// The sum of the squares of an input's weights.
    fileprivate func squares(_ k: Int, depth: Int) -> Float {
        var sum: Float = 0
        for panel in 0..<panels {
            let row = weights + (panel &* depth &+ k) &* panelColumns
            for column in 0..<panelColumns { sum += row[column] * row[column] }
        }
        return sum
    }

    fileprivate func fill(
        depth: Int, smoothing: UnsafePointer<Float>, _ pieces: [Moments.Piece], _ factors: [SymmetricMatrix?],
        _ rounding: CodeRounding
    ) throws(LimbeckError) {
        let memory = try Memory(bytes: 2 * depth * panelColumns * 4)
        let smoothed = memory.base.bindMemory(to: Float.self, capacity: 2 * depth * panelColumns)  // (depth, 32)
        let whole = smoothed + depth * panelColumns  // (depth, 32)
        for panel in 0..<panels {
            let source = weights + panel * depth * panelColumns, scales = self.scales + panel * panelColumns
            for k in 0..<depth {
                for column in 0..<panelColumns {
                    let place = k &* panelColumns &+ column
                    smoothed[place] = source[place] / smoothing[k]
                    scales[column] = max(scales[column], smoothed[place].magnitude)
                }
            }
            for column in 0..<panelColumns {
                let scale = scales[column] / rounding.largest
                scales[column] = scale.isNormal ? scale : 0
            }
            for (piece, factor) in zip(pieces, factors) {
                let first = piece.first * panelColumns
                rounding.round(smoothed + first, size: piece.size, scales: scales, factor: factor, into: whole + first)
            }
            store(whole, depth: depth, panel: panel)
        }
        withExtendedLifetime(memory) {}
    }

    private func store(_ whole: UnsafePointer<Float>, depth: Int, panel: Int) {
        let codes = self.codes + panel * depth.roundedUp(to: IntegerPanels.depthStep) * panelColumns
        let sums = self.sums + panel * panelColumns
        for k in 0..<depth {
            for column in 0..<panelColumns {
                let code = Int8(whole[k &* panelColumns &+ column])
                codes[(k / 4 &* panelColumns &+ column) &* 4 &+ k % 4] = code
                sums[column] &+= Int32(code)
            }
        }
    }
}
