/// A word whose bytes are not in the text as they are: a space was added before it, or ill-formed UTF-8 is read as U+FFFD. Collected
/// are its bytes, and for each the place of its character in the text.
struct ByteCollector {
    private let cutter: WordCutter
    private let text: UnsafePointer<UInt8>
    private let bytes: UnsafeMutablePointer<UInt8>
    private let starts: UnsafeMutablePointer<UInt32>
    private let ends: UnsafeMutablePointer<UInt32>
    private var count = 0
    /// The token before, of a word that is longer than a window.
    private var before = MergeTable.nothing

    /// Calls `body` with a collector whose memory is on the stack.
    static func with(
        _ cutter: WordCutter, _ text: UnsafePointer<UInt8>, _ body: (inout ByteCollector) -> Void
    ) {
        var bytes = InlineArray<2048, UInt8>(repeating: 0)
        var starts = InlineArray<2048, UInt32>(repeating: 0)
        var ends = InlineArray<2048, UInt32>(repeating: 0)
        var mutableBytes = bytes.mutableSpan
        mutableBytes.withUnsafeMutableBufferPointer { bytes in
            var mutableStarts = starts.mutableSpan
            mutableStarts.withUnsafeMutableBufferPointer { starts in
                var mutableEnds = ends.mutableSpan
                mutableEnds.withUnsafeMutableBufferPointer { ends in
                    guard let bytes = bytes.baseAddress, let starts = starts.baseAddress, let ends = ends.baseAddress
                    else { return }
                    var collector = ByteCollector(
                        cutter: cutter, text: text, bytes: bytes, starts: starts, ends: ends)
                    body(&collector)
                }
            }
        }
    }

    /// Appends a scalar that stands for `start..<end` of the text.
    mutating func append(_ scalar: UInt32, _ start: Int, _ end: Int, into sink: inout TokenSink) {
        // With room for a character more.
        if count > WordCutter.window - 4 { cutHalf(into: &sink) }
        let length = UTF8Reader.write(scalar, to: bytes + count)
        for index in count..<count &+ length {
            starts[index] = UInt32(truncatingIfNeeded: start)
            ends[index] = UInt32(truncatingIfNeeded: end)
        }
        count &+= length
    }

    /// Cuts what was collected: here the word ends.
    mutating func flush(into sink: inout TokenSink) {
        guard count > 0 else { return }
        if before == MergeTable.nothing {
            cutter.cut(bytes, count) { emit($0, $1, $2, &sink) }
        } else {
            var before = before
            _ = cutter.cutWindow(bytes, count, isLast: true, &before) { emit($0, $1, $2, &sink) }
        }
        sink.endWord()
        count = 0
        before = MergeTable.nothing
    }

    private mutating func cutHalf(into sink: inout TokenSink) {
        var before = before
        let done = cutter.cutWindow(bytes, count, isLast: false, &before) { emit($0, $1, $2, &sink) }
        self.before = before
        for index in done..<count {
            bytes[index &- done] = bytes[index]
            starts[index &- done] = starts[index]
            ends[index &- done] = ends[index]
        }
        count &-= done
    }

    private func emit(_ id: Int32, _ first: Int, _ last: Int, _ sink: inout TokenSink) {
        sink.appendTrimmed(id, text, Int(starts[first]), Int(ends[last &- 1]))
    }
}
