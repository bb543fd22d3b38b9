/// Tokenises words of plain ASCII in place.
struct ASCIIReader {
    let text: UnsafePointer<UInt8>
    let end: Int
    let kinds: UnsafePointer<UInt8>
    let units: UnsafePointer<ByteTrie.Unit>
    let values: UnsafePointer<Int32>
    let continuation: UInt32?
    let unknown: Int32
    let maximum: Int
    let piece: WordPiece

    init(text: UnsafePointer<UInt8>, end: Int, kinds: UnsafePointer<UInt8>, piece: WordPiece) {
        self.text = text
        self.end = end
        self.kinds = kinds
        self.piece = piece
        units = piece.vocabulary.trie.units
        values = piece.vocabulary.trie.values
        continuation = piece.continuation
        unknown = piece.options.unknown
        maximum = piece.options.maximumCharacters
    }

    /// Reads words until one is not plain ASCII, and returns where that word begins, or the end.
    @inline(__always)
    mutating func read(from start: Int, into sink: inout TokenSink) -> Int {
        var position = start
        while position < end, !sink.isFull {
            switch kinds[Int(text[position])] {
            case WordPiece.ByteKind.space: position &+= 1
            case WordPiece.ByteKind.punctuation:
                let after = position &+ 1
                // A following combining mark may attach to this character, but the result is never another token, since nothing is
                // composed.
                sink.append(piece.punctuationIds[Int(text[position])], position, after)
                sink.endWord()
                position = after
            case WordPiece.ByteKind.word:
                let next = word(at: position, into: &sink)
                if next == position { return position }
                position = next
            default: return position
            }
        }
        return position
    }

    /// Tokenises the word at `start` and returns its end; or returns `start`, with nothing appended, if it is not plain ASCII.
    @inline(__always)
    private mutating func word(at start: Int, into sink: inout TokenSink) -> Int {
        let folds = kinds + 256
        let mark = sink.count
        var node = ByteTrie.root
        var position = start
        var pieceStart = start
        var pieceEnd = start
        var pieceNode = ByteTrie.root
        while true {
            while position < end {
                let byte = folds[Int(text[position])]
                if byte == 0 { break }
                let next = units[Int(node)].link >> 1 ^ UInt32(byte)
                if units[Int(next)].parent != node { break }
                node = next
                position &+= 1
                if units[Int(node)].isKey {
                    pieceEnd = position
                    pieceNode = node
                }
            }
            let isAtEnd = position == end || folds[Int(text[position])] == 0
            if isAtEnd, position < end, kinds[Int(text[position])] == WordPiece.ByteKind.other {
                sink.rewind(to: mark)
                return start
            }
            guard pieceEnd > pieceStart, position &- start <= maximum else { break }
            sink.append(values[Int(pieceNode)], pieceStart, pieceEnd)
            if isAtEnd, pieceEnd == position {
                sink.endWord()
                return position
            }
            guard let continuation else { break }
            pieceStart = pieceEnd
            position = pieceEnd
            node = continuation
        }
        sink.rewind(to: mark)
        while position < end, folds[Int(text[position])] != 0 { position &+= 1 }
        if position < end, kinds[Int(text[position])] == WordPiece.ByteKind.other { return start }
        sink.append(unknown, start, position)
        sink.endWord()
        return position
    }
}
