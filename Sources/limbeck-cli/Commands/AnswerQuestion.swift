import ArgumentParser
import Limbeck

struct AnswerQuestion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "answer",
        abstract: "Finds the answer to a question in a text.",
        discussion: """
            limbeck answer models/squad --question "Who wrote it?" --context "It was written by Émile Zola."
            limbeck answer models/squad --question "What does it cost?" --file manual.txt --top 3

            The context is --context, a whole file, or all of standard input; it may be long. Offsets count its bytes of UTF-8.
            """)

    @OptionGroup var model: ModelArguments
    @OptionGroup var format: FormatArguments

    @Option(name: .shortAndLong, parsing: .unconditional, help: "The question.")
    var question: String

    @Option(name: .shortAndLong, parsing: .unconditional, help: "The text that holds the answer.")
    var context: String?

    @Option(name: .shortAndLong, help: "A file that holds the answer; - is standard input.", completion: .file())
    var file: String?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Answers to print, best first.", valueName: "count"),
        transform: { try number($0, 1...Session.maxAnswers) })
    var top = 1

    @Option(
        parsing: .unconditional, help: ArgumentHelp("The longest answer, in tokens.", valueName: "tokens"),
        transform: { try number($0, 1...Int.max) })
    var maxAnswerLength = 15

    @Flag(help: "Let \"there is no answer\" compete.")
    var allowNone = false

    func validate() throws {
        guard context == nil || file == nil else { throw ValidationError("Give --context or --file, not both") }
    }

    func run() throws {
        let session = try model.open(for: .answer)
        let context = try self.context ?? LineReader(file, for: "context").wholeText()
        let options = AnswerOptions(topK: top, maxAnswerLength: maxAnswerLength, allowNone: allowNone)
        let output = Output()
        for answer in try session.answer(question: question, context: context, options: options) {
            let text = String(answer.text), range = answer.utf8Offsets
            if format.json {
                output.line(
                    .object([
                        ("text", .string(text)), ("score", .float(answer.score)), ("start", .int(range.lowerBound)),
                        ("end", .int(range.upperBound)),
                    ]))
            } else {
                let place = aligned("\(range.lowerBound)-\(range.upperBound)", 9)
                output.line("\(fixed(answer.score))  \(place) \(text.isEmpty ? "(no answer)" : text.onOneLine)")
            }
        }
        try output.flush()
    }
}
