import Limbeck

/// Why a command ends early: an exit code and a message for standard error.
struct Failure: Error {
    /// The exit codes of sysexits.h.
    enum Code: Int32 {
        case usage = 64
        case badData = 65
        case noInput = 66
        case system = 71
        case writing = 74
        /// As shells have it: 128 and the number of the signal.
        case interrupted = 130
    }

    let code: Code
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: LimbeckError) {
        code =
            switch error.status {
            case .invalidArgument, .capacity, .kernelsUnavailable: .usage
            case .idOutOfRange, .tooLong, .unsupported, .noTokenizer, .noMask: .badData
            case .fileMalformed, .fileUnsupported, .fileInconsistent: .badData
            case .fileNotFound, .fileUnreadable: .noInput
            case .fileUnwritable: .writing
            case .outOfMemory, .threadsUnavailable: .system
            case .interrupted: .interrupted
            }
        message = error.message
    }
}

extension String {
    /// Without line breaks and other control characters, which may come from file names and keys of a damaged file.
    var onOneLine: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        let scalars = unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        return String(String.UnicodeScalarView(scalars))
    }
}
