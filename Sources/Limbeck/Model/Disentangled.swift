import KernelInterface

/// Disentangled attention (He et al. 2021, "DeBERTa", section 3.1): added to q . k are a score for the content of
/// the query and the position of the key, and one for the position of the query and the content of the key. A
/// position is an embedding of the distance.
package struct DisentangledTensors {
    package var embeddings: Tensor  // (2 * span, hidden)
    package var norm: NormTensors?  // of the embeddings
    package var key: LinearTensors?  // hidden -> attention, content to position
    package var query: LinearTensors?  // hidden -> attention, position to content
    package var buckets: DistanceBuckets

    /// Panels of the embeddings, one column each.
    var panels: Int { embeddings.shape[0].roundedUp(to: panelColumns) / panelColumns }
}

/// The embedding of each distance: rows 0..<2 * span, distance 0 in the middle.
package struct DistanceBuckets: Equatable, Sendable {
    package var span: Int
    /// Distances beyond half of the span share buckets on a logarithmic scale that ends at this distance; nil: no shared buckets.
    package var farthest: Int?

    package init(span: Int, farthest: Int?) { (self.span, self.farthest) = (span, farthest) }

    /// Whether a distance and the next one are more than one row apart, so that a sequence could have more rows than distances. The
    /// steps of the logarithmic scale are largest at its beginning.
    var skipsRows: Bool {
        let middle = span / 2
        return farthest != nil && (middle..<4 * middle).contains { row($0 + 1) > row($0) + 1 }
    }

    /// The row of query - key. The steps are those of transformers in float32: for a distance between two
    /// buckets, the result depends on them.
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

/// The projected embeddings in the layout that attention reads.
struct PackedDisentangled {
    var keys: UnsafeMutablePointer<Float>?  // (heads, panels, headSize, 32)
    var queries: UnsafeMutablePointer<Float>?  // likewise
    var panels: Int
    /// The rows by distance, -span...span of the longest sequence; points to that of distance 0.
    var rows: UnsafePointer<Int32>

    /// The number of scores that are added up.
    var scores: Int { 1 + (keys == nil ? 0 : 1) + (queries == nil ? 0 : 1) }

    var job: Disentangled {
        Disentangled(
            keys: keys.map { UnsafePointer($0) }, queries: queries.map { UnsafePointer($0) }, panels: panels, rows: rows)
    }
}

/// ln of a number from 1 to 2^31, in double precision, using only sums and products: the same on every machine.
private func logarithm(_ x: Double) -> Double {
    // ln(2^e m) = e ln 2 + 2 atanh((m - 1) / (m + 1)), with |m - 1| small.
    var (e, m) = (Double(x.exponent), x.significand)
    if m > 1.4142135623730951 { (e, m) = (e + 1, m / 2) }
    let s = (m - 1) / (m + 1), z = s * s
    var series = 0.0
    for n in stride(from: 23.0, through: 1, by: -2) { series = series * z + 1 / n }
    return e * 0.6931471805599453 + 2 * s * series
}
