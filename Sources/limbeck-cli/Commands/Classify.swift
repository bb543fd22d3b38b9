import ArgumentParser
import Limbeck

struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Scores the labels of texts, or of pairs of texts.",
        discussion: """
            limbeck classify models/sentiment "what a lovely day"
            limbeck classify models/entailment "A man plays a guitar." --pair "Somebody makes music."
            limbeck classify models/entailment --pairs --file pairs.tsv --json

            Scores are probabilities, or the raw numbers of a regression; those of a cross-encoder of sentence-transformers are \
            as its folder says.

            In a model with exits, such as FastBERT, a text may leave before the last layer; then the number of layers is printed too:

            limbeck classify models/fastbert "what a lovely day" --exit-threshold 0.3
            """)

    @OptionGroup var model: ModelArguments
    @OptionGroup var texts: TextArguments
    @OptionGroup var prompts: PromptArguments
    @OptionGroup var exits: ExitArguments
    @OptionGroup var format: FormatArguments

    @Option(parsing: .unconditional, help: "A second text, paired with every text.")
    var pair: String?

    @Flag(help: "Every text is a pair: two texts with a tab between them.")
    var pairs = false

    @Option(
        parsing: .unconditional, help: "Divide logits by this number: above 1 makes probabilities more alike.",
        transform: { try positive($0) })
    var temperature: Float = 1

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Labels to print for a text, best first; by default all.", valueName: "count"),
        transform: { try number($0, 1...Int.max) })
    var top: Int?

    func validate() throws {
        guard pair == nil || !pairs else { throw ValidationError("Give --pair or --pairs, not both") }
    }

    func run() throws {
        let session = try model.open(for: .classify)
        let options = ClassifyOptions(
            temperature: temperature, prompt: prompts.prompt, promptName: prompts.promptName, exit: exits.options)
        let showsLayers = options.exit != nil || session.model.exitThreshold > 0 || session.model.exitPatience > 0
        let output = Output()
        try texts.forEachChunk(output) { lines in
            let (texts, seconds) = try split(lines)
            var layers: [Int] = []
            for (index, labels) in try session.classify(texts, pairs: seconds, options: options, layers: &layers).enumerated() {
                let labels = labels.prefix(top ?? .max)
                if format.json {
                    var members: [(key: String, value: JSON)] = [("text", .string(texts[index]))]
                    if let seconds { members.append(("pair", .string(seconds[index]))) }
                    let scores = labels.map { JSON.object([("label", .string($0.label)), ("score", .float($0.score))]) }
                    if showsLayers { members.append(("layers", .int(layers[index]))) }
                    output.line(.object(members + [("labels", .array(scores))]))
                } else {
                    let left = !showsLayers ? "" : "  (\(layers[index]) of \(session.layers) layers)"
                    output.line(excerpt(texts[index]) + (seconds.map { " | " + excerpt($0[index]) } ?? "") + left)
                    for label in labels { output.line("  \(padded(fixed(label.score), 8))  \(label.label.onOneLine)") }
                }
            }
        }
    }

    private func split(_ lines: [String]) throws -> (texts: [String], pairs: [String]?) {
        guard pairs else { return (lines, pair.map { Array(repeating: $0, count: lines.count) }) }
        var halves: (texts: [String], pairs: [String]) = ([], [])
        for line in lines {
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Failure(.badData, "no tab, so no pair: \(excerpt(line))") }
            halves.texts.append(String(parts[0]))
            halves.pairs.append(String(parts[1]))
        }
        return halves
    }
}
