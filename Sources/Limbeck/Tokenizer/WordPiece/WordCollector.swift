/// The word that is being collected: its normalised bytes, and for each byte the source range of its scalar.
struct WordCollector: WordTaker {
    private let bytes: UnsafeMutablePointer<UInt8>
    private let starts: UnsafeMutablePointer<UInt32>
    private let ends: UnsafeMutablePointer<UInt32>
    private let piece: WordPiece
    private var count = 0
    private(set) var characters = 0
    private var start = 0
    private var end = 0
    /// The traits of the last character of the word; empty if it was appended without computing them.
    private var last: WordSplits = []

    /// Calls `body` with a collector whose buffers are on the stack.
    static func with(_ piece: WordPiece, _ body: (inout WordCollector) -> Void) {
        // For 1,024 places: 4 + 4 + 1 bytes each.
        withStackMemory(InlineArray<1152, UInt64>.self) { memory in
            var collector = WordCollector(piece, memory)
            body(&collector)
        }
    }

    private init(_ piece: WordPiece, _ memory: UnsafeMutableRawPointer) {
        let places = 1024
        self.piece = piece
        starts = memory.bindMemory(to: UInt32.self, capacity: places)
        ends = (memory + 4 * places).bindMemory(to: UInt32.self, capacity: places)
        bytes = (memory + 8 * places).bindMemory(to: UInt8.self, capacity: places)
    }

    @inline(__always)
    mutating func append(_ scalar: UInt32, _ start: Int, _ end: Int) {
        if characters == 0 { self.start = start }
        self.end = end
        characters &+= 1
        // A word that does not fit is too long, and so unknown.
        guard characters <= WordPieceOptions.characterBound else { return }
        let length = UTF8Reader.write(scalar, to: bytes + count)
        for index in count..<count &+ length {
            starts[index] = UInt32(truncatingIfNeeded: start)
            ends[index] = UInt32(truncatingIfNeeded: end)
        }
        count &+= length
    }

    @inline(__always)
    mutating func flush(into sink: inout TokenSink) {
        if characters == 0 { return }
        if characters > piece.options.maximumCharacters || !cut(into: &sink) {
            sink.append(piece.options.unknown, start, end)
        }
        sink.endWord()
        (count, characters, last) = (0, 0, [])
    }

    /// Appends the pieces of the word; false, with nothing appended, if the vocabulary cannot represent it.
    private func cut(into sink: inout TokenSink) -> Bool {
        let trie = piece.vocabulary.trie
        let mark = sink.count
        var node = ByteTrie.root
        var pieceStart = 0
        while true {
            var pieceEnd = pieceStart
            var pieceNode = ByteTrie.root
            var position = pieceStart
            while position < count, let next = trie.child(node, bytes[position]) {
                node = next
                position &+= 1
                if trie.units[Int(node)].isKey {
                    pieceEnd = position
                    pieceNode = node
                }
            }
            guard pieceEnd > pieceStart else { break }
            sink.append(trie.values[Int(pieceNode)], Int(starts[pieceStart]), Int(ends[pieceEnd &- 1]))
            if pieceEnd == count { return true }
            guard let continuation = piece.continuation else { break }
            pieceStart = pieceEnd
            node = continuation
        }
        sink.rewind(to: mark)
        return false
    }

    /// Takes a normalised scalar.
    @inline(__always)
    mutating func take(_ source: SourceScalar, into sink: inout TokenSink) {
        let splits = piece.splits
        if splits.removes(source.scalar) { return flush(into: &sink) }
        let traits = splits.traits(source.scalar)
        if characters > 0, splits.cuts(between: last, and: traits) { flush(into: &sink) }
        last = traits
        append(source.scalar, source.start, source.end)
        if traits.standsAlone { flush(into: &sink) }
    }
}
