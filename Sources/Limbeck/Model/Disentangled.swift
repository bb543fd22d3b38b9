import KernelInterface

/// Disentangled attention (He et al. 2021, "DeBERTa", section 3.1): beside q . k, a score for the content of the query and the position
/// of the key, and one for the position of the query and the content of the key. A position is an embedding of the distance.
package struct DisentangledTensors {
    package var embeddings: Tensor  // (2 * span, hidden)
    package var norm: NormTensors?  // of the embeddings
    package var key: LinearTensors?  // hidden -> attention, content to position
    package var query: LinearTensors?  // hidden -> attention, position to content
    package var buckets: DistanceBuckets
}

/// Which embedding a distance has: the rows 0..<2 * span, that of distance 0 in the middle.
package struct DistanceBuckets: Equatable, Sendable {
    package var span: Int
    /// Distances beyond half of the span share buckets on a logarithmic scale that ends with this one; nil: they do not.
    package var farthest: Int?

    package init(span: Int, farthest: Int?) { (self.span, self.farthest) = (span, farthest) }

    /// Whether a distance and the next are more than one row apart, so that a sequence could have more rows than distances. The steps on
    /// the logarithmic scale are largest where it begins.
    var skipsRows: Bool {
        let middle = span / 2
        return farthest != nil && (middle..<4 * middle).contains { row($0 + 1) > row($0) + 1 }
    }

    /// Of query - key. The steps are those of transformers in float32: a distance between two buckets depends on them.
    package func row(_ distance: Int) -> Int {
        var bucket = distance
        let middle = span / 2, magnitude = Int(distance.magnitude)
        if let farthest, magnitude > middle {
            let scale = logarithm(Double(Float(farthest - 1) / Float(middle)))
            let ratio = Float(logarithm(Double(Float(magnitude) / Float(middle)))) / Float(scale)
            bucket = (Int((ratio * Float(middle - 1)).rounded(.up)) + middle) * distance.signum()
        }
        return min(max(bucket + span, 0), 2 * span - 1)
    }
}

/// The projected embeddings in the form the attention reads.
struct PackedDisentangled {
    var keys: UnsafeMutablePointer<Float>?  // (heads, panels, headSize, 32)
    var queries: UnsafeMutablePointer<Float>?  // likewise
    var panels: Int
    /// Rows by distance, -span...span of the longest sequence; that of 0.
    var rows: UnsafePointer<Int32>

    /// How many scores are summed.
    var scores: Int { 1 + (keys == nil ? 0 : 1) + (queries == nil ? 0 : 1) }

    var job: Disentangled {
        Disentangled(
            keys: keys.map { UnsafePointer($0) }, queries: queries.map { UnsafePointer($0) }, panels: panels, rows: rows)
    }
}

extension DisentangledTensors {
    /// Projects the embeddings and packs them. They depend on nothing but the weights: a layer has them from the beginning.
    func project(into packed: PackedDisentangled, heads: Int) throws(LimbeckError) {
        if let key, let keys = packed.keys { try project(key, into: keys, heads: heads) }
        if let query, let queries = packed.queries { try project(query, into: queries, heads: heads) }
    }

    private func project(
        _ linear: LinearTensors, into out: UnsafeMutablePointer<Float>, heads: Int
    ) throws(LimbeckError) {
        let rows = embeddings.shape[0], hidden = embeddings.shape[1], size = linear.weight.shape[0]
        func lay(_ packer: inout Packer) -> (PackedLinear, PackedNorm?, States, States) {
            let matrix = packer.packed([linear])
            let packedNorm = norm.map { packer.norm($0) }
            return (
                matrix, packedNorm, packer.layout.take(Float.self, rows * rowStride(hidden)),
                packer.layout.take(Float.self, rows * rowStride(size))
            )
        }
        var measure = Packer(layout: Layout(), writes: false)
        _ = lay(&measure)
        let memory = try Memory(bytes: measure.layout.bytes)
        var packer = Packer(layout: Layout(base: memory.base), writes: true)
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

/// ln of a number from 1 to 2^31, in double precision from sums and products alone: the same on every machine.
private func logarithm(_ x: Double) -> Double {
    // ln(2^e m) = e ln 2 + 2 atanh((m - 1) / (m + 1)), with |m - 1| small.
    var (e, m) = (Double(x.exponent), x.significand)
    if m > 1.4142135623730951 { (e, m) = (e + 1, m / 2) }
    let s = (m - 1) / (m + 1), z = s * s
    var series = 0.0
    for n in stride(from: 23.0, through: 1, by: -2) { series = series * z + 1 / n }
    return e * 0.6931471805599453 + 2 * s * series
}
