/// The tokens that merging can make, numbered by rank: first the letters, bytes or characters, then those of the merges that can happen.
///
/// Merging always takes the pair of the lowest rank, the leftmost of equals. So what happens between two places of a text that no merge
/// ever crosses depends on the bytes between them alone, and a sequence of tokens is what merging makes of a text just if every two
/// neighbours are what it makes of the two together. `mayMeet` answers that from the ranks, and replaces the merging: a text is cut by
/// trying the longest token that may follow, and going back where nothing may.
final class MergeTable: @unchecked Sendable {  // nothing changes after init
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
        let bytes: UInt16
        /// In the vocabulary.
        let id: Int32
    }

    let tokens: UnsafePointer<Token>
    private let count: Int
    /// The numbers below are letters.
    let letterCount: UInt32
    /// Whether "▁" is nowhere in a token but where it begins, after other marks or none: so that no merge goes across to it.
    let marksBegin: Bool
    /// From bytes to the number of a token.
    let trie: ByteTrie
    /// Open addressing: 0, or left << 42 | right << 21 | token.
    private let pairs: UnsafePointer<UInt64>
    private let slots: Int
    private let shift: UInt64
    /// By number: when a token is made, as the largest number in all that it is made of; nil: at its own.
    private let times: UnsafePointer<UInt32>?

    init(_ builder: MergeTableBuilder) throws(LimbeckError) {
        var builder = builder
        try builder.finish()
        count = builder.tokens.count
        letterCount = builder.letterCount
        marksBegin = builder.marksBegin
        slots = builder.pairs.slots.count
        shift = builder.pairs.shift
        let tokens = UnsafeMutablePointer<Token>.allocate(capacity: count)
        let pairs = UnsafeMutablePointer<UInt64>.allocate(capacity: slots)
        var keys: [ByteTrie.Key] = []
        for token in builder.tokens {
            keys.append(ByteTrie.Key(start: token.start, count: UInt32(token.bytes), value: Int32(keys.count)))
        }
        let trie = builder.bytes.withUnsafeBytes { ByteTrie(keys, bytes: $0) }
        var isInTurn = true
        for (index, token) in builder.tokens.enumerated() {
            if token.time != index { isInTurn = false }
            let prefix = builder.bytes.withUnsafeBytes { MergeTable.prefix(of: keys[index], $0, trie) }
            let value = Token(left: token.left, right: token.right, prefix: prefix, bytes: token.bytes, id: token.id)
            (tokens + index).initialize(to: value)
        }
        for (index, pair) in builder.pairs.slots.enumerated() { (pairs + index).initialize(to: pair) }
        if isInTurn {
            times = nil
        } else {
            let times = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
            for (index, token) in builder.tokens.enumerated() { (times + index).initialize(to: token.time) }
            self.times = UnsafePointer(times)
        }
        self.trie = trie
        self.tokens = UnsafePointer(tokens)
        self.pairs = UnsafePointer(pairs)
    }

    deinit {
        tokens.deallocate()
        pairs.deallocate()
        times?.deallocate()
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
        trie.memoryBytes + count * MemoryLayout<Token>.stride + slots * MemoryLayout<UInt64>.stride
            + (times == nil ? 0 : count * MemoryLayout<UInt32>.stride)
    }

    /// The token that merging two makes, or `nothing`.
    @inline(__always)
    func merged(_ left: UInt32, _ right: UInt32) -> UInt32 {
        PairHash.find(left, right, in: pairs, shift: shift, mask: slots &- 1)
    }

    /// Whether merging leaves these two beside each other.
    @inline(__always)
    func mayMeet(_ left: UInt32, _ right: UInt32) -> Bool {
        if let times { return mayMeet(left, right, times) }
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
