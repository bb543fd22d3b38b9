/// Calls `body` with memory on the stack, of the size of `type`. It is as others left it: clearing it took a good part of the time of a
/// short text.
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
