/// An immutable array of numbers, in memory of this process or in a mapped file, which the table keeps alive.
struct Table<Element: BitwiseCopyable>: @unchecked Sendable {
    let base: UnsafePointer<Element>
    let count: Int
    /// nil for an empty table.
    let owner: AnyObject?
    /// The bytes that are private memory of this process.
    let memoryBytes: Int

    /// An empty table.
    init() { (base, count, owner, memoryBytes) = (UnsafePointer(bitPattern: PackTensor.alignment)!, 0, nil, 0) }

    /// Numbers in memory that `owner` keeps mapped.
    init(_ base: UnsafePointer<Element>, count: Int, owner: AnyObject) {
        (self.base, self.count, self.owner, memoryBytes) = (base, count, owner, 0)
    }

    /// A copy.
    init(_ numbers: [Element]) throws(LimbeckError) {
        let memory = try Memory(bytes: numbers.count * MemoryLayout<Element>.stride)
        numbers.withUnsafeBytes { memory.copy($0) }
        (base, count) = (UnsafePointer(memory.base.assumingMemoryBound(to: Element.self)), numbers.count)
        (owner, memoryBytes) = (memory, memory.bytes)
    }

    var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count * MemoryLayout<Element>.stride) }

    /// The index is not checked: whatever leads to it was checked when the table was built or opened.
    @inline(__always)
    subscript(index: Int) -> Element { base[index] }
}

extension Table<UInt8> {
    /// The bytes of a mapped file.
    init(_ file: MappedFile) {
        self.init()
        guard let start = file.bytes.baseAddress else { return }
        self.init(start.assumingMemoryBound(to: UInt8.self), count: file.bytes.count, owner: file)
    }
}
