import ArgumentParser
import Limbeck

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a model is made of, what it needs, and what it can answer.",
        discussion: """
            limbeck inspect models/all-MiniLM-L6-v2
            limbeck inspect models/all-MiniLM-L6-v2 --threads 1 --max-tokens 512 --no-tensors

            Mapped memory is the file's, shared by all processes that open it. Private memory is needed once in a process, \
            session memory for each session: it depends on --threads and --max-tokens, and never grows. The time is that of opening \
            the model, without the session.
            """)

    @OptionGroup var model: ModelArguments
    @OptionGroup var format: FormatArguments

    @Flag(inversion: .prefixedNo, help: "List the tensors of the files.")
    var tensors = true

    func run() throws {
        let (session, opening) = try model.timedOpen()
        let entries = try ModelFiles(model.model).tensors()
        let output = Output()
        if format.json {
            output.line(json(session, opening, entries))
        } else {
            describe(session, opening, entries, output)
        }
        try output.flush()
    }

    private func describe(_ session: Session, _ opening: Duration, _ entries: [StoredTensor], _ output: Output) {
        let model = session.model
        func row(_ name: String, _ value: String) { output.line("\(aligned(name, 11)) \(value)") }
        // In order: what it is, its inputs and outputs, its cost, and notes.
        row("family", "\(model.family)")
        row("precision", model.precision.name)
        row("parameters", grouped(model.parameters))
        row("layers", "\(model.layers), each with \(model.attentionHeads) heads")
        row("sizes", "hidden \(model.hiddenSize), intermediate \(model.intermediateSize), vocabulary \(grouped(model.vocabSize))")
        row("answers", model.answers.names.joined(separator: ", "))
        if let rule = model.exitRule { row("exits", "\(model.exits), by \(rule.name)" + Inspect.defaultExit(of: model)) }
        if !model.labels.isEmpty { row("labels", Inspect.summary(of: model.labels)) }
        row("lengths", "texts are cut to \(model.maxLength) tokens; positions for \(model.maxPositions)")
        if let tokenizer = model.tokenizer {
            let special = specialTokens(tokenizer).map { "\($0.token) \($0.id)" }.joined(separator: ", ")
            row("tokenizer", "\(tokenizer.kind), \(grouped(tokenizer.vocabularySize)) tokens; \(special)")
        } else {
            row("tokenizer", "none: only ids can go in")
        }
        row(
            "vectors",
            "\(model.vectorSteps.joined(separator: ", ")): \(model.embeddingSize) numbers, compared by \(model.similarity.name)")
        if let scores = model.crossEncoderScores { row("scores", "\(scores), as the cross-encoder's folder says") }
        for (index, prompt) in model.prompts.enumerated() where !prompt.text.isEmpty || index == model.defaultPrompt {
            row(
                "prompt",
                "\(prompt.name.onOneLine): \(prompt.text.onOneLine)" + (index == model.defaultPrompt ? "  (by default)" : ""))
        }
        row(
            "memory",
            "\(bytes(model.mappedBytes)) mapped, \(bytes(model.privateBytes)) private; opened in "
                + "\(fixed(opening.seconds * 1e3, 1)) ms")
        row(
            "session",
            "\(bytes(session.memoryBytes)) for \(session.threads) threads and \(grouped(session.maxTokens)) tokens; "
                + "computes with \(session.kernels.name)")
        for note in model.notes { row("note", note.onOneLine) }
        guard tensors else { return }
        output.line()
        row("tensors", "\(entries.count)")
        let width = entries.map(\.name.count).max() ?? 0
        for entry in entries {
            output.line("  \(aligned(entry.name.onOneLine, width))  \(aligned(entry.dtype, 5)) \(entry.shape)")
        }
    }

    private static func defaultExit(of model: Model) -> String {
        if model.exitPatience > 0 { return "; by default after \(model.exitPatience) that agree" }
        return model.exitThreshold > 0 ? "; by default with a threshold of \(model.exitThreshold)" : ""
    }

    /// The first labels, since there may be thousands.
    private static func summary(of labels: [String]) -> String {
        let shown = labels.count > 12 ? 10 : labels.count
        let text = labels.prefix(shown).map { excerpt($0, 40) }.joined(separator: ", ")
        return labels.count > shown ? "\(text) and \(grouped(labels.count - shown)) more" : text
    }

    private func json(_ session: Session, _ opening: Duration, _ entries: [StoredTensor]) -> JSON {
        let model = session.model
        var tokenizer = JSON.null
        if let found = model.tokenizer {
            let special = specialTokens(found).map { (key: $0.token, value: JSON.int(Int($0.id))) }
            tokenizer = .object([
                ("kind", .string(found.kind)), ("vocabulary", .int(found.vocabularySize)), ("special_tokens", .object(special)),
            ])
        }
        var members: [(key: String, value: JSON)] = [
            ("family", .string("\(model.family)")), ("precision", .string(model.precision.name)), ("layers", .int(model.layers)),
            ("attention_heads", .int(model.attentionHeads)), ("hidden_size", .int(model.hiddenSize)),
            ("intermediate_size", .int(model.intermediateSize)), ("vocab_size", .int(model.vocabSize)),
            ("max_length", .int(model.maxLength)), ("max_positions", .int(model.maxPositions)),
            ("parameters", .int(model.parameters)), ("labels", .strings(model.labels)),
            ("tokenizer", tokenizer), ("answers", .strings(model.answers.names)), ("vectors", .strings(model.vectorSteps)),
            ("embedding_size", .int(model.embeddingSize)), ("similarity", .string(model.similarity.name)),
            ("scores", model.crossEncoderScores.map { .string("\($0)") } ?? .null),
            ("prompts", .object(model.prompts.map { (key: $0.name, value: .string($0.text)) })),
            ("default_prompt_name", model.defaultPrompt.map { .string(model.prompts[$0].name) } ?? .null),
            ("exits", .int(model.exits)), ("exit_rule", model.exitRule.map { .string($0.name) } ?? .null),
            ("exit_threshold", model.exitThreshold > 0 ? .double(Double(model.exitThreshold)) : .null),
            ("exit_patience", model.exitPatience > 0 ? .int(model.exitPatience) : .null),
            ("notes", .strings(model.notes)),
            ("mapped_bytes", .int(model.mappedBytes)), ("private_bytes", .int(model.privateBytes)),
            ("opening_ms", .double(opening.seconds * 1e3)),
            (
                "session",
                .object([
                    ("threads", .int(session.threads)), ("max_tokens", .int(session.maxTokens)),
                    ("kernels", .string(session.kernels.name)), ("memory_bytes", .int(session.memoryBytes)),
                ])
            ),
        ]
        if tensors {
            let list = entries.map {
                JSON.object([("name", .string($0.name)), ("dtype", .string($0.dtype)), ("shape", .ints($0.shape))])
            }
            members.append(("tensors", .array(list)))
        }
        return .object(members)
    }

    private func specialTokens(_ tokenizer: Tokenizer) -> [(token: String, id: Int32)] {
        [tokenizer.pad, tokenizer.unk, tokenizer.cls, tokenizer.sep, tokenizer.mask].compactMap { id in
            id.flatMap { id in tokenizer.token(id).map { ($0, id) } }
        }
    }
}
