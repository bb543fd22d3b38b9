import Limbeck

/// Writes a safetensors file from tensors in memory.
package struct SafetensorsWriter {
    private var entries: [(name: String, dtype: String, shape: [Int], bytes: UnsafeRawBufferPointer)] = []
    private var memory: [Memory] = []
    private var metadata: [(String, String)] = []

    package mutating func add(_ name: String, dtype: String, shape: [Int], _ bytes: UnsafeRawBufferPointer) {
        entries.append((name, dtype, shape, bytes))
    }

    /// Numbers of a parameter: in place, or, if its rows are padded, a copy without the padding.
    package mutating func add(_ name: String, _ parameter: Parameter, _ source: UnsafePointer<Float>) throws(LimbeckError) {
        if parameter.stride == parameter.columns {
            let bytes = UnsafeRawBufferPointer(start: source, count: parameter.count * MemoryLayout<Float>.stride)
            return add(name, dtype: "F32", shape: parameter.shape, bytes)
        }
        let copy = try Memory(bytes: max(1, parameter.elements) * MemoryLayout<Float>.stride)
        parameter.read(source, into: copy.base.assumingMemoryBound(to: Float.self))
        memory.append(copy)
        add(
            name, dtype: "F32", shape: parameter.shape,
            UnsafeRawBufferPointer(start: copy.base, count: parameter.elements * MemoryLayout<Float>.stride))
    }

    package mutating func add(_ name: String, shape: [Int], _ numbers: [Float]) throws(LimbeckError) {
        let copy = try Memory(bytes: numbers.count * MemoryLayout<Float>.stride)
        numbers.withUnsafeBytes { copy.copy($0) }
        memory.append(copy)
        add(name, dtype: "F32", shape: shape, UnsafeRawBufferPointer(start: copy.base, count: copy.bytes))
    }

    package mutating func add(_ name: String, shape: [Int], halves: [UInt16]) throws(LimbeckError) {
        let copy = try Memory(bytes: halves.count * MemoryLayout<UInt16>.stride)
        halves.withUnsafeBytes { copy.copy($0) }
        memory.append(copy)
        add(name, dtype: "F16", shape: shape, UnsafeRawBufferPointer(start: copy.base, count: copy.bytes))
    }

    package mutating func add(_ name: String, _ numbers: [Int64]) throws(LimbeckError) {
        let copy = try Memory(bytes: numbers.count * MemoryLayout<Int64>.stride)
        numbers.withUnsafeBytes { copy.copy($0) }
        memory.append(copy)
        add(name, dtype: "I64", shape: [numbers.count], UnsafeRawBufferPointer(start: copy.base, count: copy.bytes))
    }

    package mutating func note(_ key: String, _ value: String) { metadata.append((key, value)) }

    package func write(to path: String) throws(LimbeckError) {
        var header = JSONWriter()
        header.object { object in
            object.object("__metadata__") { for (key, value) in metadata { $0.write(key, value) } }
            var position = 0
            for entry in entries {
                object.object(entry.name) { tensor in
                    tensor.write("dtype", entry.dtype)
                    tensor.array("shape") { list in for size in entry.shape { list.write(nil, size) } }
                    tensor.array("data_offsets") { list in
                        list.write(nil, position)
                        list.write(nil, position + entry.bytes.count)
                    }
                }
                position += entry.bytes.count
            }
        }
        // Padded with spaces, so that tensors begin on a boundary.
        var text = header.text
        while (text.count + 8) % 64 != 0 { text.append(UInt8(ascii: " ")) }
        let start = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
        try OutputFiles.check(start.withUnsafeBytes { OutputFiles.code([$0] + entries.map { $0.bytes }, path) }, path)
        withExtendedLifetime(memory) {}
    }
}
