import Foundation
import Limbeck

/// A pack in its own folder, which is deleted with this object.
final class PackSample {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("limbeck-pack-\(UUID().uuidString)").path
    var path: String { folder + "/model.limbeck" }

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    /// Of a model folder of the repository.
    convenience init(_ relative: String, _ precision: Precision = .float32) throws {
        try self.init()
        try Model.pack(Repository.path(relative), to: path, options: PackOptions(precision: precision))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var bytes: [UInt8] {
        get throws { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
    }

    /// In a new file: ext4 writes one that was cut to nothing to the disk as it is closed, and the next call would wait for that.
    func write(_ bytes: [UInt8]) throws {
        try? FileManager.default.removeItem(atPath: path)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}

/// A pack in parts, to be corrupted and reassembled with valid checksums; it does not use the engine's writer.
struct PackParts {
    var tensors: [(name: String, dtype: String, shape: [Int], bytes: [UInt8])] = []
    var checksums = "limbeck.checksums"

    init(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            for entry in try Safetensors(buffer, file: "pack").entries.dropLast() {
                tensors.append((entry.name, entry.dtype, entry.shape, Array(entry.bytes)))
            }
        }
    }

    var description: [UInt8] {
        get { tensors[0].bytes }
        set {
            let text = newValue.prefix { $0 != 0 }
            let count = (text.count + 63) / 64 * 64
            tensors[0].bytes = text + [UInt8](repeating: 32, count: count - text.count)
            tensors[0].shape = [count]
        }
    }

    var bytes: [UInt8] {
        let sums = (tensors.count + 8) / 8 * 8
        var header = #"{"__metadata__":{"format":"limbeck","limbeck.version":"1","limbeck.endianness":"little"}"#
        var place = 0, data: [UInt8] = []
        for tensor in tensors + [(checksums, "U64", [sums], [UInt8](repeating: 0, count: sums * 8))] {
            let end = place + tensor.bytes.count
            header +=
                ",\"\(tensor.name)\":{\"dtype\":\"\(tensor.dtype)\",\"shape\":\(tensor.shape),\"data_offsets\":[\(place),\(end)]}"
            data += tensor.bytes
            place = end
        }
        header += "}"
        while (header.utf8.count + 8) % 64 != 0 { header += " " }
        return PackParts.sealed(safetensors(header, data: data))
    }

    /// A pack's bytes with updated checksums.
    static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { buffer in
            guard let file = try? Safetensors(buffer, file: "pack"), let last = file.entries.last else { return bytes }
            let header = buffer.count - file.entries.reduce(0) { $0 + $1.bytes.count }
            let sums =
                [xxh64(UnsafeRawBufferPointer(rebasing: buffer[..<header]))] + file.entries.dropLast().map { xxh64($0.bytes) }
            var sealed = bytes
            for (index, sum) in sums.enumerated() {
                let place = buffer.count - last.bytes.count + index * 8
                withUnsafeBytes(of: sum.littleEndian) { sealed.replaceSubrange(place..<place + 8, with: $0) }
            }
            return sealed
        }
    }
}
