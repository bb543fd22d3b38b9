// Texts are passed to the library in chunks: results are printed early, memory stays small, and the progress bar can move.

/// Enough texts to fill a batch, and few enough for a short wait.
private let chunkSize = 64

extension LineReader {
    /// Passes the lines to `body` in chunks, and flushes its output after each.
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
    /// The same for texts that are in memory.
    func forEachChunk(_ output: Output, _ body: ([String]) throws -> Void) throws {
        for start in stride(from: 0, to: count, by: chunkSize) {
            let end = Swift.min(start + chunkSize, count)
            try body(Array(self[start..<end]))
            try output.flush(done: end, fraction: Double(end) / Double(count))
        }
        output.endProgress()
    }
}
