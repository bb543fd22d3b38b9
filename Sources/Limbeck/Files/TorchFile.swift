/// A file of `torch.save`: a pickle that describes tensors, and the bytes of their storages. Since torch 1.6 both are entries of a
/// zip archive; before, they followed each other in one file.
///
/// Tensors are views into the mapping, and several may be views of one storage.
package struct TorchFile {
    package let tensors: [StoredTensor]

    /// The maximum ratio of the tensors' total size to the file's size. Tied tensors share their bytes; but a file of a megabyte
    /// must not describe a terabyte.
    private static let maxSharing = 64

    init(_ mapping: __shared MappedFile) throws(LimbeckError) {
        try self.init(mapping.bytes, file: mapping.name)
    }

    package init(_ bytes: UnsafeRawBufferPointer, file: __shared String) throws(LimbeckError) {
        try Mistakes.checkNotEmpty(bytes, file)
        let (pickle, storages) =
            if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
                try TorchFile.zip(bytes, file)
            } else if bytes.first == 0x80 {
                try TorchFile.legacy(bytes, file)
            } else {
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): not a file of torch.save: neither a zip archive nor a pickle")
            }
        var tensors: [StoredTensor] = []
        var names = NameTable()
        var total = 0
        let (limit, isLarge) = bytes.count.multipliedReportingOverflow(by: TorchFile.maxSharing)
        for (key, value) in try pickle.dictOfTensors(file) {
            guard case .tensor(let number) = value else { continue }
            guard case .text(let text) = key, let name = String(wellFormed: text) else {
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): a tensor whose name is \(key.kind), expected a string in UTF-8")
            }
            guard names.insert(name) else {
                throw LimbeckError(.fileMalformed, "\(file): duplicate name '\(name)'")
            }
            let view = pickle.views[number]
            let tensor = try view.tensor(
                name, pickle.storages[view.storage], storages[view.storage], file)
            // This does not overflow: no tensor is larger than the file, and there are at most a few million.
            total += tensor.count * pickle.storages[view.storage].type.size
            guard isLarge || total <= limit else {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(file): tensors of more than \(limit) bytes in all, for \(bytes.count) in it")
            }
            tensors.append(tensor.stored)
        }
        self.tensors = tensors
    }

    /// The pickle and the bytes of its storages.
    private typealias Contents = (Pickle, [UnsafeRawBufferPointer])

    private static func zip(
        _ bytes: UnsafeRawBufferPointer, _ file: String
    ) throws(LimbeckError) -> Contents {
        let archive = try ZipArchive(bytes, file: file)
        // All entries are in one folder, whose name does not matter.
        let first = archive.entries.first?.name ?? ""
        let folder = first.utf8Part(0..<(first.utf8Offset(of: UInt8(ascii: "/")) ?? first.utf8.count)) + "/"
        guard archive[folder + "constants.pkl"] == nil else {
            throw LimbeckError(
                .fileUnsupported, "\(file): a TorchScript program, expected tensors alone")
        }
        guard let data = archive[folder + "data.pkl"] else {
            throw LimbeckError(.fileMalformed, "\(file): a zip archive without '\(folder)data.pkl'")
        }
        if let order = archive[folder + "byteorder"], !"little".hasSameBytes(as: order) {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): '\(folder)byteorder' is '\(String(excerpt: order))', expected 'little'")
        }
        var end = 0
        let pickle = try PickleReader.read(data, at: &end, file: "\(file) (\(folder)data.pkl)")
        guard end == data.count else {
            throw LimbeckError(
                .fileMalformed,
                "\(file): '\(folder)data.pkl' has \(data.count - end) bytes after its pickle")
        }
        var storages: [UnsafeRawBufferPointer] = []
        storages.reserveCapacity(pickle.storages.count)
        for storage in pickle.storages {
            guard let bytes = archive["\(folder)data/\(storage.key)"] else {
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): no zip entry '\(folder)data/\(storage.key)' for a storage")
            }
            guard bytes.count == storage.bytes else {
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): zip entry '\(folder)data/\(storage.key)' has \(bytes.count) bytes, "
                        + "expected those of \(storage.count) \(storage.type.dtype)")
            }
            storages.append(bytes)
        }
        return (pickle, storages)
    }

    /// Five pickles: a magic number, a version, the machine, the tensors, and the names of the storages; then the storages.
    private static func legacy(
        _ bytes: UnsafeRawBufferPointer, _ file: String
    ) throws(LimbeckError) -> Contents {
        // 0x1950a86a20f9469cfc6c in protocol 2, whatever the protocol of the rest.
        let magic: [UInt8] = [
            0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
            UInt8(ascii: "."),
        ]
        guard bytes.starts(with: magic) else {
            throw LimbeckError(
                .fileMalformed, "\(file): a pickle without the magic number of torch.save")
        }
        var position = magic.count
        let version = try PickleReader.read(bytes, at: &position, file: file)
        guard case .int(1001) = version.root else {
            throw LimbeckError(
                .fileUnsupported, "\(file): unknown version of torch.save, expected 1001")
        }
        let machine = try PickleReader.read(bytes, at: &position, file: file)
        guard case .bool(true)? = machine.rootMember("little_endian") else {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): 'little_endian' is not True, expected a little-endian file")
        }
        let pickle = try PickleReader.read(bytes, at: &position, file: file)
        let keys = try PickleReader.read(bytes, at: &position, file: file)
        guard case .list(let list) = keys.root, keys.lists[list].count == pickle.storages.count
        else {
            throw LimbeckError(
                .fileMalformed,
                "\(file): expected the names of \(pickle.storages.count) storages")
        }

        var numbers = NameTable()
        for (number, storage) in pickle.storages.enumerated() { numbers.set(storage.key, number) }
        var storages = [UnsafeRawBufferPointer](
            repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: numbers.count)
        var reader = ByteReader(bytes, at: position)
        for value in keys.lists[list] {
            // There are as many names as storages, and each is removed when found: so each storage gets its bytes.
            guard case .text(let text) = value, text.count <= 256,
                let key = String(wellFormed: text), let number = numbers.remove(key)
            else {
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): the name of a storage is unknown or duplicate")
            }
            let storage = pickle.storages[number]
            guard let count = reader.size(Int64.self), count == storage.count,
                let needed = storage.bytes, let data = reader.take(needed)
            else {
                let expected = "\(storage.count) \(storage.type.dtype)"
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): storage '\(key)' is not \(expected), or is cut short")
            }
            storages[number] = data
        }
        guard reader.rest == 0 else {
            throw LimbeckError(
                .fileMalformed, "\(file): \(reader.rest) bytes after the last storage")
        }
        return (pickle, storages)
    }
}
