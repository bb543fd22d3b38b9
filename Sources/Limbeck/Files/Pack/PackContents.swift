/// What goes into a pack: tensors, in the order of the file, and beside them a description, which whoever adds a tensor writes too.
struct PackContents {
    private(set) var tensors: [PackTensor] = []
    /// The format that a reader has to know: the first, unless something in the pack was not there then. A library that would pass it over
    /// refuses the pack.
    private(set) var format = 1

    mutating func needs(format: Int) { self.format = max(self.format, format) }

    mutating func add(_ tensor: PackTensor) { tensors.append(tensor) }

    /// A tensor whose bytes `owner` keeps alive.
    @inline(never)
    mutating func add(
        _ name: String, _ type: PackTensor.ElementType, _ shape: [Int], _ start: UnsafeRawPointer, owner: AnyObject?
    ) {
        var count = type.bytes
        for size in shape { count *= size }
        add(
            PackTensor(
                name: name, type: type, shape: shape, bytes: UnsafeRawBufferPointer(start: start, count: count), owner: owner))
    }

    /// Adds a part of what has the name, numbers that stay in memory as long as the contents, and writes the tensor's name. If they are
    /// there already, that is the name of the one before: a decoder may be the word embeddings.
    @inline(never)
    mutating func write(
        _ part: String, of name: String, _ type: PackTensor.ElementType, _ shape: [Int], _ start: UnsafeRawPointer,
        _ json: inout JSONWriter
    ) {
        for tensor in tensors where tensor.bytes.baseAddress == start && tensor.type == type && tensor.shape == shape {
            return json.write(part, tensor.name)
        }
        let whole = "\(name).\(part)"
        add(whole, type, shape, start, owner: nil)
        json.write(part, whole)
    }

    /// A copy of numbers.
    mutating func add<Element: BitwiseCopyable>(
        _ name: String, _ type: PackTensor.ElementType, _ shape: [Int]? = nil, copying values: [Element]
    ) throws(LimbeckError) {
        try values.withUnsafeBufferPointer { values throws(LimbeckError) in
            try add(name, type, shape ?? [values.count], copying: UnsafeRawBufferPointer(values))
        }
    }

    @inline(never)
    private mutating func add(
        _ name: String, _ type: PackTensor.ElementType, _ shape: [Int], copying bytes: UnsafeRawBufferPointer
    ) throws(LimbeckError) {
        let memory = try Memory(bytes: bytes.count)
        memory.copy(bytes)
        add(name, type, shape, memory.base, owner: memory)
    }
}
