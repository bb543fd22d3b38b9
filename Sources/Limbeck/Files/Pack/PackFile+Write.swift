import CPlatform
import KernelInterface

extension PackFile {
    /// Writes a pack. At `path` there is either the complete file or no change. `description` is JSON.
    static func write(
        _ contents: PackContents, description: [UInt8], to path: String, _ interruption: Interruption
    ) throws(LimbeckError) {
        guard !path.hasNUL else { throw LimbeckError(.invalidArgument, "a path with a NUL byte") }
        // The description is padded with spaces, where other tensors are padded with zeros: it stays JSON.
        let text = description + [UInt8](repeating: UInt8(ascii: " "), count: missing(description.count))
        var tensors = PackContents()
        try tensors.add(PackFile.description, .u8, copying: text)
        for tensor in contents.tensors { try tensors.addWhole(tensor) }

        let count = tensors.tensors.count
        var sums = [UInt64](repeating: 0, count: (count + 1).roundedUp(to: PackTensor.alignment / 8))
        // The header does not depend on the values of the checksums, one of which is its own.
        let header = try header(tensors.tensors, sums: sums.count, format: contents.format)
        sums[0] = header.withUnsafeBytes { xxh64($0) }
        for (index, tensor) in tensors.tensors.enumerated() {
            try interruption.check()
            sums[index + 1] = xxh64(tensor.bytes)
        }
        try tensors.add(PackFile.checksums, .u64, copying: sums)

        let code = header.withUnsafeBytes { header in
            var pieces = [platform_piece(bytes: header.baseAddress, count: header.count)]
            for tensor in tensors.tensors {
                pieces.append(platform_piece(bytes: tensor.bytes.baseAddress, count: tensor.bytes.count))
            }
            return platform_write_file(path.terminated, pieces, pieces.count)
        }
        withExtendedLifetime(tensors) {}
        guard code == 0 else { throw LimbeckError(.fileUnwritable, "\(path): \(MappedFile.sentence(code))") }
    }

    /// The padding up to the next boundary.
    fileprivate static func missing(_ count: Int) -> Int { count.roundedUp(to: PackTensor.alignment) - count }

    /// The length and the header, padded with spaces so that the first tensor begins on a boundary.
    private static func header(_ tensors: [PackTensor], sums: Int, format: Int) throws(LimbeckError) -> [UInt8] {
        var text = start.withUTF8Buffer { Array($0) }
        text += #""limbeck.version":"\#(format)","limbeck.endianness":"little"}"#.utf8
        var position = 0
        func add(_ name: String, _ type: PackTensor.ElementType, _ shape: [Int], _ bytes: Int) {
            var entry = JSONWriter()
            entry.object { entry in
                entry.object(name) { entry in
                    entry.write("dtype", type.rawValue)
                    entry.array("shape") { list in for size in shape { list.write(nil, size) } }
                    entry.array("data_offsets") { list in
                        list.write(nil, position)
                        list.write(nil, position + bytes)
                    }
                }
            }
            text.append(UInt8(ascii: ","))
            for index in 1..<entry.text.count - 1 { text.append(entry.text[index]) }
            position += bytes
        }
        for tensor in tensors { add(tensor.name, tensor.type, tensor.shape, tensor.bytes.count) }
        add(checksums, .u64, [sums], sums * 8)
        text.append(UInt8(ascii: "}"))
        text += [UInt8](repeating: UInt8(ascii: " "), count: missing(8 + text.count))
        guard text.count <= Safetensors.maxHeaderBytes else {
            throw LimbeckError(.fileUnsupported, "a header of \(text.count) bytes, expected at most \(Safetensors.maxHeaderBytes)")
        }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }
}

extension PackContents {
    /// Adds a tensor, with rows of zeros appended until it fills whole blocks.
    fileprivate mutating func addWhole(_ tensor: PackTensor) throws(LimbeckError) {
        guard tensor.bytes.isEmpty || tensor.bytes.count % PackTensor.alignment != 0 else { return add(tensor) }
        let row = tensor.shape.dropFirst().reduce(tensor.type.bytes, *)
        var rows = max(tensor.shape[0], 1)
        while rows * row % PackTensor.alignment != 0 { rows += 1 }
        let memory = try Memory(bytes: rows * row)
        UnsafeMutableRawBufferPointer(start: memory.base, count: memory.bytes).copyMemory(from: tensor.bytes)
        add(tensor.name, tensor.type, [rows] + tensor.shape.dropFirst(), memory.base, owner: memory)
    }
}
