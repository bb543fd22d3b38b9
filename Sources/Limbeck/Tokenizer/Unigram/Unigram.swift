/// Unigram: of all ways to cut a word into pieces, the one whose scores have the largest sum.
///
/// (Kudo, "Subword Regularization", 2018; the choice among equals and the unknown pieces are those of the Hugging Face tokenizers.)
final class Unigram: Sendable {
    let pieces: PieceTable
    let normalizer: StepNormalizer
    let words: MetaspaceOptions

    init(_ pieces: PieceTable, _ normalizer: StepNormalizer, _ words: MetaspaceOptions) {
        self.pieces = pieces
        self.normalizer = normalizer
        self.words = words
    }

    var memoryBytes: Int { pieces.memoryBytes + normalizer.memoryBytes }

    /// Cuts `text[start..<end]`, which is normalised on its own. Tokens that are found in the normalised text are given in `added`.
    /// `continues`: it does not begin there.
    @inline(never)
    func encode(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, continues: Bool, finding added: AddedTokens?,
        into sink: inout TokenSink
    ) {
        normalizer.withText(text, from: start, to: end, continues: continues) { source in
            PieceLattice.with(pieces) { lattice in
                var words = MetaspaceWords(words, lattice, continues: continues)
                if let added, mayHave(added, source, text) {
                    return added.cut(source, of: text, from: start, &words, into: &sink)
                }
                var source = source
                while !sink.isFull {
                    let stop = source.plainEnd()
                    if stop > source.position {
                        words.take(plain: text, from: source.position, to: stop, source.plain, into: &sink)
                        source.pass(to: stop)
                    }
                    guard let scalar = source.next() else { break }
                    words.take(scalar, into: &sink)
                }
                words.flush(into: &sink)
            }
        }
    }

    /// Whether any character of the normalised text may begin a token. Of most texts none does, and they need not be cut slowly.
    @inline(never)
    private func mayHave(_ added: AddedTokens, _ source: SegmentedText, _ text: UnsafePointer<UInt8>) -> Bool {
        var source = source
        while true {
            let stop = source.plainEnd()
            for position in source.position..<stop
            where added.mayBegin(with: source.plain[Int(text[position])]) {
                return true
            }
            source.pass(to: stop)
            guard let scalar = source.next() else { return false }
            if added.mayBegin(with: UTF8Reader.firstByte(of: scalar.scalar)) { return true }
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
