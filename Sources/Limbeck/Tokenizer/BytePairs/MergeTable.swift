/// The tokens of a BPE, and the merges in the form in which `WordCutter` uses them.
///
/// BPE takes a word as a sequence of letters (bytes or characters) and repeatedly merges the adjacent pair of lowest rank, the
/// leftmost of equals, until no pair merges. Tokens are numbered by rank: first the letters, then the tokens of those merges that
/// can happen.
///
/// Merges are not carried out here. Consider two places in a text that no merge ever crosses: the result between them depends only
/// on the bytes between them. It follows that a sequence of tokens is the result of merging a text exactly if every two neighbours
/// are the result of merging their two texts joined together. `mayMeet` decides that from the ranks. So a text is tokenised by
/// trying the longest token that may follow the previous one, and backtracking where none may.
final class MergeTable: Sendable {
    /// The maximum length of a token in bytes. GPT-2's longest have 128. The time for a text of length n is at most proportional to
    /// n times the square of this.
    static let longestToken = 512
    static let nothing = UInt32.max

    struct Token {
        /// The two tokens that it is merged from; for a letter, the letter itself.
        let left: UInt32
        let right: UInt32
        /// The longest shorter token that its bytes begin with; `nothing` for a letter.
        let prefix: UInt32
        let bytes: UInt32
        /// The id in the vocabulary.
        let id: Int32
    }

    let tokens: Table<Token>
    /// Smaller numbers are letters.
    let letterCount: UInt32
    /// Whether "▁" occurs in tokens only at the beginning, after other marks or none: then no merge joins one to what precedes it.
    let marksBegin: Bool
    /// Maps bytes to token numbers.
    let trie: ByteTrie
    /// A hash table with open addressing: 0, or left << 42 | right << 21 | token.
    let pairs: Table<UInt64>
    private let shift: UInt64
    /// By number: the time at which a token is made, which is the largest number in all that it is merged from; nil: its own
    /// number. See `MergeTime`.
    let times: Table<UInt32>?

    init(_ builder: MergeTableBuilder) throws(LimbeckError) {
        var builder = builder
        try builder.finish()
        letterCount = builder.letterCount
        marksBegin = builder.marksBegin
        pairs = try Table(builder.pairs.slots)
        shift = PairHash.shift(slots: pairs.count)
        var keys: [ByteTrie.Key] = []
        for token in builder.tokens {
            keys.append(ByteTrie.Key(start: token.start, count: UInt32(token.bytes), value: Int32(keys.count)))
        }
        let trie = try ByteTrie(keys, bytes: Table(builder.bytes))
        self.trie = trie
        var isInTurn = true
        var tokens: [Token] = []
        for (index, token) in builder.tokens.enumerated() {
            if token.time != index { isInTurn = false }
            let prefix = builder.bytes.withUnsafeBytes { MergeTable.prefix(of: keys[index], $0, trie) }
            tokens.append(Token(left: token.left, right: token.right, prefix: prefix, bytes: UInt32(token.bytes), id: token.id))
        }
        self.tokens = try Table(tokens)
        times = isInTurn ? nil : try Table(builder.tokens.map { $0.time })
    }

    init(
        tokens: Table<Token>, letterCount: UInt32, marksBegin: Bool, trie: ByteTrie, pairs: Table<UInt64>, times: Table<UInt32>?
    ) {
        (self.tokens, self.letterCount, self.marksBegin) = (tokens, letterCount, marksBegin)
        (self.trie, self.pairs, self.times) = (trie, pairs, times)
        shift = PairHash.shift(slots: pairs.count)
    }

    private static func prefix(of key: ByteTrie.Key, _ bytes: UnsafeRawBufferPointer, _ trie: ByteTrie) -> UInt32 {
        var node = ByteTrie.root
        var found = nothing
        for index in 0..<Int(key.count) - 1 {
            guard let next = trie.child(node, bytes[Int(key.start) + index]) else { break }
            node = next
            if let value = trie.value(at: node) { found = UInt32(value) }
        }
        return found
    }

    var memoryBytes: Int {
        trie.memoryBytes + tokens.memoryBytes + pairs.memoryBytes + (times?.memoryBytes ?? 0)
    }

    /// The token that two tokens merge into, or `nothing`.
    @inline(__always)
    func merged(_ left: UInt32, _ right: UInt32) -> UInt32 {
        PairHash.find(left, right, in: pairs.base, shift: shift, mask: pairs.count &- 1)
    }

    /// Whether merging leaves these two tokens adjacent.
    @inline(__always)
    func mayMeet(_ left: UInt32, _ right: UInt32) -> Bool {
        if let times { return mayMeet(left, right, times.base) }
        return PairHash.mayMeet(
            left, right, letterCount, merged: { merged($0, $1) }, parts: { (tokens[Int($0)].left, tokens[Int($0)].right) })
    }

    @inline(never)
    private func mayMeet(_ left: UInt32, _ right: UInt32, _ times: UnsafePointer<UInt32>) -> Bool {
        MergeTime.mayMeet(
            left, right, letterCount, merged: { merged($0, $1) }, parts: { (tokens[Int($0)].left, tokens[Int($0)].right) },
            times: { times[Int($0)] })
    }
}

/// The hash table of the pairs that merge, and the test built on it.
enum PairHash {
    static let tokenBits: UInt64 = 21

    /// The shift that reduces a 64-bit hash to a slot number, for a power-of-two number of slots.
    static func shift(slots: Int) -> UInt64 { UInt64(64 - slots.trailingZeroBitCount) }

    @inline(__always)
    static func find(
        _ left: UInt32, _ right: UInt32, in slots: UnsafePointer<UInt64>, shift: UInt64, mask: Int
    ) -> UInt32 {
        let key = UInt64(left) << tokenBits | UInt64(right)
        var slot = slot(of: key, shift)
        while true {
            let entry = slots[slot]
            if entry == 0 { return MergeTable.nothing }
            if entry &>> tokenBits == key { return UInt32(truncatingIfNeeded: entry & (1 << tokenBits - 1)) }
            slot = (slot &+ 1) & mask
        }
    }

    /// The first slot of a search: the upper bits of a product with the golden ratio.
    @inline(__always)
    static func slot(of key: UInt64, _ shift: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> shift)
    }

    /// Undoes the merges of both tokens, the latest first. At each step, the last part of the left side and the first part of the
    /// right side are adjacent at the border. If this pair merges earlier than the merge that was undone last, merging would have
    /// crossed the border. Of equal ranks the left one is earlier.
    @inline(__always)
    static func mayMeet(
        _ left: UInt32, _ right: UInt32, _ letterCount: UInt32, merged: (UInt32, UInt32) -> UInt32,
        parts: (UInt32) -> (UInt32, UInt32)
    ) -> Bool {
        var (left, right) = (left, right)
        // Merges that make this token or a later one would come too late.
        var limit = MergeTable.nothing
        while true {
            if merged(left, right) < limit { return false }
            if left > right {
                if left < letterCount { return true }
                limit = left
                left = parts(left).1
            } else {
                if right < letterCount { return true }
                limit = right &+ 1
                right = parts(right).0
            }
        }
    }
}
