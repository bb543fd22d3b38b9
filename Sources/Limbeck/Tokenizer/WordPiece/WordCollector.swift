/// The word that is being collected: its normalised bytes, and for each the bytes of the source that its scalar stands for.
struct WordCollector: WordTaker {
    private let bytes: UnsafeMutablePointer<UInt8>
    private let starts: UnsafeMutablePointer<UInt32>
    private let ends: UnsafeMutablePointer<UInt32>
    private let piece: WordPiece
    private var count = 0
    private(set) var characters = 0
    private var start = 0
    private var end = 0

    /// Calls `body` with a collector whose buffers are on the stack.
    static func with(_ piece: WordPiece, _ body: (inout WordCollector) -> Void) {
        var bytes = InlineArray<1024, UInt8>(repeating: 0)
        var starts = InlineArray<1024, UInt32>(repeating: 0)
        var ends = InlineArray<1024, UInt32>(repeating: 0)
        var mutableBytes = bytes.mutableSpan
        mutableBytes.withUnsafeMutableBufferPointer { bytes in
            var mutableStarts = starts.mutableSpan
            mutableStarts.withUnsafeMutableBufferPointer { starts in
                var mutableEnds = ends.mutableSpan
                mutableEnds.withUnsafeMutableBufferPointer { ends in
                    guard let bytes = bytes.baseAddress, let starts = starts.baseAddress, let ends = ends.baseAddress
                    else { return }
                    var collector = WordCollector(bytes: bytes, starts: starts, ends: ends, piece: piece)
                    body(&collector)
                }
            }
        }
    }

    private init(
        bytes: UnsafeMutablePointer<UInt8>, starts: UnsafeMutablePointer<UInt32>, ends: UnsafeMutablePointer<UInt32>,
        piece: WordPiece
    ) {
        self.bytes = bytes
        self.starts = starts
        self.ends = ends
        self.piece = piece
    }

    @inline(__always)
    mutating func append(_ scalar: UInt32, _ start: Int, _ end: Int) {
        if characters == 0 { self.start = start }
        self.end = end
        characters &+= 1
        // What does not fit belongs to a word that is too long, and unknown.
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
        (count, characters) = (0, 0)
    }

    /// Appends the pieces of the word; false, and nothing appended, if the vocabulary cannot spell it.
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

    /// Takes a scalar as the normaliser gives it.
    @inline(__always)
    mutating func take(_ source: SourceScalar, into sink: inout TokenSink) {
        let record = ScalarRecord(source.scalar)
        if record.isSpace {
            flush(into: &sink)
        } else if record.isPunctuation {
            flush(into: &sink)
            append(source.scalar, source.start, source.end)
            flush(into: &sink)
        } else {
            append(source.scalar, source.start, source.end)
        }
    }
}
