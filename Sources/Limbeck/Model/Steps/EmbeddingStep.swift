/// into = norm(the sum of the tables' rows for each token); the norm only if there is one.
package struct EmbeddingStep<Form: WeightForm> {
    package var tables: EmbeddingTables<Form.Table>
    package var width: Int
    package var into: Buffer
    package var norm: Form.Norm?

    func map<Map: WeightMap>(_ map: inout Map) throws(LimbeckError) -> EmbeddingStep<Map.Target> where Map.Source == Form {
        func table(_ table: Form.Table?, _ kind: TableKind) throws(LimbeckError) -> Map.Target.Table? {
            guard let table else { return nil }
            return try map.table(table, kind)
        }
        return EmbeddingStep<Map.Target>(
            tables: EmbeddingTables(
                word: try table(tables.word, .words), position: try table(tables.position, .positions),
                type: try table(tables.type, .types)),
            width: width, into: into, norm: try map.optionalNorm(norm))
    }
}

/// The rows that make up a token's embedding; each table only if there is one.
package struct EmbeddingTables<Table> {
    package var word: Table?  // (vocab, width)
    package var position: Table?  // (rows, width)
    package var type: Table?  // (types, width)
}

/// into = the words' rows of the next token, of this one and of the previous one, side by side; zeros past the ends.
package struct TrigramStep<Form: WeightForm> {
    package var word: Form.Table  // (vocab, width)
    package var width: Int
    package var into: Buffer

    func map<Map: WeightMap>(_ map: inout Map) throws(LimbeckError) -> TrigramStep<Map.Target> where Map.Source == Form {
        TrigramStep<Map.Target>(word: try map.table(word, .words), width: width, into: into)
    }
}
