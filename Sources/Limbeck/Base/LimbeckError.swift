/// Why a call failed: a status of `limbeck.h` and a message for people.
public struct LimbeckError: Error, Sendable {
    /// The numbers are those of `limbeck.h`; they never change.
    public enum Status: Int32, Sendable {
        case invalidArgument = 1
        case capacity = 2
        case idOutOfRange = 3
        case tooLong = 4
        case unsupported = 5
        case noTokenizer = 6
        case noMask = 7
        case interrupted = 8
        case fileNotFound = 20
        case fileUnreadable = 21
        case fileMalformed = 22
        case fileUnsupported = 23
        case fileInconsistent = 24
        case fileUnwritable = 25
        case outOfMemory = 40
        case threadsUnavailable = 41
        case kernelsUnavailable = 42
    }

    public var status: Status { contents.status }
    /// One sentence without a full stop: which file, key, tensor or argument, what was found, what was expected.
    public var message: String { contents.message }

    /// An object, because every call that may throw has code that passes the error on: one reference in place of three words.
    private final class Contents: Sendable {
        let status: Status
        let message: String

        init(_ status: Status, _ message: String) { (self.status, self.message) = (status, message) }
    }

    private let contents: Contents

    @inline(never) public init(_ status: Status, _ message: Message) { contents = Contents(status, message.text) }

    /// The error of opening `path`: prefixes the message with the path, unless it already begins with the path or with a file in
    /// it.
    @inline(never) func opening(_ path: String) -> LimbeckError {
        let isThere = message.hasUTF8Prefix(path + ":") || message.hasUTF8Prefix(path + "/")
        return isThere ? self : LimbeckError(status, "\(path): \(message)")
    }
}

extension LimbeckError: CustomStringConvertible {
    public var description: String { message }
}
