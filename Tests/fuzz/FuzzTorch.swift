import CFuzz
import Limbeck

/// A file of `torch.save`: what opens has tensors whose every byte can be read.
///
/// An input that begins as a zip archive or as the old format does is the whole file. Any other is
/// a pickle: it is put into an archive with four storages, "0" to "3", of 64 bytes each.
func fuzzTorch(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = UnsafeRawBufferPointer(start: data, count: count)
    let isFile = input.starts(with: "PK".utf8) || input.starts(with: [0x80, 2, 0x8A, 10])
    withExactCopy(isFile ? Array(input) : archive(Array(input))) { bytes in
        do throws(LimbeckError) {
            for tensor in try TorchFile(bytes, file: "a.bin").tensors { walk(tensor, in: bytes) }
        } catch {
            check(opening: error)
        }
    }
    return 0
}

private func walk(_ tensor: StoredTensor, in file: UnsafeRawBufferPointer) {
    var sum = 0
    for byte in tensor.bytes { sum &+= Int(byte) }
    var elements = 1, last = 0
    for (index, size) in tensor.shape.enumerated() {
        elements *= size
        if let strides = tensor.strides { last += (size - 1) * strides[index] }
    }
    if tensor.strides == nil { last = elements - 1 }
    let size = ["F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2]
    let needed = elements == 0 ? 0 : (last + 1) * (size[tensor.dtype] ?? 1)
    expect(tensor.bytes.count == needed, "\(tensor.bytes.count) bytes for \(tensor.shape)")
    expect(elements <= file.count, "\(elements) elements in \(file.count) bytes")
    expect(sum >= 0, "bytes below 0")
}

/// A zip archive without checksums, which nobody compares.
private func archive(_ pickle: [UInt8]) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let storage = (0..<64).map { UInt8($0 * 3) }
    let entries = [("a/data.pkl", pickle)] + (0..<4).map { ("a/data/\($0)", storage) }
    var bytes: [UInt8] = [], directory: [UInt8] = []
    for (name, contents) in entries {
        let sizes = little(contents.count, 4) + little(contents.count, 4)
        let lengths = sizes + little(name.utf8.count, 2) + little(0, 2)
        let numbers = little(20, 2) + little(0, 12) + lengths
        directory += little(0x0201_4b50, 4) + little(20, 2) + numbers + little(0, 10)
        directory += little(bytes.count, 4) + name.utf8
        bytes += little(0x0403_4b50, 4) + numbers + name.utf8 + contents
    }
    let ends = little(entries.count, 2) + little(entries.count, 2)
    return bytes + directory + little(0x0605_4b50, 4) + little(0, 4) + ends
        + little(directory.count, 4) + little(bytes.count, 4) + little(0, 2)
}
