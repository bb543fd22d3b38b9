import Foundation
import Limbeck

/// A pack in a folder of its own, which goes when this goes.
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

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
}
