/// Calls `body` with uninitialised memory on the stack, of the size of `type`. Zeroing it took a large part of the time of a short
/// text.
@inline(__always)
func withStackMemory<let words: Int>(
    _ type: InlineArray<words, UInt64>.Type, _ body: (UnsafeMutableRawPointer) -> Void
) {
    var memory = type.init { span in span.withUnsafeMutableBufferPointer { _, count in count = words } }
    var span = memory.mutableSpan
    span.withUnsafeMutableBytes { memory in
        guard let start = memory.baseAddress else { return }
        body(start)
    }
}
