import ArgumentParser
import Limbeck

struct Search: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the lines of a file that are nearest in meaning to a query.",
        discussion: """
            limbeck search models/all-MiniLM-L6-v2 --file examples/search/packages.txt "edit photos" "play chess"

            Every line and every query becomes a vector; the score is their cosine, 1 for the same meaning, or what the model's folder \
            names instead. Where the model has such prompts, "query" is put before queries, and "document", "passage" or "corpus", the \
            first that there is, before lines.
            """)

    @OptionGroup var model: ModelArguments

    @Argument(help: "What to look for; every query is answered in turn.")
    var queries: [String]

    @Option(name: .shortAndLong, help: "The file to search, line by line; - is standard input.", completion: .file())
    var file: String

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Lines to print for a query.", valueName: "count"),
        transform: { try number($0, 1...Int.max) })
    var top = 5

    @OptionGroup var format: FormatArguments

    func run() throws {
        let clock = ContinuousClock()
        let session = try model.open(for: .embed)
        let output = Output()
        let (ofLines, ofQueries) = (options(session.model, ["document", "passage", "corpus"]), options(session.model, ["query"]))

        var lines: [String] = [], vectors: [[Float]] = []
        let embedding = try clock.measure {
            try LineReader(file, for: "lines").forEachChunk(output) { chunk in
                lines += chunk
                vectors += try session.embed(chunk, options: ofLines)
            }
        }
        for query in queries {
            var nearest: [(offset: Int, element: Float)] = []
            let searching = try clock.measure {
                let wanted = try session.embed([query], options: ofQueries)[0]
                nearest = best(vectors.map { session.model.similarity.score($0, wanted) }, top)
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

    /// The prompts that sentence-transformers chooses for queries and for documents.
    private func options(_ model: Model, _ names: [String]) -> EmbedOptions {
        let name = names.first { name in model.prompts.contains { $0.name == name } }
        // For vectors of length one, the dot product is the cosine.
        return EmbedOptions(normalize: model.similarity == .cosine ? true : nil, promptName: name)
    }
}

extension Similarity {
    fileprivate func score(_ a: [Float], _ b: [Float]) -> Float {
        switch self {
        case .cosine, .dot: zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        case .euclidean: -zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        case .manhattan: -zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) }
        }
    }
}

/// The top-k scores with their indices, best first; ties keep their order.
func best(_ scores: [Float], _ count: Int) -> [(offset: Int, element: Float)] {
    Array(scores.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(count))
}
