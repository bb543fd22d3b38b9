import ArgumentParser
import Limbeck

struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the lines of a file that are nearest in meaning to a query.",
        discussion: """
            limbeck search models/all-MiniLM-L6-v2 --file examples/search/packages.txt "edit photos" "play chess"

            Every line and every query becomes a vector; the score is their cosine, 1 for the same meaning.
            """)

    @OptionGroup var model: ModelArguments

    @Argument(help: "What to look for; every query is answered in turn.")
    var queries: [String]

    @Option(name: .shortAndLong, help: "The file to search, line by line; - is standard input.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("Lines to print for a query.", valueName: "count"))
    var top = 5

    @OptionGroup var format: FormatArguments

    func validate() throws {
        try checkTop(top)
    }

    func run() throws {
        let clock = ContinuousClock()
        let session = try model.open()
        let output = Output()
        // Of length one, a dot product is the cosine.
        let options = EmbedOptions(normalize: true)

        var lines: [String] = [], vectors: [[Float]] = []
        let embedding = try clock.measure {
            try LineReader(file, for: "lines").forEachChunk(output) { chunk in
                lines += chunk
                vectors += try session.embed(chunk, options: options)
            }
        }
        for query in queries {
            var nearest: [(offset: Int, element: Float)] = []
            let searching = try clock.measure {
                let wanted = try session.embed([query], options: options)[0]
                nearest = best(vectors.map { dot($0, wanted) }, top)
            }
            if !format.json { output.line("\(excerpt(query))  (found in \(fixed(searching.seconds * 1e3, 1)) ms)") }
            for (rank, hit) in nearest.enumerated() {
                if format.json {
                    output.line(
                        .object([
                            ("query", .string(query)), ("rank", .int(rank + 1)), ("line", .int(hit.offset + 1)),
                            ("score", .float(hit.element)), ("text", .string(lines[hit.offset])),
                        ]))
                } else {
                    output.line("  \(rank + 1). \(fixed(hit.element))  \(lines[hit.offset])")
                }
            }
            if !format.json { output.line() }
        }
        if !format.json {
            let rate = Int(Double(lines.count) / max(embedding.seconds, 1e-9))
            output.line(
                "\(grouped(lines.count)) lines became vectors in \(fixed(embedding.seconds, 2)) s, \(grouped(rate)) per second, on "
                    + "\(session.threads) \(session.threads == 1 ? "thread" : "threads") (\(session.kernels.name)).")
        }
        try output.flush()
    }
}

private func dot(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}

/// The highest scores with their places, best first; equal ones in their order.
func best(_ scores: [Float], _ count: Int) -> [(offset: Int, element: Float)] {
    Array(scores.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(count))
}
