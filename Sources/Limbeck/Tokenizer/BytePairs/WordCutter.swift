/// Cuts one word into tokens, by the rule of `MergeTable`, in memory on the stack.
///
/// A word that is longer than the memory is cut window by window. Of a window, the tokens in its first half stay: what follows could only
/// change them if a choice depended on what stands a thousand bytes further on, and the longest token has half of that.
struct WordCutter {
    /// The bytes of a window.
    static let window = 4 * MergeTable.longestToken

    private let table: MergeTable
    private let units: UnsafePointer<ByteTrie.Unit>
    private let values: UnsafePointer<Int32>
    /// The tokens of the window so far.
    private let found: UnsafeMutablePointer<UInt32>
    /// By byte of the window: whether no token may follow there.
    private let dead: UnsafeMutablePointer<UInt64>

    /// Calls `body` with a cutter whose memory is on the stack.
    @inline(__always)
    static func with(_ table: MergeTable, _ body: (WordCutter) -> Void) {
        var found = InlineArray<2048, UInt32>(repeating: 0)
        var dead = InlineArray<33, UInt64>(repeating: 0)
        var foundSpan = found.mutableSpan
        foundSpan.withUnsafeMutableBufferPointer { found in
            var deadSpan = dead.mutableSpan
            deadSpan.withUnsafeMutableBufferPointer { dead in
                guard let found = found.baseAddress, let dead = dead.baseAddress else { return }
                body(WordCutter(table, found, dead))
            }
        }
    }

    private init(_ table: MergeTable, _ found: UnsafeMutablePointer<UInt32>, _ dead: UnsafeMutablePointer<UInt64>) {
        self.table = table
        self.found = found
        self.dead = dead
        units = table.trie.units
        values = table.trie.values
    }

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
        // Every byte is a token: only without bytes there is none.
        return last == ByteTrie.root ? MergeTable.nothing : UInt32(bitPattern: values[Int(last)])
    }

    /// Cuts a word that lies whole at `bytes`. `emit` gets a token and its bytes: their first and their end.
    @inline(__always)
    func cut(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ emit: (Int32, Int, Int) -> Void) {
        let first = longest(bytes, count)
        if first == MergeTable.nothing { return }
        let token = table.tokens[Int(first)]
        // Most words are tokens.
        if Int(token.bytes) == count { return emit(token.id, 0, count) }
        var start = 0
        var before = MergeTable.nothing
        while start < count {
            let window = min(count &- start, WordCutter.window)
            let base = start
            let isLast = window == count &- start
            start &+= cutWindow(bytes + start, window, isLast: isLast, &before) { emit($0, base &+ $1, base &+ $2) }
        }
    }

    /// Cuts what is in a window, all of it or its first half, after the token `before`; returns how many bytes were cut.
    func cutWindow(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, isLast: Bool, _ before: inout UInt32, _ emit: (Int32, Int, Int) -> Void
    ) -> Int {
        var tokens = walk(bytes, count, after: before)
        if tokens == 0 {
            // What was decided without seeing this window does not fit it.
            found[0] = UInt32(bytes[0])
            tokens = 1
        }
        var position = 0
        var index = 0
        repeat {
            before = found[index]
            let token = table.tokens[Int(before)]
            let end = position &+ Int(token.bytes)
            emit(token.id, position, end)
            position = end
            index &+= 1
        } while index < tokens && (isLast || position < count / 2)
        return position
    }

    /// Finds the tokens of `bytes[..<count]`, whose first may follow `before`; returns how many there are, 0 if there is no way.
    ///
    /// What merging makes of the text up to some place is one sequence, so a place from which there is no way on is never come to again.
    private func walk(_ bytes: UnsafePointer<UInt8>, _ count: Int, after before: UInt32) -> Int {
        for word in 0...count / 64 { dead[word] = 0 }
        var tokens = 0
        var position = 0
        var candidate = longest(bytes, count)
        while true {
            let last = tokens > 0 ? found[tokens &- 1] : before
            var next = candidate
            while next != MergeTable.nothing {
                let end = position &+ Int(table.tokens[Int(next)].bytes)
                let isDead = dead[end / 64] &>> UInt64(end % 64) & 1 != 0
                if !isDead, last == MergeTable.nothing || table.mayMeet(last, next) { break }
                next = table.tokens[Int(next)].prefix
            }
            if next != MergeTable.nothing {
                found[tokens] = next
                tokens &+= 1
                position &+= Int(table.tokens[Int(next)].bytes)
                if position == count { return tokens }
                candidate = longest(bytes + position, count &- position)
            } else {
                guard tokens > 0 else { return 0 }
                dead[position / 64] |= 1 &<< UInt64(position % 64)
                tokens &-= 1
                candidate = found[tokens]
                position &-= Int(table.tokens[Int(candidate)].bytes)
            }
        }
    }
}
