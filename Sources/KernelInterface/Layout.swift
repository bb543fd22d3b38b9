/// Measures first, then hands out: the same sequence of `take` calls, once without memory to learn the size, once with it. One function
/// that takes is then all that says how memory is laid out.
public struct Layout {
    private let base: UnsafeMutableRawPointer?
    public private(set) var bytes = 0

    /// More than any address space has, and a multiple of 64.
    private static let most = 1 << 60

    public init(base: UnsafeMutableRawPointer? = nil) { self.base = base }

    /// Room for `count` elements on a 64-byte boundary. While measuring, the pointer is not to be used; a size that no number holds
    /// is measured as one that no memory has.
    public mutating func take<Element: ~Copyable>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
        take(count, stride: MemoryLayout<Element>.stride).bindMemory(to: type, capacity: count)
    }

    @export(interface) @inline(never)
    public mutating func take(_ count: Int, stride: Int) -> UnsafeMutableRawPointer {
        let start = bytes
        let (size, isTooLarge) = count.multipliedReportingOverflow(by: stride)
        bytes = isTooLarge || size > Layout.most - start ? Layout.most : (start + size).roundedUp(to: 64)
        return base.map { $0 + start } ?? UnsafeMutableRawPointer(bitPattern: 64)!
    }
}
