import ArgumentParser
import CLimbeck
import Limbeck

/// The command line. It reads inputs and prints results; every answer is computed by the library.
struct LimbeckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limbeck",
        abstract: "Runs distilled Transformer students on this machine.",
        discussion: """
            A MODEL is a folder as the Hugging Face ecosystem writes it: config.json, model.safetensors or \
            pytorch_model.bin, and tokenizer.json or vocab.txt; or a pack of one, or a GGUF file. Texts are arguments, or the lines of a file (--file FILE) or of standard input. Answers go to \
            standard output, for people or, with --json, as one JSON object per line.

            Exit codes: 0; 64 for a wrong use; 65 for bad data (a model that is malformed, unsupported, or has no answer \
            to the question); 66 for a file that is missing or unreadable; 71 and 74 for what the operating system \
            refuses: memory or threads, and writing; 130 for training that was ended with Ctrl-C.
            """,
        version: "\(LIMBECK_VERSION_MAJOR).\(LIMBECK_VERSION_MINOR).\(LIMBECK_VERSION_PATCH)",
        groupedSubcommands: [
            CommandGroup(
                name: "Answering",
                subcommands: [
                    Embed.self, Search.self, Classify.self, Rerank.self, Tag.self, AnswerQuestion.self, Fill.self,
                ]),
            CommandGroup(name: "Inspecting", subcommands: [Tokenize.self, Inspect.self, Bench.self, Calibrate.self, Keys.self]),
            CommandGroup(name: "Packing", subcommands: [Pack.self, Verify.self]),
            CommandGroup(name: "Training", subcommands: [Distil.self]),
        ])
}

@main
enum Main {
    private static var arguments: [String] { Array(CommandLine.arguments.dropFirst()) }

    static func main() {
        ignoreBrokenPipes()
        do {
            try Suggestions.checkCommand(arguments)
            var command = try LimbeckCommand.parseAsRoot()
            try command.run()
        } catch is ReaderIsGone {
            // With `limbeck … | head`, this is not an error.
        } catch let failure as Failure {
            exit(failure)
        } catch let error as LimbeckError {
            exit(Failure(error))
        } catch {
            exit(parsing: error)
        }
    }

    /// The parser reports help and the version as errors, with exit code 0.
    private static func exit(parsing error: any Error) -> Never {
        guard LimbeckCommand.exitCode(for: error) != .success else { LimbeckCommand.exit(withError: error) }
        let message = LimbeckCommand.message(for: error)
        exit(Failure(.usage, message + Suggestions.hint(message, arguments)))
    }

    private static func exit(_ failure: Failure) -> Never {
        writeError("limbeck: \(failure.message.onOneLine)\n")
        quit(failure.code)
    }
}
