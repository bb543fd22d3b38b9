import KernelInterface

extension Packer.Projection {
    /// Projects the embeddings and packs them. They depend only on the weights, so they are computed in advance for each layer.
    func fill() throws(LimbeckError) {
        if let key = tensors.key, let keys = packed.keys { try project(key, into: keys) }
        if let query = tensors.query, let queries = packed.queries { try project(query, into: queries) }
    }

    private func project(_ linear: LinearTensors, into out: UnsafeMutablePointer<Float>) throws(LimbeckError) {
        let embeddings = tensors.embeddings
        let rows = embeddings.shape[0], hidden = embeddings.shape[1], size = linear.weight.shape[0]
        func lay(_ packer: inout Packer) -> (PackedLinear, PackedNorm?, States, States) {
            let matrix = packer.packed([linear])
            let packedNorm = tensors.norm.map { packer.norm($0) }
            return (
                matrix, packedNorm, packer.layout.take(Float.self, rows * rowStride(hidden)),
                packer.layout.take(Float.self, rows * rowStride(size))
            )
        }
        var measure = Packer(layout: Layout(), writes: false, maxPositions: 0)
        _ = lay(&measure)
        let memory = try Memory(bytes: measure.layout.bytes)
        var packer = Packer(layout: Layout(base: memory.base), writes: true, maxPositions: 0)
        let (matrix, packedNorm, states, projected) = lay(&packer)

        let stride = rowStride(hidden), kernels = InstructionSet.best.kernels
        for row in 0..<rows { embeddings.read(row * hidden..<(row + 1) * hidden, into: states + row * stride) }
        if let packedNorm {
            withUnsafePointer(to: packedNorm.normalization(of: states, stride: stride)) { kernels.normalize($0, 0..<rows) }
        }
        guard case .float(let panels) = matrix.panels else { return }
        let product = Product(
            a: states, aStride: stride, depth: hidden, panels: panels, bias: matrix.bias, combination: .none,
            activation: .identity, out: projected,
            outStride: rowStride(size))
        withUnsafePointer(to: product) { kernels.product($0, 0..<rows, 0..<matrix.panelCount, states) }

        let headSize = size / heads, panelCount = rows.roundedUp(to: panelColumns) / panelColumns
        for head in 0..<heads {
            for row in 0..<rows {
                let source = projected + row * rowStride(size) + head * headSize
                let panel = out + (head * panelCount + row / panelColumns) * panelColumns * headSize + row % panelColumns
                for k in 0..<headSize { panel[k * panelColumns] = source[k] }
            }
        }
        withExtendedLifetime(memory) {}
    }

    private typealias States = UnsafeMutablePointer<Float>
}
