/// A safetensors file, checked in the order and with the strictness of the safetensors library: an 8-byte length, a JSON header of
/// that length, then the tensors' bytes, without gaps or overlaps, up to the end of the file.
///
/// Tensors are views into the mapping, which must outlive them. The format does not align them to their element size.
package struct Safetensors {
    package let file: String
    /// In the order of their data.
    package let entries: [StoredTensor]
    /// The strings of `__metadata__`.
    package let metadata: [(key: String, value: String)]

    /// The library's own limit for the header.
    static let maxHeaderBytes = 100_000_000

    package init(_ mapping: __shared MappedFile) throws(LimbeckError) {
        try self.init(mapping.bytes, file: mapping.name)
    }

    package init(_ bytes: UnsafeRawBufferPointer, file: __shared String) throws(LimbeckError) {
        @inline(never) func malformed(_ message: __owned Message) -> LimbeckError {
            LimbeckError(.fileMalformed, "\(file): \(message)")
        }

        try Mistakes.checkNotEmpty(bytes, file)
        guard bytes.count >= 8 else {
            throw malformed("not safetensors: \(bytes.count) bytes, expected at least the 8 of the header's length")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Safetensors.maxHeaderBytes) else {
            throw malformed("a header of \(length) bytes, expected at most \(Safetensors.maxHeaderBytes)")
        }
        let dataStart = 8 + Int(length)
        guard dataStart <= bytes.count else {
            throw malformed("a header of \(length) bytes in a file of \(bytes.count)")
        }
        let header = UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart])
        guard header.first == UInt8(ascii: "{") else { throw malformed("the header does not start with '{'") }
        // Offsets in its messages are relative to the header's start.
        let root = try JSONDocument(header, file: "\(file) (header)", maxBytes: Safetensors.maxHeaderBytes).root

        var infos: [Info] = []
        infos.reserveCapacity(root.count)
        var metadata: [(key: String, value: String)] = []
        var names = NameTable()
        names.reserveCapacity(root.count)
        for (key, value) in root.members {
            let name = key.string
            guard names.insert(name) else { throw malformed("duplicate name '\(name)'") }
            if name == "__metadata__" {
                guard value.kind == .object || value.isNull else { throw malformed("__metadata__ is not an object") }
                for (key, value) in value.members {
                    guard let text = value.string else { throw malformed("__metadata__ '\(key.string)' is not a string") }
                    metadata.append((key.string, text))
                }
            } else {
                infos.append(try Info(name, value, file: file))
            }
        }
        var parts: [SortKey] = []
        parts.reserveCapacity(infos.count)
        for (index, info) in infos.enumerated() { parts.append(SortKey(info.start, info.end, index: index)) }
        SortKey.sort(&parts)

        let data = UnsafeRawBufferPointer(rebasing: bytes[dataStart...])
        var entries: [StoredTensor] = []
        entries.reserveCapacity(infos.count)
        var position = 0
        for part in parts {
            let info = infos[part.index]
            guard info.start == position, info.end >= info.start else {
                throw malformed(
                    "tensor '\(info.name)' has bytes \(info.start) to \(info.end), expected it to begin at \(position)")
            }
            let needed = try info.byteCount(file: file)
            guard info.end - info.start == needed else {
                throw malformed(
                    "tensor '\(info.name)' has \(info.end - info.start) bytes, expected \(needed) for \(info.dtype) \(describe(info.shape))"
                )
            }
            guard info.end <= data.count else {
                throw malformed(
                    "tensor '\(info.name)' ends at byte \(info.end) of the data, which has \(data.count): the file is cut short")
            }
            entries.append(
                StoredTensor(
                    file: file, name: info.name, dtype: info.dtype, shape: info.shape,
                    bytes: UnsafeRawBufferPointer(rebasing: data[info.start..<info.end])))
            position = info.end
        }
        guard position == data.count else {
            throw malformed("the tensors end at byte \(position) of the data, which has \(data.count)")
        }
        self.file = file
        self.entries = entries
        self.metadata = metadata
    }
}

/// A tensor of the header in Swift's types, not yet checked against the data.
private struct Info {
    let name: String
    let dtype: String
    let shape: [Int]
    let start: Int
    let end: Int

    init(_ name: __shared String, _ value: __shared JSONValue, file: __shared String) throws(LimbeckError) {
        @inline(never) func malformed(_ expected: __owned Message) -> LimbeckError {
            LimbeckError(.fileMalformed, "\(file): tensor '\(name)': expected \(expected)")
        }
        guard value.kind == .object else { throw malformed("an object") }
        var fields: (dtype: JSONValue?, shape: JSONValue?, offsets: JSONValue?)
        for (key, value) in value.members {
            if key == "dtype" {
                guard fields.dtype == nil else { throw malformed("one dtype") }
                fields.dtype = value
            } else if key == "shape" {
                guard fields.shape == nil else { throw malformed("one shape") }
                fields.shape = value
            } else if key == "data_offsets" {
                guard fields.offsets == nil else { throw malformed("one data_offsets") }
                fields.offsets = value
            }
        }
        guard let dtype = fields.dtype?.string else { throw malformed("a dtype") }
        guard let shape = fields.shape, shape.kind == .array else { throw malformed("a shape") }
        guard let offsets = fields.offsets, offsets.kind == .array, offsets.count == 2 else {
            throw malformed("two data_offsets")
        }
        self.name = name
        self.dtype = dtype
        guard let sizes = Info.sizes(shape) else { throw malformed("a shape of integers from 0") }
        guard let range = Info.sizes(offsets) else { throw malformed("data_offsets of integers from 0") }
        self.shape = sizes
        (start, end) = (range[0], range[1])
    }

    private static func sizes(_ array: JSONValue) -> [Int]? {
        var sizes: [Int] = []
        sizes.reserveCapacity(array.count)
        for element in array.elements {
            // serde reads "-0" as a floating-point number.
            guard let size = element.int, element.source.first != UInt8(ascii: "-") else { return nil }
            sizes.append(size)
        }
        return sizes
    }

    func byteCount(file: String) throws(LimbeckError) -> Int {
        guard var bits = Info.bits(dtype) else {
            throw LimbeckError(.fileMalformed, "\(file): tensor '\(name)' has dtype '\(dtype)', which safetensors does not have")
        }
        for size in shape {
            let (product, overflow) = bits.multipliedReportingOverflow(by: size)
            guard !overflow else {
                throw LimbeckError(.fileMalformed, "\(file): tensor '\(name)' has shape \(describe(shape)), which overflows")
            }
            bits = product
        }
        guard bits % 8 == 0 else {
            throw LimbeckError(.fileMalformed, "\(file): tensor '\(name)' does not fill its last byte")
        }
        return bits / 8
    }

    private static func bits(_ dtype: String) -> Int? {
        switch dtype {
        case "F4": 4
        case "F6_E2M3", "F6_E3M2": 6
        case "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ": 8
        case "U16", "I16", "F16", "BF16": 16
        case "U32", "I32", "F32": 32
        case "U64", "I64", "F64", "C64": 64
        default: nil
        }
    }
}

/// A shape for a message: "[30522, 384]".
func describe(_ shape: [Int]) -> String {
    var text = "["
    for (index, size) in shape.enumerated() { text += index == 0 ? "\(size)" : ", \(size)" }
    return text + "]"
}
