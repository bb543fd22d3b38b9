/// context = softmax(q k^T / sqrt(headSize) + bias) v over `projected`, whose queries, keys and values are each `width` wide; with
/// position scores, if there are positions.
package struct AttentionStep<Form: WeightForm> {
    package var heads: Int
    package var headSize: Int
    /// A query sees this many keys on either side; nil: all keys.
    package var window: Int?
    package var positions: Form.Positions?

    package var width: Int { heads * headSize }

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> AttentionStep<Map.Target> where Map.Source == Form {
        AttentionStep<Map.Target>(
            heads: heads, headSize: headSize, window: window,
            positions: positions.map { map.positions($0, of: self) })
    }
}

/// RoPE: rotates the queries and keys of `projected` by the angles of their positions, from one of the model's tables.
package struct RotationStep: Sendable {
    package var table: Int
    /// Heads of the queries; the keys have as many.
    package var heads: Int
    package var headSize: Int
}
