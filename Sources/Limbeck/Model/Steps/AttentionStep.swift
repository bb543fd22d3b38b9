/// context = softmax(q k^T / sqrt(headSize) + bias) v over `projected`, where queries, keys and values, each `width` wide, are side by
/// side; with position scores, if there are positions.
package struct AttentionStep<Form: WeightForm> {
    package var heads: Int
    package let headSize: Int
    /// A query sees this many keys on either side; nil: all keys.
    package var window: Int?
    package var positions: Form.Positions?
    /// From a query to its key in `projected`, and on to its value: more than `width` if only the first heads are computed.
    package let spacing: Int

    init(heads: Int, headSize: Int, window: Int? = nil, positions: Form.Positions? = nil) {
        (self.heads, self.headSize, self.window, self.positions) = (heads, headSize, window, positions)
        spacing = heads * headSize
    }

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

    package init(table: Int, heads: Int, headSize: Int) { (self.table, self.heads, self.headSize) = (table, heads, headSize) }
}
