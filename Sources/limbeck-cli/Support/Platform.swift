// Files and the terminal, from the C library itself: Foundation would make every start slower.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Nobody reads what this command writes any more.
struct ReaderIsGone: Error {}

/// Turns the signal of a broken pipe into an error of `write`.
func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
}

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

/// Writes to standard error, where nothing can be done about a failure.
func writeError(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(Descriptor.error.rawValue, $0.baseAddress, $0.count) }
}

/// The operating system's sentence for the last failure.
func systemMessage() -> String {
    String(cString: strerror(errno))
}
