#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads a file or standard input line by line. Lines may contain any bytes; ill-formed UTF-8 becomes U+FFFD.
final class LineReader {
    private let name: String
    private let file: UnsafeMutablePointer<FILE>
    private var line: UnsafeMutablePointer<CChar>?
    private var capacity = 0
    private(set) var bytesRead = 0
    /// nil if it is not a regular file.
    let totalBytes: Int?

    /// "-" and nil mean standard input. If that is a terminal and nothing was given, the error that `what` is missing is thrown
    /// instead of waiting for input.
    init(_ path: String?, for what: String) throws {
        guard path != nil || !Descriptor.input.isTerminal else {
            throw Failure(.usage, "no \(what): give an argument, --file, or standard input")
        }
        let isInput = path == nil || path == "-"
        name = isInput ? "standard input" : path ?? ""
        guard let file = isInput ? fdopen(Descriptor.input.rawValue, "r") : fopen(path, "r") else {
            throw Failure(.noInput, "\(name): \(systemMessage())")
        }
        self.file = file
        var status = stat()
        let isRegular = fstat(fileno(file), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        totalBytes = isRegular ? Int(status.st_size) : nil
    }

    deinit {
        free(line)
        fclose(file)
    }

    /// The next line without its line break; nil at the end.
    func next() throws -> String? {
        guard var bytes = try nextBytes() else { return nil }
        if bytes.last == UInt8(ascii: "\n") { bytes = bytes.dropLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    func allLines() throws -> [String] {
        var lines: [String] = []
        while let line = try next() { lines.append(line) }
        return lines
    }

    /// The whole input as one text, with line breaks.
    func wholeText() throws -> String {
        var bytes: [UInt8] = []
        while let line = try nextBytes() { bytes += line }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A line with its line break, in a buffer that is valid until the next call.
    private func nextBytes() throws -> Slice<UnsafeRawBufferPointer>? {
        let count = getline(&line, &capacity, file)
        guard count > 0 else {
            guard ferror(file) == 0 else { throw Failure(.noInput, "\(name): \(systemMessage())") }
            return nil
        }
        let bytes = UnsafeRawBufferPointer(start: line, count: count)[...]
        defer { bytesRead += count }
        return bytesRead == 0 ? try withoutMark(bytes) : bytes
    }

    /// The first line without a byte order mark, which marks a file as UTF-8 and is not part of its first text.
    private func withoutMark(_ bytes: Slice<UnsafeRawBufferPointer>) throws -> Slice<UnsafeRawBufferPointer> {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return bytes.dropFirst(3) }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw Failure(.badData, "\(name): UTF-16, expected UTF-8")
        }
        return bytes
    }
}
