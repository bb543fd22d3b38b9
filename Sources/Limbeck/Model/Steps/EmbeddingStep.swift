/// into = norm(the sum of the tables' rows for each token); without a norm, the sum.
package struct EmbeddingStep<Form: WeightForm> {
    package var tables: EmbeddingTables<Form.Table>
    package var width: Int
    package var into: Buffer
    package var norm: Form.Norm?

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> EmbeddingStep<Map.Target> where Map.Source == Form {
        func table(_ table: Form.Table?, _ kind: TableKind) -> Map.Target.Table? {
            guard let table else { return nil }
            return map.table(table, kind)
        }
        return EmbeddingStep<Map.Target>(
            tables: EmbeddingTables(
                word: table(tables.word, .words), position: table(tables.position, .positions),
                type: table(tables.type, .types)),
            width: width, into: into, norm: map.optionalNorm(norm))
    }
}

/// The tables whose rows add up to a token's embedding; each is optional.
package struct EmbeddingTables<Table> {
    package var word: Table?  // (vocab, width)
    package var position: Table?  // (rows, width)
    package var type: Table?  // (types, width)

    package init(word: Table?, position: Table? = nil, type: Table? = nil) {
        (self.word, self.position, self.type) = (word, position, type)
    }
}

/// into = the word embeddings of the next token, this one and the previous one, side by side; zeros past the ends.
package struct TrigramStep<Form: WeightForm> {
    package var word: Form.Table  // (vocab, width)
    package var width: Int
    package var into: Buffer

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> TrigramStep<Map.Target> where Map.Source == Form {
        TrigramStep<Map.Target>(word: map.table(word, .words), width: width, into: into)
    }
}
