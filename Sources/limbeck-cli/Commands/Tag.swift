import ArgumentParser
import Limbeck

struct Tag: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds labelled spans in texts, such as names of people and places.",
        discussion: """
            limbeck tag models/ner "Angela Merkel met Émile Zola in São Paulo."

            Offsets count bytes of UTF-8. In a file, bytes that are not UTF-8 are first read as U+FFFD, and offsets count \
            in the text that results, which --json prints.
            """)

    @OptionGroup var model: ModelArguments
    @OptionGroup var texts: TextArguments
    @OptionGroup var format: FormatArguments

    @Option(help: "How tokens are joined to spans.")
    var aggregation = Aggregation.simple

    @Flag(help: "Print the spans labelled O, too.")
    var keepOutside = false

    func run() throws {
        let session = try model.open(for: .tag)
        let options = TagOptions(aggregation: aggregation, keepOutside: keepOutside)
        let output = Output()
        try texts.forEachChunk(output) { texts in
            for text in texts {
                let spans = try session.tag(text, options: options)
                if format.json {
                    let members = spans.map { JSON.object([("label", .string($0.label))] + $0.place) }
                    output.line(.object([("text", .string(text)), ("spans", .array(members))]))
                } else {
                    output.line(excerpt(text))
                    for span in spans {
                        let place = "\(span.utf8Offsets.lowerBound)-\(span.utf8Offsets.upperBound)"
                        let label = aligned(span.label.onOneLine, 8)
                        output.line("  \(fixed(span.score))  \(aligned(place, 9)) \(label) \(excerpt(String(span.text)))")
                    }
                }
            }
        }
    }
}

extension Tagged {
    fileprivate var place: [(key: String, value: JSON)] {
        [
            ("score", .float(score)), ("start", .int(utf8Offsets.lowerBound)), ("end", .int(utf8Offsets.upperBound)),
            ("text", .string(String(text))),
        ]
    }
}
