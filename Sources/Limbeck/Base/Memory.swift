import CPlatform
import KernelInterface

/// One block of zeroed, 64-byte aligned memory, freed with its last owner.
final class Memory {
    let base: UnsafeMutableRawPointer
    let bytes: Int

    @inline(never) init(bytes: Int) throws(LimbeckError) {
        guard bytes >= 0, let base = platform_allocate(bytes) else {
            throw LimbeckError(.outOfMemory, "\(bytes) bytes of memory are not available")
        }
        self.base = base
        self.bytes = bytes
    }

    deinit { platform_free(base, bytes) }

    /// Copies at most `bytes` bytes.
    @inline(never)
    func copy(_ source: UnsafeRawBufferPointer) {
        if let start = source.baseAddress { base.copyMemory(from: start, byteCount: min(source.count, bytes)) }
    }
}

/// Measures first, then hands out: the same sequence of `take` calls, once without memory to learn the size, once with it.
struct Layout {
    private let base: UnsafeMutableRawPointer?
    private(set) var bytes = 0

    /// More than any address space has, and a multiple of 64.
    private static let most = 1 << 60

    init(base: UnsafeMutableRawPointer? = nil) { self.base = base }

    /// Room for `count` elements on a 64-byte boundary. While measuring, the pointer is not to be used; a size that no number holds
    /// is measured as one that no memory has.
    mutating func take<Element: ~Copyable>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
        take(count, stride: MemoryLayout<Element>.stride).bindMemory(to: type, capacity: count)
    }

    @inline(never) private mutating func take(_ count: Int, stride: Int) -> UnsafeMutableRawPointer {
        let start = bytes
        let (size, isTooLarge) = count.multipliedReportingOverflow(by: stride)
        bytes = isTooLarge || size > Layout.most - start ? Layout.most : (start + size).roundedUp(to: 64)
        return base.map { $0 + start } ?? UnsafeMutableRawPointer(bitPattern: 64)!
    }
}
