/// The contents of a pack: tensors, in the order of the file. Code that adds a tensor also describes it in the pack's JSON
/// description.
struct PackContents {
    private(set) var tensors: [PackTensor] = []
    /// The format that a reader has to support: 1, unless the pack uses something that is newer. A library that does not support
    /// the format refuses the pack instead of ignoring the addition.
    private(set) var format = 1

    mutating func needs(format: Int) { self.format = max(self.format, format) }

    mutating func add(_ tensor: PackTensor) { tensors.append(tensor) }

    /// Adds a tensor whose bytes `owner` keeps alive.
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

    /// Adds the tensor `name`.`part`, whose memory outlives the contents, and writes its name. If the same memory is already a
    /// tensor, that tensor's name is written instead: a decoder may be tied to the word embeddings.
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

    /// Adds a copy of `values`.
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
