import CPlatform
import Limbeck

/// Files of a run, each written whole or not at all.
enum OutputFiles {
    static func write(_ bytes: [UInt8], to path: String) throws(LimbeckError) {
        try check(bytes.withUnsafeBytes { code([$0], path) }, path)
    }

    static func write(_ pieces: [UnsafeRawBufferPointer], to path: String) throws(LimbeckError) {
        try check(code(pieces, path), path)
    }

    /// 0, or an error of the operating system.
    static func code(_ pieces: [UnsafeRawBufferPointer], _ path: String) -> Int32 {
        let list = pieces.map { platform_piece(bytes: $0.baseAddress, count: $0.count) }
        return platform_write_file(path.terminated, list, list.count)
    }

    static func check(_ code: Int32, _ path: String) throws(LimbeckError) {
        guard code == 0 else { throw LimbeckError(.fileUnwritable, "\(path): \(MappedFile.sentence(code))") }
    }

    /// Creates a folder, and those that it is in, unless it exists.
    static func makeFolder(_ path: String) throws(LimbeckError) {
        try check(platform_make_folder(path.terminated), path)
    }
}
