/// The initial symbols of words, before merging.
enum MergeLetters {
    /// The bytes of UTF-8, as byte-level vocabularies write them.
    case bytes
    /// The characters of the vocabulary.
    case characters(UnknownCharacter)
}

/// Checks merges, selects those that can happen, and numbers the tokens.
struct MergeTableBuilder {
    struct Token {
        var left: UInt32 = 0
        var right: UInt32 = 0
        var id: Int32 = 0
        /// The start of its bytes.
        var start: UInt32 = 0
        var bytes: UInt16 = 0
        /// The time at which it is made; see `MergeTime`.
        var time: UInt32 = 0
    }

    /// A merge of the file, as ids, with its line number or array index.
    private struct Merge {
        let left: Int32
        let right: Int32
        let whole: Int32
        let number: Int32
    }

    /// Token numbers have 21 bits in the pair table.
    private static let maxTokens = 1 << 21

    private let file: String
    /// The source of the merges.
    enum Place {
        /// An array of a tokenizer.json.
        case members
        /// The lines of a file.
        case lines
        /// The pieces of a .model file.
        case pieces
    }

    private let place: Place
    private let vocabulary: Vocabulary
    /// By id, if there are any: whether the token represents unknown characters.
    private var standIns: [Bool] = []
    private(set) var letterCount: UInt32 = 0
    private var letterBytes = 0
    /// In the order of their ranks.
    private var merges: [Merge] = []

    /// By id: the number of the token, or `never`.
    private var made: [UInt32]
    private static let never = UInt32.max
    private(set) var pairs = PairTable(count: 0)
    /// The letters, then one token for each merge.
    private(set) var tokens: [Token] = []
    /// The bytes of the tokens.
    private(set) var bytes: [UInt8] = []

    init(
        _ vocabulary: __shared Vocabulary, _ letters: MergeLetters, mergeCount: Int, file: __shared String, place: Place
    ) throws(LimbeckError) {
        self.file = file
        self.place = place
        self.vocabulary = vocabulary
        made = [UInt32](repeating: MergeTableBuilder.never, count: vocabulary.count)
        switch letters {
        case .bytes: try appendBytes()
        case .characters(let unknown):
            standIns = [Bool](repeating: false, count: vocabulary.count)
            for id in unknown.ids where id >= 0 { standIns[Int(id)] = true }
            try appendCharacters()
        }
        (letterCount, letterBytes) = (UInt32(tokens.count), bytes.count)
        let limit = MergeTableBuilder.maxTokens - tokens.count
        guard mergeCount <= limit else {
            throw LimbeckError(.fileUnsupported, "\(file): \(mergeCount) merges, expected at most \(limit)")
        }
        merges.reserveCapacity(mergeCount)
    }

