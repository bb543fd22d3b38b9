/// Unigram: splits a word into the pieces whose scores have the largest sum. `PieceLattice` finds them.
///
/// (Kudo, "Subword Regularization", 2018; ties and unknown pieces are resolved as in the Hugging Face tokenizers.)
final class Unigram: Sendable {
    let pieces: PieceTable
    let input: MetaspaceInput

    init(_ pieces: PieceTable, _ input: MetaspaceInput) {
        self.pieces = pieces
        self.input = input
    }

    var memoryBytes: Int { pieces.memoryBytes + input.memoryBytes }

    /// Tokenises `text[start..<end]`; see `MetaspaceInput`.
    @inline(never)
    func encode(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, continues: Bool, finding added: AddedTokens?,
        into sink: inout TokenSink
    ) {
        PieceLattice.with(pieces) { lattice in
            input.cut(text, from: start, to: end, continues: continues, finding: added, lattice, into: &sink)
        }
    }
}

/// The pieces of a Unigram model and their scores.
final class PieceTable: Sendable {
    /// The maximum length of a piece in bytes, which bounds the time per byte of text. SentencePiece's own pieces have at most 16
    /// characters.
    static let longestPiece = 256
    /// The penalty of an unknown character relative to the worst piece.
    private static let unknownPenalty = 10.0
    /// The bound on the magnitude of scores. Real ones are logarithms of probabilities. With this bound the sum over any text is
    /// finite.
    private static let largestScore = 1e200

    /// Whether a score is within the bound.
    static func isSound(_ score: Double) -> Bool { abs(score) < largestScore }

    let trie: ByteTrie
    /// By node of the trie: the score of the piece that ends there.
    let scores: Table<Double>
    /// By byte: the maximum score of a token that begins with it, a piece or an unknown character. Infinity if any score is
    /// positive, since then sums can grow; see `PieceLattice.look`.
    let bestScores: Table<Double>
    let unknown: Int32
    let unknownScore: Double
    /// By byte: the id of the piece for it; nil: unknown characters are not spelt in bytes.
    let byteIds: Table<Int32>?

    /// `scores` are indexed by id.
    init(_ vocabulary: __shared Vocabulary, scores: [Double], unknown: Int32, byteIds: Table<Int32>?) throws(LimbeckError) {
        let trie = vocabulary.trie
        self.trie = trie
        var byNode = [Double](repeating: 0, count: trie.unitCount)
        for node in 0..<trie.unitCount where trie.units[node].isKey { byNode[node] = scores[Int(trie.values[node])] }
        self.scores = try Table(byNode)
        self.unknown = unknown
        unknownScore = scores.reduce(.infinity) { min($0, $1) } - PieceTable.unknownPenalty
        bestScores = try Table(PieceTable.bestScores(vocabulary, scores, unknownScore))
        self.byteIds = byteIds
    }

    init(
        _ trie: ByteTrie, scores: Table<Double>, bestScores: Table<Double>, unknown: Int32, unknownScore: Double,
        byteIds: Table<Int32>?
    ) {
        (self.trie, self.scores, self.bestScores) = (trie, scores, bestScores)
        (self.unknown, self.unknownScore, self.byteIds) = (unknown, unknownScore, byteIds)
    }

    private static func bestScores(_ vocabulary: Vocabulary, _ scores: [Double], _ unknownScore: Double) -> [Double] {
        var best = [Double](repeating: unknownScore, count: 256)
        for (id, score) in scores.enumerated() {
            if score > 0 { return [Double](repeating: .infinity, count: 256) }
            let first = vocabulary.withToken(Int32(id)) { $0.first.map(Int.init) }
            if let first, let byte = first { best[byte] = max(best[byte], score) }
        }
        return best
    }

    var memoryBytes: Int { scores.memoryBytes + bestScores.memoryBytes + (byteIds?.memoryBytes ?? 0) }
}
