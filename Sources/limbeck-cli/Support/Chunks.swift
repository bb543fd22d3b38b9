// Texts go to the library some at a time: results come out early, memory stays small, and a bar can move.

/// Enough texts to fill a batch, few enough to wait for.
private let chunkSize = 64

extension LineReader {
    /// Hands the lines to `body`, some at a time, and brings its output out after each time.
    func forEachChunk(_ output: Output, _ body: ([String]) throws -> Void) throws {
        var done = 0
        while true {
            var chunk: [String] = []
            while chunk.count < chunkSize, let line = try next() { chunk.append(line) }
            guard !chunk.isEmpty else { break }
            try body(chunk)
            done += chunk.count
            try output.flush(done: done, fraction: totalBytes.map { min(1, Double(bytesRead) / Double(max($0, 1))) })
        }
        output.endProgress()
    }
}

extension [String] {
    /// The same with texts that are there already.
    func forEachChunk(_ output: Output, _ body: ([String]) throws -> Void) throws {
        for start in stride(from: 0, to: count, by: chunkSize) {
            let end = Swift.min(start + chunkSize, count)
            try body(Array(self[start..<end]))
            try output.flush(done: end, fraction: Double(end) / Double(count))
        }
        output.endProgress()
    }
}
