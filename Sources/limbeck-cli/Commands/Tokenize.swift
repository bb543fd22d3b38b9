import ArgumentParser
import Limbeck

struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cuts texts into tokens.",
        discussion: """
            limbeck tokenize models/all-MiniLM-L6-v2 "unbelievable!"
            limbeck tokenize vocab.txt --file texts.txt --json

            Needs no weights: TOKENIZER is a model folder, a GGUF file, a tokenizer.json, a vocab.txt or a vocab.json. Offsets count bytes of UTF-8; \
            special tokens that were added have none.
            """)

    @Argument(help: "A model folder, a GGUF file, a tokenizer.json, a vocab.txt or a vocab.json.", completion: .file())
    var tokenizer: String

    @OptionGroup var texts: TextArguments
    @OptionGroup var format: FormatArguments

    @Option(parsing: .unconditional, help: "A second text, paired with every text.")
    var pair: String?

    @Flag(inversion: .prefixedNo, help: "Add special tokens, such as [CLS] and [SEP].")
    var specialTokens = true

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Truncate, longest first, to so many tokens; 0: do not.", valueName: "tokens"),
        transform: { try number($0, 0...Int.max) })
    var maxLength = 0

    func run() throws {
        let tokenizer = try Tokenizer(path: tokenizer)
        let output = Output()
        try texts.forEachChunk(output) { texts in
            for text in texts {
                let encoding = tokenizer.encode(text, pair: pair, addSpecialTokens: specialTokens, maxLength: maxLength)
                let tokens = encoding.ids.map { tokenizer.token($0) ?? "#\($0)" }
                if format.json {
                    var members: [(key: String, value: JSON)] = [("text", .string(text))]
                    if let pair { members.append(("pair", .string(pair))) }
                    output.line(
                        .object(
                            members + [
                                ("ids", .ints(encoding.ids)), ("types", .ints(encoding.types)), ("tokens", .strings(tokens)),
                                ("offsets", .array(encoding.ranges.map { .ints([$0.lowerBound, $0.upperBound]) })),
                            ]))
                } else {
                    output.line("\(excerpt(text))  (\(tokens.count) tokens)")
                    for (index, token) in tokens.enumerated() {
                        let range = encoding.ranges[index]
                        let place = range.isEmpty ? "" : "\(range.lowerBound)-\(range.upperBound)"
                        output.line("  \(padded(encoding.ids[index], 7))  \(aligned(place, 11)) \(token)")
                    }
                }
            }
        }
    }
}
