import ArgumentParser
import Limbeck

struct Fill: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Proposes tokens for the masks in texts.",
        discussion: """
            limbeck fill models/distilbert "Paris is the [MASK] of France."

            A text may have several masks; each is filled with the others still masked.
            """)

    @OptionGroup var model: ModelArguments
    @OptionGroup var texts: TextArguments
    @OptionGroup var format: FormatArguments

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Tokens to print for a mask, best first.", valueName: "count"),
        transform: { try number($0, 1...Int.max) })
    var top = 5

    func run() throws {
        let session = try model.open(for: .fill)
        let output = Output()
        try texts.forEachChunk(output) { texts in
            for text in texts {
                let masks = try session.fill(text, options: FillOptions(topK: top))
                if format.json {
                    let answers = masks.map { JSON.array($0.map(\.json)) }
                    output.line(.object([("text", .string(text)), ("masks", .array(answers))]))
                } else {
                    output.line(excerpt(text))
                    for (index, mask) in masks.enumerated() {
                        if masks.count > 1 { output.line("  mask \(index + 1)") }
                        for token in mask { output.line("  \(fixed(token.score))  \(token.name.onOneLine)") }
                    }
                }
            }
        }
    }
}

extension FilledToken {
    /// Models may have more ids than their tokenizer has tokens.
    fileprivate var name: String { token.isEmpty ? "#\(id)" : token }

    fileprivate var json: JSON {
        .object([("token", .string(token)), ("id", .int(Int(id))), ("score", .float(score))])
    }
}
