import ArgumentParser
import Limbeck

struct Embed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns texts into vectors.",
        discussion: """
            limbeck embed models/all-MiniLM-L6-v2 "a first text" "a second one"
            limbeck embed models/all-MiniLM-L6-v2 --file texts.txt --json > vectors.jsonl

            Without --json a vector is abbreviated to its first numbers.
            """)

    @OptionGroup var model: ModelArguments
    @OptionGroup var texts: TextArguments
    @OptionGroup var prompts: PromptArguments
    @OptionGroup var format: FormatArguments

    @Option(help: "How token states become one vector; by default as the model's folder says, else mean.")
    var pooling: Pooling?

    @Flag(inversion: .prefixedNo, help: "Divide vectors by their length; by default as the model's folder says.")
    var normalize: Bool?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Keep only the first dimensions, for models trained so (Matryoshka); 0: all.", valueName: "count"),
        transform: { try number($0, 0...Int.max) })
    var dimensions = 0

    func run() throws {
        let session = try model.open(for: .embed)
        let options = EmbedOptions(
            pooling: pooling, normalize: normalize, dimensions: dimensions, prompt: prompts.prompt, promptName: prompts.promptName)
        let output = Output()
        try texts.forEachChunk(output) { texts in
            for (text, vector) in zip(texts, try session.embed(texts, options: options)) {
                if format.json {
                    output.line(.object([("text", .string(text)), ("vector", .floats(vector))]))
                } else {
                    output.line("\(abbreviated(vector))  \(excerpt(text))")
                }
            }
        }
    }

    private func abbreviated(_ vector: [Float]) -> String {
        let shown = 4
        let numbers = vector.prefix(shown).map { padded(fixed($0), 7) }.joined(separator: " ")
        return vector.count > shown ? "[\(numbers) … \(vector.count)]" : "[\(numbers)]"
    }
}
