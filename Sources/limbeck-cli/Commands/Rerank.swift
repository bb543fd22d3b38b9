import ArgumentParser
import Limbeck

struct Rerank: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Orders documents by how well they answer a query, with a cross-encoder.",
        discussion: """
            limbeck rerank models/ms-marco-TinyBERT "how do plants eat" --file passages.txt --top 3

            A document is an argument or a line. The best comes first; --json also gives its place in the input, from 0.
            """)

    @OptionGroup var model: ModelArguments

    @Argument(help: "The query.")
    var query: String

    @OptionGroup var documents: TextArguments
    @OptionGroup var prompts: PromptArguments
    @OptionGroup var format: FormatArguments

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Documents to print; by default all.", valueName: "count"),
        transform: { try number($0, 1...Int.max) })
    var top: Int?

    func run() throws {
        let session = try model.open(for: .rerank)
        let options = ClassifyOptions(prompt: prompts.prompt, promptName: prompts.promptName)
        let output = Output()
        var documents: [String] = [], scores: [Float] = []
        try self.documents.forEachChunk(output) { chunk in
            documents += chunk
            scores += try session.rerank(query: query, documents: chunk, options: options)
        }
        for (rank, (index, score)) in best(scores, top ?? scores.count).enumerated() {
            if format.json {
                output.line(
                    .object([
                        ("rank", .int(rank + 1)), ("index", .int(index)), ("score", .float(score)),
                        ("text", .string(documents[index])),
                    ]))
            } else {
                output.line("\(padded(fixed(score), 8))  \(documents[index])")
            }
        }
        try output.flush()
    }
}
