/// The word that is being collected, and the Viterbi search for its best segmentation.
///
/// The lattice has a place before every character and one at the end. A piece is an edge from the place where it begins to the one
/// where it ends, and its score is the edge's weight. With s(0) = 0, the best score of a place is
///
///     s(end) = max over pieces from start to end of s(start) + score(piece)
///
/// where a character that is no piece of its own also is an edge, with the unknown token's score. `look` goes through the places in
/// order, and from each walks the trie over the bytes that follow, which visits all pieces that begin there. For every end it keeps
/// the best score and the length of the piece that gave it. Following the lengths backwards from the end of the word gives the best
/// path, and so the tokens.
///
/// A word that is longer than the buffer is processed window by window. If the best paths to all open places share a beginning,
/// that beginning is final and is emitted. If they share none in a whole window, as in a thousand equal characters, half of the
/// best path is emitted, and the result may then not be optimal.
struct PieceLattice: PieceCollector {
    /// The size of a window in bytes, four times the longest piece.
    static let window = 4 * PieceTable.longestPiece

    private let pieces: PieceTable
    private let units: UnsafePointer<ByteTrie.Unit>
    private let values: UnsafePointer<Int32>
    private let pieceScores: UnsafePointer<Double>
    private let bestScores: UnsafePointer<Double>
    /// The bytes of the word, and for each byte the offsets of its character in the text.
    private let bytes: UnsafeMutablePointer<UInt8>
    private let starts: UnsafeMutablePointer<UInt32>
    private let ends: UnsafeMutablePointer<UInt32>
    private var count = 0
    /// By place in the word: the score of the best path to it, -infinity if there is none; the length in bytes of its last piece,
    /// and the piece's trie node.
    private let scores: UnsafeMutablePointer<Double>
    private let lengths: UnsafeMutablePointer<UInt16>
    private let nodes: UnsafeMutablePointer<UInt32>
    /// The places of the best path, backwards.
    private let path: UnsafeMutablePointer<UInt16>
    /// All pieces that begin before this place have been considered.
    private var next = 0
    /// The offsets of unknown characters at the end of the previous windows, which the next characters may extend; and where they
    /// are spelt in bytes, the index of their first token.
    private var unknown: (start: Int, end: Int, token: Int)?
    private(set) var isEmpty = true

    /// Marks a character that is not a piece.
    private static let nobody = ByteTrie.nobody

    /// Calls `body` with a lattice whose memory is on the stack.
    @inline(__always)
    static func with(_ pieces: PieceTable, _ body: (PieceLattice) -> Void) {
        // For 1,032 places: 8 + 4 + 4 + 4 + 2 + 2 + 1 bytes each.
        withStackMemory(InlineArray<3225, UInt64>.self) { body(PieceLattice(pieces, $0)) }
    }

    private init(_ pieces: PieceTable, _ memory: UnsafeMutableRawPointer) {
        let places = PieceLattice.window + 8
        self.pieces = pieces
        units = pieces.trie.units
        values = pieces.trie.values
        pieceScores = pieces.scores.base
        bestScores = pieces.bestScores.base
        scores = memory.bindMemory(to: Double.self, capacity: places)
        starts = (memory + 8 * places).bindMemory(to: UInt32.self, capacity: places)
        ends = (memory + 12 * places).bindMemory(to: UInt32.self, capacity: places)
        nodes = (memory + 16 * places).bindMemory(to: UInt32.self, capacity: places)
        lengths = (memory + 20 * places).bindMemory(to: UInt16.self, capacity: places)
        path = (memory + 22 * places).bindMemory(to: UInt16.self, capacity: places)
        bytes = (memory + 24 * places).bindMemory(to: UInt8.self, capacity: places)
        scores[0] = 0
    }

    @inline(__always)
    mutating func append(_ scalar: UInt32, _ start: Int, _ end: Int, into sink: inout TokenSink) {
        if scalar < 0x80 {
            return append(byte: UInt8(truncatingIfNeeded: scalar), start, end, into: &sink)
        }
        if count > PieceLattice.window - 4 { cutBeginning(into: &sink) }
        let length = UTF8Reader.write(scalar, to: bytes + count)
        for index in count..<count &+ length {
            starts[index] = UInt32(truncatingIfNeeded: start)
            ends[index] = UInt32(truncatingIfNeeded: end)
            scores[index &+ 1] = -.infinity
        }
        count &+= length
        isEmpty = false
    }

    @inline(__always)
    mutating func append(byte: UInt8, _ start: Int, _ end: Int, into sink: inout TokenSink) {
        if count > PieceLattice.window - 4 { cutBeginning(into: &sink) }
        bytes[count] = byte
        starts[count] = UInt32(truncatingIfNeeded: start)
        ends[count] = UInt32(truncatingIfNeeded: end)
        count &+= 1
        scores[count] = -.infinity
        isEmpty = false
    }

    @inline(never)
    mutating func endWord(into sink: inout TokenSink) {
        if isEmpty { return }
        look(before: count, isEnd: true)
        emit(to: count, isEnd: true, into: &sink)
        sink.endWord()
        (count, next, isEmpty) = (0, 0, true)
        scores[0] = 0
    }

    // MARK: The best path

