/// Derives the merges of a SentencePiece BPE, whose file has none: every way to concatenate a piece from two others, in descending
/// order of the pieces' scores, as in transformers.
extension MergeTable {
    /// A bound on the work: the total bytes of the suffixes that are looked up, one for each prefix of a piece that is itself a
    /// piece. Vocabularies of 250,000 pieces need less than a tenth of it.
    private static let maxSteps = 1 << 26
    /// The maximum number of merges; `MergeTableBuilder` takes slightly fewer.
    private static let maxMerges = 1 << 21

    convenience init(
        _ model: __shared SentencePieceFile, _ vocabulary: __shared Vocabulary, _ unknown: UnknownCharacter
    ) throws(LimbeckError) {
        let pieces = model.pieces
        // Of two pieces with the same text the later one wins. Only normal pieces are parts or results of merges.
        var isNormal = [Bool](repeating: false, count: pieces.count)
        for (id, piece) in pieces.enumerated() {
            isNormal[id] = piece.kind == .normal && vocabulary.id(of: piece.text) == Int32(id)
        }
        var cuts: [(piece: Int32, place: UInt16)] = []
        var steps = 0
        for id in model.idsByScore where isNormal[Int(id)] {
            let text = pieces[Int(id)].text
            var node = ByteTrie.root
            for place in 1..<max(1, text.count) {
                guard let next = vocabulary.trie.child(node, text[place - 1]) else { break }
                node = next
                guard let left = vocabulary.trie.value(at: node), isNormal[Int(left)] else { continue }
                steps += text.count - place
                let rest = UnsafeRawBufferPointer(rebasing: text[place...])
                if let right = vocabulary.id(of: rest), isNormal[Int(right)] { cuts.append((id, UInt16(place))) }
            }
            guard steps <= MergeTable.maxSteps, cuts.count <= MergeTable.maxMerges else {
                throw model.unsupported("the pieces combine in too many ways")
            }
        }
        var builder = try MergeTableBuilder(
            vocabulary, .characters(unknown), mergeCount: cuts.count, file: model.name, place: .pieces)
        for (index, cut) in cuts.enumerated() {
            let text = pieces[Int(cut.piece)].text
            try builder.add(Array(text[..<Int(cut.place)]), Array(text[Int(cut.place)...]), index)
        }
        try self.init(builder)
    }
}

extension SentencePieceFile {
    /// The ids of the pieces in descending order of score, stably: a radix sort by the digits of the scores, the lowest digit
    /// first.
    fileprivate var idsByScore: [Int32] {
        // Keys that decrease as the score increases.
        let keys = pieces.map { piece in
            let bits = piece.score == 0 ? 0 : piece.score.bitPattern
            return bits >> 31 == 0 ? ~(bits | 1 << 31) : bits
        }
        var ids = (0..<Int32(pieces.count)).map { $0 }
        var sorted = ids
        for shift in stride(from: 0 as UInt32, to: 32, by: 8) {
            var places = [Int](repeating: 0, count: 257)
            for key in keys { places[Int(key >> shift & 255) + 1] += 1 }
            for digit in 1...256 { places[digit] += places[digit - 1] }
            for id in ids {
                let digit = Int(keys[Int(id)] >> shift & 255)
                sorted[places[digit]] = id
                places[digit] += 1
            }
            swap(&ids, &sorted)
        }
        return ids
    }
}
