// Files and the terminal, from the C library itself: Foundation would make every start slower.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The reader of standard output has closed it.
struct ReaderIsGone: Error {}

/// Ignores SIGPIPE, so that writing to a closed pipe is an error of `write`.
func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
}

/// Set by a signal.
nonisolated(unsafe) private var wasInterrupted: sig_atomic_t = 0

/// From here on the first Ctrl-C, or request to end, only sets `isInterrupted`. The second one ends the process.
func catchInterruptions() {
    wasInterrupted = 0
    for number in [SIGINT, SIGTERM] {
        signal(number) { number in
            wasInterrupted = 1
            signal(number, SIG_DFL)
        }
    }
}

var isInterrupted: Bool { wasInterrupted != 0 }

func quit(_ code: Failure.Code) -> Never {
    exit(code.rawValue)
}

enum Descriptor: Int32 {
    case input = 0
    case output = 1
    case error = 2

    var isTerminal: Bool { isatty(rawValue) == 1 }
}

/// Writes all bytes to standard output.
func writeOutput(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(Descriptor.output.rawValue, $0.baseAddress, $0.count) }
        if count > 0 {
            rest.removeFirst(count)
        } else if errno == EPIPE {
            throw ReaderIsGone()
        } else if errno != EINTR {
            throw Failure(.writing, "standard output: \(systemMessage())")
        }
    }
}

/// Writes a file, over one that is there.
func writeFile(_ bytes: [UInt8], _ path: String) throws {
    guard let file = fopen(path, "wb") else { throw Failure(.writing, "\(path): \(systemMessage())") }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else { throw Failure(.writing, "\(path): \(systemMessage())") }
}

/// Writes to standard error; a failure is ignored.
func writeError(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(Descriptor.error.rawValue, $0.baseAddress, $0.count) }
}

/// The operating system's message for the last error.
func systemMessage() -> String {
    String(cString: strerror(errno))
}
