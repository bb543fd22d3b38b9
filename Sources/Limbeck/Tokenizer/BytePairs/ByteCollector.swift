/// Collects a word whose bytes are not in the text as they are, or a long word: its bytes, and for each byte the offsets of its
/// character in the text.
///
/// A word that is longer than the buffer is processed window by window. The tokens in the first half of a window are final. Later
/// text could only change them if a choice depended on bytes a thousand positions further on, and the longest token has half that
/// length.
struct ByteCollector {
    /// The size of a window in bytes.
    private static let window = 4 * MergeTable.longestToken

    private let cutter: WordCutter
    private let text: UnsafePointer<UInt8>
    private let bytes: UnsafeMutablePointer<UInt8>
    private let starts: UnsafeMutablePointer<UInt32>
    private let ends: UnsafeMutablePointer<UInt32>
    private var count = 0
    /// The previous token, in a word that is longer than a window.
    private var before = MergeTable.nothing

    /// Calls `body` with a collector whose memory is on the stack.
    @inline(__always)
    static func with(_ table: MergeTable, _ text: UnsafePointer<UInt8>, _ body: (inout ByteCollector) -> Void) {
        // 9 bytes per byte of a window, and the memory of the cutter.
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

    /// Appends a scalar with its source range `start..<end`.
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

    /// Appends the bytes of a character, which were written to `room`.
    @inline(__always)
    mutating func append(_ length: Int, _ start: Int, _ end: Int) {
        for index in count..<count &+ length {
            starts[index] = UInt32(truncatingIfNeeded: start)
            ends[index] = UInt32(truncatingIfNeeded: end)
        }
        count &+= length
    }

    /// Tokenises what was collected: the word ends here.
    mutating func flush(into sink: inout TokenSink) {
        guard count > 0 else { return }
        endPart(into: &sink)
        sink.endWord()
    }

    /// Tokenises what was collected: no merge crosses this place.
    mutating func endPart(into sink: inout TokenSink) {
        if count > 0 { cut(count, into: &sink) }
        before = MergeTable.nothing
    }

    /// Emits tokens of at least `minimum` bytes in total, and keeps the rest.
    @inline(never)
    @_optimize(speed)
    private mutating func cut(_ minimum: Int, into sink: inout TokenSink) {
        var done = 0
        while done < minimum {
            let found = cutter.cut(bytes + done, count &- done, after: before)
            if found == 0 { done &+= 1 }
            for index in 0..<found where done < minimum {
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
