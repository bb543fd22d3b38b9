import CPlatform

/// A file, memory-mapped read-only for the lifetime of this object. Its pages are shared between processes and read on first
/// access.
package final class MappedFile {
    /// The name that messages use.
    package let name: String
    package let bytes: UnsafeRawBufferPointer

    /// Maps the file at `path`.
    package init(_ path: __shared String, name: __shared String) throws(LimbeckError) {
        // A NUL would truncate the path and open another file.
        guard !path.hasNUL else { throw LimbeckError(.fileNotFound, "\(name): a path with a NUL byte") }
        var start: UnsafeRawPointer?
        var count = 0
        let code = platform_map(path.terminated, &start, &count)
        guard code == 0 else {
            let isMissing = platform_kind_of(path.terminated) == 0
            throw LimbeckError(isMissing ? .fileNotFound : .fileUnreadable, "\(name): \(MappedFile.sentence(code))")
        }
        self.name = name
        bytes = UnsafeRawBufferPointer(start: start, count: count)
        try Mistakes.check(bytes, name)
    }

    deinit {
        platform_unmap(bytes.baseAddress, bytes.count)
    }

    /// The operating system's message for an errno.
    package static func sentence(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
            text.initialize(repeating: 0)
            platform_error_text(code, text.baseAddress, text.count)
            text[text.count - 1] = 0
            return text.baseAddress.map { String(cString: $0) } ?? ""
        }
    }
}
