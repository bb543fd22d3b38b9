/// What goes into a pack: tensors, in the order of the file, and beside them a description, which whoever adds a tensor writes too.
struct PackContents {
    private(set) var tensors: [PackTensor] = []

    mutating func add(_ tensor: PackTensor) { tensors.append(tensor) }

    /// A tensor whose bytes `owner` keeps alive.
    mutating func add(
        _ name: String, _ type: PackTensor.ElementType, _ shape: [Int], _ start: UnsafeRawPointer, owner: AnyObject?
    ) {
        var count = type.bytes
        for size in shape { count *= size }
        add(
            PackTensor(
                name: name, type: type, shape: shape, bytes: UnsafeRawBufferPointer(start: start, count: count), owner: owner))
    }

    /// The name of a tensor that stays in memory as long as the contents, and the name of the one before it if it is there already: a
    /// decoder may be the word embeddings.
    @inline(never)
    mutating func name(
        _ name: String, _ type: PackTensor.ElementType, _ shape: [Int], _ start: UnsafeRawPointer
    ) -> String {
        for tensor in tensors where tensor.bytes.baseAddress == start && tensor.type == type && tensor.shape == shape {
            return tensor.name
        }
        add(name, type, shape, start, owner: nil)
        return name
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
