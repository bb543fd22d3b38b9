/// What goes into a pack: tensors, in the order of the file, and beside them a description, which whoever adds a tensor writes too.
struct PackContents {
    private(set) var tensors: [PackTensor] = []

    /// A tensor whose bytes `owner` keeps alive.
    mutating func add(
        _ name: String, _ type: PackTensor.ElementType, _ shape: [Int], _ start: UnsafeRawPointer, owner: AnyObject
    ) {
        var count = type.bytes
        for size in shape { count *= size }
        tensors.append(
            PackTensor(
                name: name, type: type, shape: shape, bytes: UnsafeRawBufferPointer(start: start, count: count), owner: owner))
    }

    /// A copy of numbers.
    mutating func add<Element: BitwiseCopyable>(
        _ name: String, _ type: PackTensor.ElementType, _ shape: [Int]? = nil, copying values: [Element]
    ) throws(LimbeckError) {
        let memory = try Memory(bytes: values.count * MemoryLayout<Element>.stride)
        values.withUnsafeBytes { memory.base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory.base), byteCount: $0.count) }
        add(name, type, shape ?? [values.count], memory.base, owner: memory)
    }
}
