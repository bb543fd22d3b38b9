/// Carves a block of memory into arrays. The same sequence of `take` calls runs once without memory, to measure the size, and once
/// with it. So a single function defines a layout.
public struct Layout {
    private let base: UnsafeMutableRawPointer?
    public private(set) var bytes = 0

    /// A multiple of 64 beyond the size of any address space.
    private static let limit = 1 << 60

    public init(base: UnsafeMutableRawPointer? = nil) { self.base = base }

    /// Space for `count` elements on a 64-byte boundary. While measuring, the pointer must not be used; a size that overflows is
    /// measured as larger than any memory.
    public mutating func take<Element: ~Copyable>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
        take(count, stride: MemoryLayout<Element>.stride).bindMemory(to: type, capacity: count)
    }

    @export(interface) @inline(never)
    public mutating func take(_ count: Int, stride: Int) -> UnsafeMutableRawPointer {
        let start = bytes
        let (size, isTooLarge) = count.multipliedReportingOverflow(by: stride)
        bytes = isTooLarge || size > Layout.limit - start ? Layout.limit : (start + size).roundedUp(to: 64)
        return base.map { $0 + start } ?? UnsafeMutableRawPointer(bitPattern: 64)!
    }
}
