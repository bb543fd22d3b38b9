import KernelInterface
import Limbeck

/// Memory of one micro-batch: taken piece by piece, given back all at once, or down to a mark. Without memory it measures.
package final class Arena {
    private let memory: Memory?
    private var used = 0
    /// The most that was in use, in bytes.
    package private(set) var peak = 0

    /// Measures.
    package init() { memory = nil }

    package init(bytes: Int) throws(LimbeckError) { memory = try Memory(bytes: bytes) }

    package var isMeasuring: Bool { memory == nil }
    package var mark: Int { used }

    package func release(to mark: Int) { used = mark }

    /// Space on a 64-byte boundary; what is in it is undefined. While measuring, the pointer must not be used.
    package func take<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
        let start = used
        used += (count * MemoryLayout<Element>.stride).roundedUp(to: 64)
        peak = max(peak, used)
        guard let memory else { return UnsafeMutablePointer<Element>(bitPattern: 64)! }
        precondition(used <= memory.bytes, "a batch is larger than any that was measured")
        return (memory.base + start).bindMemory(to: type, capacity: count)
    }
}
