/// context = softmax(q k^T / sqrt(headSize) + bias) v, of `projected`, whose queries, keys and values are each `width` wide; with scores of
/// the positions, if it has any.
package struct AttentionStep<Form: WeightForm> {
    package var heads: Int
    package var headSize: Int
    /// Over so many keys on either side of the query; nil: over all.
    package var window: Int?
    package var positions: Form.Positions?

    package var width: Int { heads * headSize }

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> AttentionStep<Map.Target> where Map.Source == Form {
        AttentionStep<Map.Target>(
            heads: heads, headSize: headSize, window: window,
            positions: positions.map { map.positions($0, of: self) })
    }
}

/// The queries and keys of `projected` turned by their positions' angles, those of one of the model's tables.
package struct RotationStep: Sendable {
    package var table: Int
    /// Of the queries alone; the keys have as many.
    package var heads: Int
    package var headSize: Int
}
