/// Unigram: of all ways to cut a word into pieces, the one whose scores have the largest sum.
///
/// (Kudo, "Subword Regularization", 2018; the choice among equals and the unknown pieces are those of the Hugging Face tokenizers.)
final class Unigram: Sendable {
    let pieces: PieceTable
    let input: MetaspaceInput

    init(_ pieces: PieceTable, _ input: MetaspaceInput) {
        self.pieces = pieces
        self.input = input
    }

    var memoryBytes: Int { pieces.memoryBytes + input.memoryBytes }

    /// Cuts `text[start..<end]`; see `MetaspaceInput`.
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
final class PieceTable: @unchecked Sendable {  // nothing changes after init
    /// The most bytes of a piece: what bounds the time that a byte of text takes. SentencePiece's own pieces have at most 16 characters.
    static let longestPiece = 256
    /// What an unknown character costs more than the worst piece.
    private static let unknownPenalty = 10.0

    let trie: ByteTrie
    /// By node of the trie: the score of the piece that ends there.
    let scores: UnsafePointer<Double>
    let unknown: Int32
    let unknownScore: Double
    /// By byte: the id of the piece that stands for it; nil: unknown characters are not spelt in bytes.
    let byteIds: [Int32]?

    /// `scores` are by id.
    init(_ vocabulary: Vocabulary, scores: [Double], unknown: Int32, byteIds: [Int32]?) {
        trie = vocabulary.trie
        let byNode = UnsafeMutablePointer<Double>.allocate(capacity: trie.unitCount)
        for node in 0..<trie.unitCount {
            let isKey = trie.units[node].isKey
            (byNode + node).initialize(to: isKey ? scores[Int(trie.values[node])] : 0)
        }
        self.scores = UnsafePointer(byNode)
        self.unknown = unknown
        unknownScore = scores.reduce(.infinity) { min($0, $1) } - PieceTable.unknownPenalty
        self.byteIds = byteIds
    }

    deinit { scores.deallocate() }

    var memoryBytes: Int { trie.unitCount * MemoryLayout<Double>.stride }
}
