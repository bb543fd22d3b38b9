import Foundation

/// Pieces of a pickle, in protocol 2.
enum Pickled {
    static func text(_ text: String) -> [UInt8] {
        [0x58] + littleEndian(UInt32(text.utf8.count)) + text.utf8
    }
    static func int(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(value) }
    static func global(_ module: String, _ name: String) -> [UInt8] {
        Array("c\(module)\n\(name)\n".utf8)
    }
    static func tuple(_ parts: [UInt8]...) -> [UInt8] { [0x28] + parts.joined() + [0x74] }
    static func ints(_ values: [Int]) -> [UInt8] { [0x28] + values.flatMap(int) + [0x74] }
    static func dict(_ members: [(String, [UInt8])]) -> [UInt8] {
        [0x7D, 0x28] + members.flatMap { text($0.0) + $0.1 } + [0x75]
    }

    static func storage(
        _ key: String, _ count: Int, type: String = "FloatStorage", view: [UInt8] = []
    ) -> [UInt8] {
        tuple(text("storage"), global("torch", type), text(key), text("cpu"), int(count) + view) + [
            0x51
        ]
    }

    static func tensor(_ storage: [UInt8], offset: Int = 0, _ shape: [Int], _ strides: [Int]? = nil)
        -> [UInt8]
    {
        var rowMajor: [Int] = []
        for size in shape.reversed() { rowMajor.insert((rowMajor.first ?? 1) &* size, at: 0) }
        rowMajor = Array((rowMajor + [1]).dropFirst())
        return global("torch._utils", "_rebuild_tensor_v2")
            + tuple(
                storage, int(offset), ints(shape),
                ints(strides ?? Array(rowMajor.prefix(shape.count))), [0x89], [0x7D]) + [0x52]
    }

    static func whole(_ value: [UInt8]) -> [UInt8] { [0x80, 2] + value + [0x2E] }
}

/// A zip archive in which each number can be wrong.
struct ZipSample {
    struct Entry {
        var name: String
        var bytes: [UInt8]
        var flags: UInt16 = 0
        var method: UInt16 = 0
        /// The value in the directory, if not the actual one.
        var size: Int?
        var compressed: Int?
        var offset: Int?
        /// The value in the local header.
        var localName: [UInt8]?
        var localSize: Int?
        var directoryName: [UInt8]?
        /// The directory has the numbers in a field of 64-bit ones.
        var long = false
    }

    var entries: [Entry]
    var zip64 = false
    var zip64Count: Int?
    var zip64Size: Int?
    var zip64Offset: Int?
    var locator: Int?
    var count: Int?
    var directorySize: Int?
    var comment: [UInt8] = []

    subscript(_ name: String) -> Entry {
        get { entries.first { $0.name == name }! }
        set {
            for index in entries.indices where entries[index].name == name {
                entries[index] = newValue
            }
        }
    }

    var bytes: [UInt8] {
        func short(_ value: Int) -> [UInt8] { littleEndian(UInt16(truncatingIfNeeded: value)) }
        func word(_ value: Int) -> [UInt8] { littleEndian(UInt32(truncatingIfNeeded: value)) }
        var contents: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = entry.offset ?? contents.count
            let size = entry.size ?? entry.bytes.count, compressed = entry.compressed ?? size
            let local = entry.localName ?? Array(entry.name.utf8),
                name = entry.directoryName ?? Array(entry.name.utf8)
            let localSize = entry.localSize ?? entry.bytes.count
            contents +=
                word(0x0403_4b50) + short(20) + littleEndian(entry.flags)
                + littleEndian(entry.method) + word(0) + word(0)
            contents +=
                word(localSize) + word(localSize) + short(local.count) + short(0) + local
                + entry.bytes
            let extra =
                entry.long
                ? short(1) + short(24) + littleEndian(size) + littleEndian(compressed)
                    + littleEndian(offset) : []
            func number(_ value: Int) -> [UInt8] { word(entry.long ? -1 : value) }
            directory +=
                word(0x0201_4b50) + short(20) + short(20) + littleEndian(entry.flags)
                + littleEndian(entry.method) + word(0)
            directory +=
                word(0) + number(compressed) + number(size) + short(name.count) + short(extra.count)
                + short(0) + short(0)
            directory += short(0) + word(0) + number(offset) + name + extra
        }
        let start = contents.count, end = start + directory.count
        var result = contents + directory
        if zip64 {
            let count = littleEndian(zip64Count ?? entries.count)
            result +=
                word(0x0606_4b50) + littleEndian(44) + short(45) + short(45) + word(0) + word(0)
                + count + count
            result +=
                littleEndian(zip64Size ?? directory.count) + littleEndian(zip64Offset ?? start)
            result += word(0x0706_4b50) + word(0) + littleEndian(locator ?? end) + word(1)
        }
        let count = short(count ?? entries.count)
        result +=
            word(0x0605_4b50) + short(0) + short(0) + count + count
            + word(directorySize ?? directory.count) + word(start)
        return result + short(comment.count) + comment
    }
}

/// The tensors of a `Sample` as `torch.save` writes them, each in a storage of its own.
struct TorchSample {
    /// Names, and pickles of the tensors.
    var members: [(name: String, value: [UInt8])] = []
    var storages: [(key: String, bytes: [UInt8], count: Int)] = []
    /// More entries of the archive.
    var entries: [ZipSample.Entry] = []

    init(_ sample: Sample) {
        for (index, tensor) in sample.tensors.enumerated() {
            let bytes = tensor.contents
            storages.append(("\(index)", bytes, bytes.count / 4))
            members.append(
                (
                    tensor.name,
                    Pickled.tensor(Pickled.storage("\(index)", bytes.count / 4), tensor.shape)
                ))
        }
    }

    /// What the members are the dict of.
    var dict: [UInt8] { Pickled.dict(members.map { ($0.name, $0.value) }) }

    /// The archive, with this instead of the pickled dict.
    func zip(_ pickle: [UInt8]? = nil) -> ZipSample {
        let data = ZipSample.Entry(name: "archive/data.pkl", bytes: pickle ?? Pickled.whole(dict))
        return ZipSample(
            entries: [data] + entries
                + storages.map { ZipSample.Entry(name: "archive/data/\($0.key)", bytes: $0.bytes) })
    }

    /// The five pickles and the storages of before.
    func legacy(version: Int = 1001, littleEndian: Bool = true, keys: [String]? = nil) -> [UInt8] {
        let magic: [UInt8] = [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        let keys = keys ?? storages.map(\.key)
        var bytes = Pickled.whole(magic) + Pickled.whole(Pickled.int(version))
        bytes +=
            Pickled.whole(Pickled.dict([("little_endian", [littleEndian ? 0x88 : 0x89])]))
            + Pickled.whole(dict)
        bytes += Pickled.whole([0x5D, 0x28] + keys.flatMap(Pickled.text) + [0x65])
        for storage in storages {
            bytes += LimbeckTests.littleEndian(storage.count) + storage.bytes
        }
        return bytes
    }
}

func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

extension Sample {
    /// pytorch_model.bin in place of model.safetensors.
    mutating func torch(_ file: (inout TorchSample) -> [UInt8]) {
        var torch = TorchSample(self)
        missing = ["model.safetensors"]
        files["pytorch_model.bin"] = file(&torch)
    }
}
