/// The output of tokenisation: parallel arrays of the caller, any of which may be missing.
package struct TokenBuffer {
    package var ids: UnsafeMutablePointer<Int32>?
    /// The token types for the model.
    package var types: UnsafeMutablePointer<Int32>?
    /// The offsets of a token in the text, in bytes, end exclusive; an empty range for special tokens of the template.
    package var starts: UnsafeMutablePointer<UInt32>?
    package var ends: UnsafeMutablePointer<UInt32>?
    /// The index of the word (or punctuation mark, or added token) in its text; -1 for special tokens of the template.
    package var words: UnsafeMutablePointer<Int32>?
    package var capacity: Int

    package init(
        ids: UnsafeMutablePointer<Int32>? = nil, types: UnsafeMutablePointer<Int32>? = nil,
        starts: UnsafeMutablePointer<UInt32>? = nil, ends: UnsafeMutablePointer<UInt32>? = nil,
        words: UnsafeMutablePointer<Int32>? = nil, capacity: Int
    ) {
        self.ids = ids
        self.types = types
        self.starts = starts
        self.ends = ends
        self.words = words
        self.capacity = capacity
    }

    /// A buffer without capacity, to count tokens.
    package static var counting: TokenBuffer { TokenBuffer(capacity: 0) }

    /// The part of the buffer after `count` tokens.
    package func advanced(by count: Int) -> TokenBuffer {
        let step = min(max(count, 0), capacity)
        return TokenBuffer(
            ids: ids.map { $0 + step }, types: types.map { $0 + step }, starts: starts.map { $0 + step },
            ends: ends.map { $0 + step }, words: words.map { $0 + step }, capacity: capacity - step)
    }
}

/// Writes the tokens of one text to a buffer: stores those that fit, and counts the rest.
struct TokenSink {
    private let buffer: TokenBuffer
    private let type: Int32
    private let room: Int
    /// The number of tokens at the beginning that are not stored.
    private let skipped: Int
    let limit: Int
    /// nil: offsets are not trimmed.
    let trimming: OffsetTrimming?
    /// The tokens found so far; may exceed `limit` by the rest of the last word.
    private(set) var count = 0
    private(set) var word: Int32 = 0

    init(_ buffer: TokenBuffer, type: Int32, skipping skipped: Int = 0, limit: Int, trimming: OffsetTrimming?) {
        self.buffer = buffer
        self.type = type
        self.skipped = skipped
        self.limit = limit
        self.trimming = trimming
        room = min(buffer.capacity, limit)
    }

    /// The next tokens may still change the end offset of one that was appended.
    var endsMove = false

    @inline(__always) var isFull: Bool { count >= limit && !endsMove }

    @inline(__always)
    mutating func append(_ id: Int32, _ start: Int, _ end: Int) {
        let place = count &- skipped
        if place >= 0, place < room {
            buffer.ids?[place] = id
            buffer.types?[place] = type
            buffer.starts?[place] = UInt32(truncatingIfNeeded: start)
            buffer.ends?[place] = UInt32(truncatingIfNeeded: end)
            buffer.words?[place] = word
        }
        count &+= 1
    }

    /// The same for a token which the vocabulary may write with white space at its ends.
    @inline(__always)
    mutating func appendTrimmed(
        _ id: Int32, _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int
    ) {
        guard let trimming else { return append(id, start, end) }
        let place = trimming.trimmed(id, text, start, end, isFirst: count == skipped)
        append(id, place.start, place.end)
    }

    /// The same for an added token, which may include the white space around it. `isTaken`: it lies in white space that another
    /// token included.
    mutating func appendAdded(_ id: Int32, _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int, isTaken: Bool) {
        guard let trimming else { return append(id, start, end) }
        let place = trimming.trimmedAdded(text, start, end, isTaken: isTaken, isFirst: count == skipped)
        append(id, place.start, place.end)
    }

    /// The same for an added token with this white space at its ends in the normalised text.
    @inline(never)
    mutating func appendAdded(
        _ id: Int32, _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ spaces: OffsetTrimming.Spaces
    ) {
        guard let trimming else { return append(id, start, end) }
        let place = trimming.trimmed(text, start, end, spaces, isFirst: count == skipped)
        append(id, place.start, place.end)
    }

    /// Sets the end offset of all tokens from index `first`.
    func moveEnds(from first: Int, to end: Int) {
        guard let ends = buffer.ends else { return }
        let first = max(first - skipped, 0)
        for index in first..<max(first, min(count - skipped, room)) { ends[index] = UInt32(truncatingIfNeeded: end) }
    }

    @inline(__always)
    mutating func endWord() { word &+= 1 }

    /// Removes the tokens appended since the count was `count`.
    @inline(__always)
    mutating func rewind(to count: Int) { self.count = count }
}
