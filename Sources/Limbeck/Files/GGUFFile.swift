import KernelInterface

/// A GGUF file, version 2 or 3, as llama.cpp and the `gguf` package write it: a header, key-value metadata, tensor descriptions,
/// and the tensors' bytes. It is a whole model: configuration, tokenizer and weights.
///
/// Checked as strictly as ggml does, and in addition: every name is unique, the tensors follow each other in the order of their
/// descriptions, and the file ends with the last one.
package struct GGUFFile {
    package let file: String
    package let tensors: [StoredTensor]
    /// The memory that the values and tensors are views of; nil: the caller keeps it.
    let mapping: MappedFile?
    private let values: GGUFValues

    static let magic: [UInt8] = Array("GGUF".utf8)
    /// Real files have a few dozen values and a few hundred tensors.
    private static let maxNames = 1 << 16

    package init(_ mapping: __shared MappedFile) throws(LimbeckError) {
        try self.init(mapping.bytes, file: mapping.name, mapping: mapping)
    }

    package init(
        _ bytes: UnsafeRawBufferPointer, file: __shared String, mapping: __shared MappedFile? = nil
    ) throws(LimbeckError) {
        (self.file, self.mapping) = (file, mapping)
        guard bytes.starts(with: GGUFFile.magic) else {
            throw LimbeckError(.fileMalformed, "\(file): not a GGUF file")
        }
        var reader = ByteReader(bytes, at: GGUFFile.magic.count)
        guard let version = reader.integer(UInt32.self), let tensorCount = reader.size(UInt64.self),
            let valueCount = reader.size(UInt64.self)
        else { throw LimbeckError(.fileMalformed, "\(file): the header is cut short") }
        guard 2...3 ~= version else {
            // With the other byte order, the version is a multiple of 65536.
            throw LimbeckError(
                .fileUnsupported,
                version & 0xFFFF == 0
                    ? "\(file): a big-endian GGUF file, expected little-endian"
                    : "\(file): GGUF version \(version), expected 2 or 3")
        }
        guard valueCount <= GGUFFile.maxNames, tensorCount <= GGUFFile.maxNames else {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): \(valueCount) values and \(tensorCount) tensors, expected at most "
                    + "\(GGUFFile.maxNames) of each")
        }
        values = try GGUFFile.values(&reader, valueCount, file)
        var infos: [GGUFTensorInfo] = []
        for index in 0..<tensorCount {
            infos.append(try GGUFTensorInfo(&reader, index, file))
        }
        tensors = try GGUFFile.tensors(infos, reader, GGUFFile.alignment(values, file), file)
    }

    private static func values(
        _ reader: inout ByteReader, _ count: Int, _ file: String
    ) throws(LimbeckError) -> GGUFValues {
        var values = GGUFValues()
        for index in 0..<count {
            guard let bytes = reader.ggufString(), let code = reader.integer(UInt32.self) else {
                throw LimbeckError(.fileMalformed, "\(file): value \(index) is cut short")
            }
            // Required by the format. It also ensures that no two keys are equal under the Unicode rules of `String`.
            guard bytes.count <= 1024, bytes.allSatisfy({ 0x20..<0x7F ~= $0 }) else {
                throw LimbeckError(
                    .fileMalformed, "\(file): the key of value \(index) is not ASCII of at most 1 KiB")
            }
            let key = String(utf8: bytes)
            guard let type = GGUFValueType(rawValue: code) else {
                throw LimbeckError(.fileMalformed, "\(file): '\(key)' has the unknown type \(code)")
            }
            guard let value = reader.ggufValue(type) else {
                throw LimbeckError(
                    .fileMalformed, "\(file): '\(key)' is cut short or not of its type")
            }
            guard values.insert(value, key) else {
                throw LimbeckError(.fileMalformed, "\(file): duplicate key '\(key)'")
            }
        }
        return values
    }

    private static func alignment(
        _ values: GGUFValues, _ file: String
    ) throws(LimbeckError) -> Int {
        guard let value = values["general.alignment"] else { return 32 }
        guard let alignment = value.int, 8...65536 ~= alignment, alignment & (alignment - 1) == 0
        else {
            throw LimbeckError(
                .fileMalformed,
                "\(file): 'general.alignment' is \(value.kind), expected a power of two from 8")
        }
        return alignment
    }

    /// The data begins at the next multiple of the alignment, and so does each tensor.
    private static func tensors(
        _ infos: [GGUFTensorInfo], _ reader: ByteReader, _ alignment: Int, _ file: String
    ) throws(LimbeckError) -> [StoredTensor] {
        let start = min(reader.position.roundedUp(to: alignment), reader.bytes.count)
        let data = UnsafeRawBufferPointer(rebasing: reader.bytes[start...])
        var tensors: [StoredTensor] = []
        var names = NameTable()
        var end = 0
        for info in infos {
            guard names.insert(info.name) else {
                throw LimbeckError(
                    .fileMalformed, "\(file): duplicate name '\(info.name)'")
            }
            let position = end.roundedUp(to: alignment)
            guard info.offset == position else {
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): tensor '\(info.name)' begins at \(info.offset), expected \(position)")
            }
            guard position <= data.count, info.bytes <= data.count - position else {
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): tensor '\(info.name)' has \(info.bytes) bytes from \(position) of "
                        + "the data, which has \(data.count): the file is cut short")
            }
            end = position + info.bytes
            tensors.append(
                StoredTensor(
                    file: file, name: info.name, dtype: info.type.name, shape: info.shape,
                    bytes: UnsafeRawBufferPointer(rebasing: data[position..<end])))
        }
        guard data.count <= end.roundedUp(to: alignment) else {
            throw LimbeckError(
                .fileMalformed,
                "\(file): the tensors end at \(end) of the data, which has \(data.count)")
        }
        return tensors
    }

    // MARK: - Values by key

    func contains(_ key: String) -> Bool { values[key] != nil }

    @inline(never) func mismatch(_ key: String, expected: __owned Message) -> LimbeckError {
        guard let value = values[key] else {
            return LimbeckError(.fileMalformed, "\(file): no '\(key)', expected \(expected)")
        }
        return LimbeckError(
            .fileMalformed, "\(file): '\(key)' is \(value.kind), expected \(expected)")
    }

    /// A size: from 1 to 2^31 - 1; nil if the key is missing.
    func optionalSize(_ key: String) throws(LimbeckError) -> Int? {
        guard let value = values[key] else { return nil }
        guard let size = value.int, 1...Int(Int32.max) ~= size else {
            throw mismatch(key, expected: "an integer from 1 to 2147483647")
        }
        return size
    }

    func size(_ key: String) throws(LimbeckError) -> Int {
        guard let size = try optionalSize(key) else { throw mismatch(key, expected: "an integer from 1 to 2147483647") }
        return size
    }

    func optionalInt(_ key: String) throws(LimbeckError) -> Int? {
        guard let value = values[key] else { return nil }
        guard let int = value.int else { throw mismatch(key, expected: "an integer") }
        return int
    }

    func optionalDouble(_ key: String) throws(LimbeckError) -> Double? {
        guard let value = values[key] else { return nil }
        guard case .float(let double) = value else { throw mismatch(key, expected: "a float") }
        return double
    }

    func optionalBool(_ key: String) throws(LimbeckError) -> Bool? {
        guard let value = values[key] else { return nil }
        guard case .bool(let bool) = value else { throw mismatch(key, expected: "true or false") }
        return bool
    }

    func string(_ key: String) throws(LimbeckError) -> String {
        guard case .string(let bytes)? = values[key], bytes.count <= 1024,
            let string = String(wellFormed: bytes)
        else { throw mismatch(key, expected: "a string in UTF-8 of at most 1 KiB") }
        return string
    }

    /// An array of at most `limit` elements.
    private func array(_ key: String, limit: Int) throws(LimbeckError) -> GGUFArray {
        guard case .array(let array)? = values[key] else {
            throw mismatch(key, expected: "an array")
        }
        guard array.count <= limit else {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): '\(key)' has \(array.count) elements, expected at most \(limit)")
        }
        return array
    }

    func strings(_ key: String, limit: Int) throws(LimbeckError) -> [UnsafeRawBufferPointer] {
        let array = try array(key, limit: limit)
        guard array.type == .string else { throw mismatch(key, expected: "an array of strings") }
        var reader = ByteReader(array.bytes)
        var strings: [UnsafeRawBufferPointer] = []
        strings.reserveCapacity(array.count)
        while let string = reader.ggufString() { strings.append(string) }
        return strings
    }

    func ints(_ key: String, limit: Int) throws(LimbeckError) -> [Int] {
        let array = try array(key, limit: limit)
        var reader = ByteReader(array.bytes)
        var ints: [Int] = []
        ints.reserveCapacity(array.count)
        for _ in 0..<array.count {
            guard let int = reader.ggufValue(array.type)?.int else {
                throw mismatch(key, expected: "an array of integers")
            }
            ints.append(int)
        }
        return ints
    }
}