    /// Considers all pieces that begin before `end`. `isEnd`: the word ends there.
    ///
    /// Most words are a single piece, so an early path to the end is often the best. Let S be the score of a known path to the end.
    /// If no score is positive, every path from a place on has a sum of at most its first edge. So a path through place p has at
    /// most s(p) + b, where b is the maximum score of a token that begins with the byte at p (`bestScores`). If s(p) + b < S, no
    /// path through p can be the best, and p is skipped. The bound holds for the computed sums too: adding a non-positive number
    /// never makes a sum larger, not even by rounding. This leaves two in seven places of English text.
    @inline(__always)
    private mutating func look(before end: Int, isEnd: Bool) {
        var start = next
        while start < end {
            let here = scores[start]
            let character = start &+ PieceLattice.length(bytes[start])
            if isEnd, here + bestScores[Int(bytes[start])] < scores[end] {
                start = character
                continue
            }
            var node = ByteTrie.root
            var position = start
            var isKnown = false
            while position < count {
                let child = units[Int(node)].link >> 1 ^ UInt32(bytes[position])
                let unit = units[Int(child)]
                if unit.parent != node { break }
                node = child
                position &+= 1
                if unit.isKey {
                    let score = here + pieceScores[Int(node)]
                    if score > scores[position] {
                        scores[position] = score
                        lengths[position] = UInt16(truncatingIfNeeded: position &- start)
                        nodes[position] = node
                    }
                    if position == character { isKnown = true }
                }
            }
            if !isKnown {
                let score = here + pieces.unknownScore
                if score > scores[character] {
                    scores[character] = score
                    lengths[character] = UInt16(truncatingIfNeeded: character &- start)
                    nodes[character] = PieceLattice.nobody
                }
            }
            start = character
        }
        next = start
    }

    /// The length of a character from its first byte.
    @inline(__always)
    private static func length(_ byte: UInt8) -> Int {
        byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    }

    /// Emits the beginning of a word that fills the window, and keeps the rest.
    private mutating func cutBeginning(into sink: inout TokenSink) {
        look(before: count - PieceTable.longestPiece, isEnd: false)
        // The common beginning of the best paths to all open places.
        var sure = next
        for place in next + 1...count where scores[place] > -.infinity {
            var other = place
            while sure != other {
                if sure > other { sure -= Int(lengths[sure]) } else { other -= Int(lengths[other]) }
            }
        }
        if sure == 0 {
            // There is none: then half of the best path so far is taken, and paths that do not pass its end are dropped.
            sure = next
            while sure > PieceLattice.window / 2 { sure -= Int(lengths[sure]) }
            for place in next + 1...count where scores[place] > -.infinity {
                var other = place
                while other > sure { other -= Int(lengths[other]) }
                if other < sure { scores[place] = -.infinity }
            }
        }
        emit(to: sure, isEnd: false, into: &sink)
        for place in sure...count {
            // The sums continue without a reset, as in the reference.
            (scores[place - sure], lengths[place - sure]) = (scores[place], lengths[place])
            nodes[place - sure] = nodes[place]
            guard place < count else { break }
            bytes[place - sure] = bytes[place]
            (starts[place - sure], ends[place - sure]) = (starts[place], ends[place])
        }
        count -= sure
        next -= sure
    }

    // MARK: Tokens

    /// Emits the pieces of the best path to `end`. Consecutive unknown characters are one token.
    @inline(__always)
    private mutating func emit(to end: Int, isEnd: Bool, into sink: inout TokenSink) {
        var steps = 0
        var place = end
        while place > 0 {
            path[steps] = UInt16(truncatingIfNeeded: place)
            steps &+= 1
            place &-= Int(lengths[place])
        }
        var first = 0
        var unknownFirst = unknown == nil ? -1 : 0
        while steps > 0 {
            steps &-= 1
            let last = Int(path[steps])
            let node = nodes[last]
            let id = node == PieceLattice.nobody ? pieces.unknown : values[Int(node)]
            if id == pieces.unknown {
                if unknownFirst < 0 { unknownFirst = first }
            } else {
                if unknownFirst >= 0 { emitUnknown(unknownFirst, first, into: &sink) }
                unknownFirst = -1
                sink.append(id, Int(starts[first]), Int(ends[last &- 1]))
            }
            first = last
        }
        guard unknownFirst >= 0 else { return }
        let start = unknown?.start ?? Int(starts[unknownFirst])
        let token = unknown?.token ?? sink.count
        if isEnd || pieces.byteIds != nil { emitUnknown(unknownFirst, end, into: &sink) }
        if isEnd { return }
        unknown = (start, Int(ends[end - 1]), token)
        sink.endsMove = pieces.byteIds != nil && token < sink.limit
    }

    /// Emits the unknown characters at `first..<last`, together with those of the previous windows.
    private mutating func emitUnknown(_ first: Int, _ last: Int, into sink: inout TokenSink) {
        let before = unknown
        unknown = nil
        sink.endsMove = false
        let start = before?.start ?? Int(starts[first])
        let end = last == 0 ? before?.end ?? start : Int(ends[last - 1])
        let text = UnsafeRawBufferPointer(start: bytes + first, count: last - first)
        // Unknown as characters, together they may be a piece, one with a very low score.
        if before == nil, let id = pieces.trie.value(of: text) { return sink.append(id, start, end) }
        if let before { sink.moveEnds(from: before.token, to: end) }
        if let byteIds = pieces.byteIds, text.allSatisfy({ byteIds[Int($0)] >= 0 }) {
            for byte in text { sink.append(byteIds[Int(byte)], start, end) }
        } else {
            sink.append(pieces.unknown, start, end)
        }
    }
}
