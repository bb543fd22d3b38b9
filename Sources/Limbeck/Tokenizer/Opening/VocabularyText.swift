/// vocab.txt: one token per line; the id is the line number, from 0.
extension Vocabulary {
    convenience init(lines text: UnsafeRawBufferPointer, _ file: __shared String) throws(LimbeckError) {
        var builder = Vocabulary.Builder()
        var id = 0
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
            guard id < Vocabulary.maximumCount else {
                throw LimbeckError(.fileUnsupported, "\(file): more than \(Vocabulary.maximumCount) lines")
            }
            let line = Vocabulary.trimmed(UnsafeRawBufferPointer(rebasing: text[start..<end]))
            try builder.add(id: id, file: file) { $0.append(contentsOf: line) }
            id += 1
            start = end + 1
        }
        try self.init(builder)
    }

    /// The line without trailing white space, such as the CR of a Windows file.
    private static func trimmed(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let bytes = line.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return line }
        var end = 0
        var position = 0
        while position < line.count {
            let source = UTF8Reader.read(bytes, at: position, end: line.count)
            position = source.end
            if !ScalarRecord(source.scalar).isSpace { end = position }
        }
        return UnsafeRawBufferPointer(rebasing: line[..<end])
    }
}