    private mutating func appendBytes() throws(LimbeckError) {
        var text: [UInt8] = []
        for byte in UInt8.min...UInt8.max {
            text.removeAll(keepingCapacity: true)
            appendUTF8(ByteAlphabet.scalar(of: byte), to: &text)
            let id = vocabulary.id(of: text)
            guard id != nil || !ByteAlphabet.isInText(byte) else {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(file): the vocabulary has no token for the byte \(Int(byte)), written \"\(String(utf8: text))\""
                )
            }
            try append(letter: [byte], id)
        }
    }

    private mutating func appendCharacters() throws(LimbeckError) {
        for id in 0..<Int32(vocabulary.count) {
            var letter: [UInt8] = []
            _ = vocabulary.withToken(id) { token in
                guard let start = token.baseAddress?.assumingMemoryBound(to: UInt8.self), token.count > 0,
                    UTF8Reader.read(start, at: 0, end: token.count).end == token.count
                else { return }
                letter.append(contentsOf: token)
            }
            // Of two with the same text the later one wins.
            if !letter.isEmpty, vocabulary.id(of: letter) == id { try append(letter: letter, id) }
        }
    }

    private mutating func append(letter: [UInt8], _ id: Int32?) throws(LimbeckError) {
        let number = UInt32(tokens.count)
        if let id { try make(id, number) }
        tokens.append(
            Token(
                left: number, right: number, id: id ?? 0, start: UInt32(bytes.count), bytes: UInt16(letter.count), time: number))
        bytes += letter
    }

    private mutating func make(_ id: Int32, _ number: UInt32) throws(LimbeckError) {
        guard made[Int(id)] == MergeTableBuilder.never else {
            throw LimbeckError(.fileUnsupported, "\(file): two tokens have the id \(id)")
        }
        made[Int(id)] = number
    }

    /// Adds the merge of the next rank, from line or array index `number`.
    @_optimize(speed)
    mutating func add(_ left: [UInt8], _ right: [UInt8], _ number: Int) throws(LimbeckError) {
        let merge = Merge(
            left: try id(left, number), right: try id(right, number), whole: try id(left + right, number), number: Int32(number))
        if !standIns.isEmpty, standIns[Int(merge.left)] || standIns[Int(merge.right)] {
            throw unsupported(merge, "has a token that stands for unknown characters")
        }
        merges.append(merge)
    }

    // MARK: Selecting the merges

    /// Keeps, for each token, the one merge that makes it, if any does. There is at most one: merging a text between two places
    /// that no merge crosses has one result. The tokens are built in order of length, because `mayMeet` needs only tokens shorter
    /// than the one in question.
    mutating func finish() throws(LimbeckError) {
        try makeTokens()
        var kept: [Merge] = []
        for (rank, merge) in merges.enumerated() where made[Int(merge.whole)] == letterCount + UInt32(rank) {
            kept.append(merge)
        }
        for merge in kept { made[Int(merge.whole)] = MergeTableBuilder.never }
        merges = kept
        // Repeated, to number the tokens without gaps.
        try makeTokens()
    }

    private mutating func makeTokens() throws(LimbeckError) {
        pairs = PairTable(count: min(merges.count, vocabulary.count))
        while tokens.count > Int(letterCount) { tokens.removeLast() }
        while bytes.count > letterBytes { bytes.removeLast() }
        for _ in merges { tokens.append(Token()) }
        for rank in ranksByLength() { try makeToken(rank) }
    }

    /// A counting sort, since there are half a million.
    private func ranksByLength() -> [Int] {
        // Letters of byte-level vocabularies have up to two bytes.
        let longest = 2 * MergeTable.longestToken + 1
        let lengths = merges.map { merge in min(longest, vocabulary.withToken(merge.whole) { $0.count } ?? 0) }
        var ends = [Int](repeating: 0, count: longest + 2)
        for length in lengths { ends[length + 1] += 1 }
        for length in 1...longest { ends[length] += ends[length - 1] }
        var ranks = [Int](repeating: 0, count: merges.count)
        for (rank, length) in lengths.enumerated() {
            ranks[ends[length]] = rank
            ends[length] += 1
        }
        return ranks
    }

    /// Makes the token of a merge, if the merge happens.
    @_optimize(speed)
    private mutating func makeToken(_ rank: Int) throws(LimbeckError) {
        let merge = merges[rank]
        let (left, right) = (made[Int(merge.left)], made[Int(merge.right)])
        guard left != MergeTableBuilder.never, right != MergeTableBuilder.never else { return }
        guard pairs.find(left, right) == MergeTable.nothing else { throw unsupported(merge, "is a duplicate") }
        guard
            MergeTime.mayMeet(
                left, right, letterCount, merged: { pairs.find($0, $1) },
                parts: { (tokens[Int($0)].left, tokens[Int($0)].right) }, times: { tokens[Int($0)].time })
        else { return }
        let parts = (tokens[Int(left)], tokens[Int(right)])
        let count = Int(parts.0.bytes) + Int(parts.1.bytes)
        guard count <= MergeTable.longestToken else {
            throw unsupported(merge, "makes a token of \(count) bytes, expected at most \(MergeTable.longestToken)")
        }
        let number = letterCount + UInt32(rank)
        try make(merge.whole, number)
        pairs.insert(left, right, number)
        tokens[Int(number)] = Token(
            left: left, right: right, id: merge.whole, start: UInt32(bytes.count), bytes: UInt16(count),
            time: max(number, parts.0.time, parts.1.time))
        append(parts.0)
        append(parts.1)
    }

    private mutating func append(_ part: Token) {
        for index in Int(part.start)..<Int(part.start) + Int(part.bytes) { bytes.append(bytes[index]) }
    }

    var marksBegin: Bool {
        for token in tokens {
            let end = Int(token.start) + Int(token.bytes)
            var place = Int(token.start)
            while place + 3 <= end, isMark(at: place) { place += 3 }
            while place + 3 <= end {
                if isMark(at: place) { return false }
                place += 1
            }
        }
        return true
    }

    private func isMark(at place: Int) -> Bool {
        bytes[place] == 0xE2 && bytes[place + 1] == 0x96 && bytes[place + 2] == 0x81
    }

    private func place(_ number: Int) -> Message {
        switch place {
        case .members: "model.merges[\(number)]"
        case .lines: "line \(number)"
        case .pieces: "the merge \(number) of the pieces"
        }
    }

    @inline(never) private func unsupported(_ merge: Merge, _ what: __owned Message) -> LimbeckError {
        LimbeckError(.fileUnsupported, "\(file): \(place(Int(merge.number))) \(what)")
    }

    private func id(_ text: [UInt8], _ number: Int) throws(LimbeckError) -> Int32 {
        guard let id = vocabulary.id(of: text) else {
            let token = String(decoding: text.prefix(100), as: UTF8.self)
            throw LimbeckError(.fileInconsistent, "\(file): \(place(number)) needs \"\(token)\", which is not in the vocabulary")
        }
        guard vocabulary.withToken(id, { $0.elementsEqual(text) }) == true else {
            throw LimbeckError(.fileUnsupported, "\(file): two tokens have the id \(id)")
        }
        return id
    }
}
