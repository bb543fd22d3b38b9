import KernelInterface

/// A packed batch: sequences back to back, without padding. It is the encoder's input, and the answers find the states of each
/// sequence by it. The memory is the session's scratch.
package struct Batch {
    /// The maximum number of tokens that are computed together, T. The arrays of tokens have room for `wordTokens` more.
    package let capacity: Int
    package let ids: UnsafeMutablePointer<Int32>  // (T + wordTokens)
    package let types: UnsafeMutablePointer<Int32>  // (T + wordTokens)
    package let positions: UnsafeMutablePointer<Int32>  // (T)
    /// Byte ranges of the tokens in their text.
    package let tokenStarts: UnsafeMutablePointer<UInt32>  // (T + wordTokens)
    package let tokenEnds: UnsafeMutablePointer<UInt32>  // (T + wordTokens)
    /// The word of each token.
    package let words: UnsafeMutablePointer<Int32>  // (T + wordTokens)
    /// The first token of each sequence, and the end of the last one. A sequence has at least one
    /// token, so T bounds their number too.
    package let starts: UnsafeMutablePointer<Int>  // (T + 1)
    /// The caller's index of each sequence.
    package let origin: UnsafeMutablePointer<Int>  // (T + 1)
    package private(set) var sequences = 0

    /// More tokens than any word has: room for the beginning of the word in which a window of a long context begins.
    static let wordTokens = WordPieceOptions.characterBound + 16

    init(_ layout: inout Layout, capacity: Int) {
        let extended = capacity + Batch.wordTokens
        self.capacity = capacity
        ids = layout.take(Int32.self, extended)
        types = layout.take(Int32.self, extended)
        positions = layout.take(Int32.self, capacity)
        tokenStarts = layout.take(UInt32.self, extended)
        tokenEnds = layout.take(UInt32.self, extended)
        words = layout.take(Int32.self, extended)
        starts = layout.take(Int.self, capacity + 1)
        origin = layout.take(Int.self, capacity + 1)
    }

    package var tokens: Int { starts[sequences] }

    /// The tokens of a sequence.
    package subscript(sequence: Int) -> Range<Int> { starts[sequence]..<starts[sequence + 1] }

    package mutating func clear() {
        sequences = 0
        starts[0] = 0
    }

    /// The buffer for the tokens of the next sequence, with `extra` more than the batch has room for.
    func room(extra: Int = 0) -> TokenBuffer {
        let start = tokens
        return TokenBuffer(
            ids: ids + start, types: types + start, starts: tokenStarts + start, ends: tokenEnds + start, words: words + start,
            capacity: capacity - start + extra)
    }

    /// Ends a sequence whose ids and types are in place. Its positions are counted from 0, or, in a model with a padding id, from
    /// the position after that; padding tokens keep the padding id as their position.
    package mutating func close(count: Int, origin index: Int, paddingId: Int32?) {
        let start = tokens
        if let paddingId {
            var last = paddingId
            for i in start..<start + count {
                if ids[i] != paddingId { last += 1 }
                positions[i] = ids[i] == paddingId ? paddingId : last
            }
        } else {
            for i in 0..<count { positions[start + i] = Int32(truncatingIfNeeded: i) }
        }
        origin[sequences] = index
        sequences += 1
        starts[sequences] = start + count
    }

    /// Drops finished sequences: the remaining ones move up, in order. `move` moves the rows of other arrays with a row per token:
    /// from, to, and count.
    mutating func compact(keeping isKept: (Int) -> Bool, move: (Int, Int, Int) -> Void) {
        var kept = 0, end = 0
        for sequence in 0..<sequences {
            let range = self[sequence]
            guard isKept(sequence) else { continue }
            if end < range.lowerBound {
                func shift(_ numbers: UnsafeMutableRawPointer) {
                    (numbers + 4 * end).copyMemory(from: numbers + 4 * range.lowerBound, byteCount: 4 * range.count)
                }
                shift(ids)
                shift(types)
                shift(positions)
                shift(words)
                shift(tokenStarts)
                shift(tokenEnds)
                move(range.lowerBound, end, range.count)
            }
            origin[kept] = origin[sequence]
            kept += 1
            end += range.count
            starts[kept] = end
        }
        sequences = kept
    }
}
