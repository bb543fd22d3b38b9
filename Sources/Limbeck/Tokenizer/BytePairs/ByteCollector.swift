/// A word whose bytes are not in the text as they are, or a long one. Collected are its bytes, and for each the place of its character in
/// the text.
///
/// A word that is longer than the memory is cut window by window. Of a window, the tokens in its first half stay: what follows could only
/// change them if a choice depended on what stands a thousand bytes further on, and the longest token has half of that.
struct ByteCollector {
    /// The bytes of a window.
    private static let window = 4 * MergeTable.longestToken

    private let cutter: WordCutter
    private let text: UnsafePointer<UInt8>
    private let bytes: UnsafeMutablePointer<UInt8>
    private let starts: UnsafeMutablePointer<UInt32>
    private let ends: UnsafeMutablePointer<UInt32>
    private var count = 0
    /// The token before, of a word that is longer than a window.
    private var before = MergeTable.nothing

    /// Calls `body` with a collector whose memory is on the stack.
    @inline(__always)
    static func with(_ table: MergeTable, _ text: UnsafePointer<UInt8>, _ body: (inout ByteCollector) -> Void) {
        // For each byte of a window 9 bytes, and what the cutter takes.
        withStackMemory(InlineArray<3361, UInt64>.self) { memory in
            var collector = ByteCollector(table, text, memory)
            body(&collector)
        }
    }

    private init(_ table: MergeTable, _ text: UnsafePointer<UInt8>, _ memory: UnsafeMutableRawPointer) {
        let window = ByteCollector.window
        let places = memory + WordCutter.memoryBytes(window)
        self.text = text
        cutter = WordCutter(table, memory, window)
        starts = places.bindMemory(to: UInt32.self, capacity: window)
        ends = (places + 4 * window).bindMemory(to: UInt32.self, capacity: window)
        bytes = (places + 8 * window).bindMemory(to: UInt8.self, capacity: window)
    }

    /// Appends a scalar that stands for `start..<end` of the text.
    @inline(never)
    mutating func append(_ scalar: UInt32, _ start: Int, _ end: Int, into sink: inout TokenSink) {
        append(UTF8Reader.write(scalar, to: room(into: &sink)), start, end)
    }

    /// Room for the bytes of a character.
    @inline(__always)
    mutating func room(into sink: inout TokenSink) -> UnsafeMutablePointer<UInt8> {
        if count > ByteCollector.window - 4 { cut(count / 2, into: &sink) }
        return bytes + count
    }

    /// Appends the bytes of a character, which were written where there was room.
    @inline(__always)
    mutating func append(_ length: Int, _ start: Int, _ end: Int) {
        for index in count..<count &+ length {
            starts[index] = UInt32(truncatingIfNeeded: start)
            ends[index] = UInt32(truncatingIfNeeded: end)
        }
        count &+= length
    }

    /// Cuts what was collected: here the word ends.
    mutating func flush(into sink: inout TokenSink) {
        guard count > 0 else { return }
        endPart(into: &sink)
        sink.endWord()
    }

    /// Cuts what was collected: no merge goes across this place.
    mutating func endPart(into sink: inout TokenSink) {
        if count > 0 { cut(count, into: &sink) }
        before = MergeTable.nothing
    }

    /// Cuts what was collected into tokens that have `most` bytes together, or a few more, and keeps the rest.
    @inline(never)
    @_optimize(speed)
    private mutating func cut(_ most: Int, into sink: inout TokenSink) {
        var done = 0
        while done < most {
            let found = cutter.cut(bytes + done, count &- done, after: before)
            if found == 0 { done &+= 1 }
            for index in 0..<found where done < most {
                before = cutter.number(index)
                let token = cutter[index]
                let end = done &+ Int(token.bytes)
                sink.appendTrimmed(token.id, text, Int(starts[done]), Int(ends[end &- 1]))
                done = end
            }
        }
        for index in done..<count {
            bytes[index &- done] = bytes[index]
            starts[index &- done] = starts[index]
            ends[index &- done] = ends[index]
        }
        count &-= done
    }
}
