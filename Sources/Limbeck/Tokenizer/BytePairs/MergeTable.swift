/// The tokens that merging can make, numbered by rank: first the letters, bytes or characters, then those of the merges that can happen.
///
/// Merging always takes the pair of the lowest rank, the leftmost of equals. So what happens between two places of a text that no merge
/// ever crosses depends on the bytes between them alone, and a sequence of tokens is what merging makes of a text just if every two
/// neighbours are what it makes of the two together. `mayMeet` answers that from the ranks, and replaces the merging: a text is cut by
/// trying the longest token that may follow, and going back where nothing may.
final class MergeTable: Sendable {
    /// The most bytes of a token. GPT-2's longest have 128; the time to cut a text of length n is at most in proportion to n times this,
    /// squared.
    static let longestToken = 512
    static let nothing = UInt32.max

    struct Token {
        /// The two tokens it is made of; a letter is made of itself.
        let left: UInt32
        let right: UInt32
        /// The longest token that its bytes begin with, shorter than itself; `nothing` for a letter.
        let prefix: UInt32
        let bytes: UInt32
        /// In the vocabulary.
        let id: Int32
    }

    let tokens: Table<Token>
    /// The numbers below are letters.
    let letterCount: UInt32
    /// Whether "▁" is nowhere in a token but where it begins, after other marks or none: so that no merge goes across to it.
    let marksBegin: Bool
    /// From bytes to the number of a token.
    let trie: ByteTrie
    /// Open addressing: 0, or left << 42 | right << 21 | token.
    let pairs: Table<UInt64>
    private let shift: UInt64
    /// By number: when a token is made, as the largest number in all that it is made of; nil: at its own.
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

    /// The token that merging two makes, or `nothing`.
    @inline(__always)
    func merged(_ left: UInt32, _ right: UInt32) -> UInt32 {
        PairHash.find(left, right, in: pairs.base, shift: shift, mask: pairs.count &- 1)
    }

    /// Whether merging leaves these two beside each other.
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

/// The pairs that merge, and what follows from them.
enum PairHash {
    static let tokenBits: UInt64 = 21

    /// For a table of so many slots, a power of two: what leaves a product of 64 bits the number of a slot.
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

    /// Where the search for a pair begins: the upper bits of a product with the golden ratio.
    @inline(__always)
    static func slot(of key: UInt64, _ shift: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> shift)
    }

    /// Undoes the merges of both tokens, the last first. Whenever a pair across the border would have merged before the merge that was
    /// undone next, merging would have crossed the border. Of equal ranks the left one is earlier.
    @inline(__always)
    static func mayMeet(
        _ left: UInt32, _ right: UInt32, _ letterCount: UInt32, merged: (UInt32, UInt32) -> UInt32,
        parts: (UInt32) -> (UInt32, UInt32)
    ) -> Bool {
        var (left, right) = (left, right)
        // Pairs of this token or a later one would have come too late.
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
