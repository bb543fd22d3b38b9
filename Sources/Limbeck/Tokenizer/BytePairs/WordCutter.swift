/// Finds the tokens of a word, with the backtracking search that `MergeTable` describes, in memory on the stack.
struct WordCutter {
    /// The maximum length in bytes of a word that is tokenised in place.
    static let shortWord = 256

    // Retained by the owner of the cutter: reference counting would take a large part of the time.
    private unowned(unsafe) let table: MergeTable
    private let tokens: UnsafePointer<MergeTable.Token>
    private let units: UnsafePointer<ByteTrie.Unit>
    private let values: UnsafePointer<Int32>
    /// The tokens so far.
    private let found: UnsafeMutablePointer<UInt32>
    /// By byte of the word: whether the search failed from there.
    private let dead: UnsafeMutablePointer<UInt64>

    /// The memory for words of `count` bytes.
    static func memoryBytes(_ count: Int) -> Int { 4 * count + 8 * (count / 64 + 1) }

    /// `memory` has room for words of `count` bytes, a multiple of 64.
    init(_ table: MergeTable, _ memory: UnsafeMutableRawPointer, _ count: Int) {
        self.table = table
        tokens = table.tokens.base
        units = table.trie.units
        values = table.trie.values
        found = memory.bindMemory(to: UInt32.self, capacity: count)
        dead = (memory + 4 * count).bindMemory(to: UInt64.self, capacity: count / 64 + 1)
    }

    /// Calls `body` with a cutter for short words, whose memory is on the stack.
    @inline(__always)
    static func with(_ table: MergeTable, _ body: (WordCutter) -> Void) {
        // `memoryBytes(shortWord)`
        withStackMemory(InlineArray<133, UInt64>.self) { body(WordCutter(table, $0, shortWord)) }
    }

    /// A token of the result.
    @inline(__always)
    subscript(index: Int) -> MergeTable.Token { tokens[Int(found[index])] }

    /// The longest token that `bytes[..<count]` begins with, or `nothing`.
    @inline(__always)
    private func longest(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt32 {
        var node = ByteTrie.root
        var last = ByteTrie.root
        var position = 0
        while position < count {
            let next = units[Int(node)].link >> 1 ^ UInt32(bytes[position])
            if units[Int(next)].parent != node { break }
            node = next
            position &+= 1
            if units[Int(node)].isKey { last = node }
        }
        // Every letter is a token, so this is only the case without bytes.
        return last == ByteTrie.root ? MergeTable.nothing : UInt32(bitPattern: values[Int(last)])
    }

    /// Finds the tokens of a non-empty word; returns their number.
    @inline(__always)
    func cut(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        let first = longest(bytes, count)
        // Most words are single tokens.
        if first != MergeTable.nothing, Int(tokens[Int(first)].bytes) == count {
            found[0] = first
            return 1
        }
        return walk(bytes, count, first, after: MergeTable.nothing)
    }

    /// The same for a part of a word, whose first token must be one that may follow `before`. Returns 0 if it begins with no
    /// letter, which does not occur in tables built here.
    @_optimize(speed)
    func cut(_ bytes: UnsafePointer<UInt8>, _ count: Int, after before: UInt32) -> Int {
        var first = longest(bytes, count)
        if first == MergeTable.nothing { return 0 }
        let count = walk(bytes, count, first, after: before)
        if count > 0 { return count }
        // The tokens chosen before these bytes were seen do not fit them; a single letter is always accepted.
        while tokens[Int(first)].prefix != MergeTable.nothing { first = tokens[Int(first)].prefix }
        found[0] = first
        return 1
    }

    /// The value of `after` for the text that follows a token of the result.
    func number(_ index: Int) -> UInt32 { found[index] }

    /// `first` is the longest candidate for the first token. Returns 0 if there is no solution.
    ///
    /// Merging the text up to any place has only one result, so a place from which the search failed is never tried again.
    @inline(never)
    @_optimize(speed)
    private func walk(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ first: UInt32, after before: UInt32) -> Int {
        for word in 0...count / 64 { dead[word] = 0 }
        var depth = 0
        var position = 0
        var candidate = first
        while true {
            let last = depth > 0 ? found[depth &- 1] : before
            var next = candidate
            while next != MergeTable.nothing {
                let end = position &+ Int(tokens[Int(next)].bytes)
                let isDead = dead[end / 64] &>> UInt64(end % 64) & 1 != 0
                if !isDead, last == MergeTable.nothing || table.mayMeet(last, next) { break }
                next = tokens[Int(next)].prefix
            }
            if next != MergeTable.nothing {
                found[depth] = next
                depth &+= 1
                position &+= Int(tokens[Int(next)].bytes)
                if position == count { return depth }
                candidate = longest(bytes + position, count &- position)
            } else {
                guard depth > 0 else { return 0 }
                dead[position / 64] |= 1 &<< UInt64(position % 64)
                depth &-= 1
                candidate = found[depth]
                position &-= Int(tokens[Int(candidate)].bytes)
            }
        }
    }
}
