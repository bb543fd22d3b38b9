import CPlatform
import Limbeck

/// Makes a static student, as model2vec 0.10.0's `distill` does: the teacher reads every token of its vocabulary alone, between its own special
/// tokens, and the mean of its last states is the token's vector. Everything is opened and checked by the initialiser, nothing is written
/// before the whole table is computed.
package final class StaticRun {
    private let recipe: Recipe
    private let source: StaticSource
    private let options: TrainerOptions
    private let teacher: Session
    private let vocabulary: StaticVocabulary
    /// By the student's ids: parts of all tokens.
    private let frequencies: [Double]
    package let plan: TrainingPlan
    package let notes: [String]

    private static let tokensAtATime = 256
    /// model2vec's default for texts.
    private static let maxLength = 512

    package init(_ recipe: Recipe, options: TrainerOptions) throws(LimbeckError) {
        guard case .table(let source) = recipe.student.origin, let path = recipe.teacher?.path else {
            throw LimbeckError(.invalidArgument, "recipe: 'student.from' is another, expected static, and a teacher")
        }
        (self.recipe, self.source, self.options) = (recipe, source, options)
        let folder = try ModelFolder(path), model = try Model(path: path)
        guard let tokenizer = model.tokenizer else { throw LimbeckError(.noTokenizer, "\(path): no tokenizer, expected one") }
        guard tokenizer.vocabularySize <= model.vocabSize else {
            throw LimbeckError(
                .fileInconsistent,
                "\(path): \(tokenizer.vocabularySize) tokens, expected at most the \(model.vocabSize) of the model")
        }
        var counts: [Int]?, trimmed: [Int]?
        if recipe.data != nil {
            let corpus = try Corpus(recipe, configuration: model.configuration, tokenizer: tokenizer)
            counts = corpus.counts()
            notes = corpus.notes
        } else {
            notes = []
        }
        if let size = recipe.student.vocabularySize, let counts {
            trimmed = try TrimmedVocabulary(folder, size: size, counts: counts).ids
        }
        vocabulary = try StaticVocabulary(folder, tokenizer, trimmed: trimmed)
        let ids = vocabulary.ids, width = model.hiddenSize
        guard !ids.isEmpty else { throw LimbeckError(.fileInconsistent, "\(path): a vocabulary of special tokens alone") }
        if let dimensions = source.dimensions, dimensions > min(width, ids.count - 1) {
            throw LimbeckError(
                .invalidArgument,
                """
                recipe: 'student.dimensions' is \(dimensions), expected at most \(min(width, ids.count - 1)), or false: \(ids.count) tokens \
                have vectors of \(width) numbers
                """)
        }
        if case .data = source.frequencies, let counts {
            frequencies = StaticTable.parts(ids.map { counts[$0] })
        } else {
            frequencies = StaticTable.zipf(ids.count)
        }
        var settings = SessionOptions()
        (settings.threads, settings.kernels) = (options.threads, options.instructionSet)
        teacher = try Session(model, options: settings)
        let dimensions = source.dimensions ?? width, floats = MemoryLayout<Float>.stride
        let around = vocabulary.before.count + vocabulary.after.count
        plan = TrainingPlan(
            parameters: ids.count * dimensions, tokensPerBatch: StaticRun.tokensAtATime * (around + 1),
            bytes: model.privateBytes + teacher.memoryBytes + ids.count * (width + dimensions) * floats + width * width * 2 * floats
        )
    }

    /// `progress` returns false to end the run, which throws `.interrupted` and leaves nothing.
    package func run(progress: (Progress) -> Bool) throws(LimbeckError) {
        let ids = vocabulary.ids, width = teacher.model.hiddenSize, began = platform_milliseconds()
        func check(_ done: Int) throws(LimbeckError) {
            let seconds = Double(max(1, platform_milliseconds() - began)) / 1000
            let goesOn = progress(
                Progress(
                    stageIndex: 0, stageCount: 1, stageName: "tokens", step: done, steps: ids.count, loss: 0, learningRate: 0,
                    tokensPerSecond: Double(done) / seconds, secondsLeft: seconds / Double(done) * Double(ids.count - done)))
            if !goesOn {
                throw LimbeckError(.interrupted, "ended after \(done) of \(ids.count) tokens; nothing is written before the last")
            }
        }
        var vectors: [Float] = []  // (tokens, width)
        vectors.reserveCapacity(ids.count * width)
        for start in stride(from: 0, to: ids.count, by: StaticRun.tokensAtATime) {
            try read(ids[start..<min(ids.count, start + StaticRun.tokensAtATime)], into: &vectors)
            if vectors.count < ids.count * width { try check(vectors.count / width) }
        }
        let team = try Team(threads: teacher.threads, set: teacher.kernels, scratchFloats: 1)
        let table = StaticTable(vectors, rows: ids.count, width: width, source, frequencies: frequencies, team: team)
        try check(ids.count)
        try write(table)
    }

    /// Appends the means of the teacher's last states of these tokens, each between the special tokens.
    private func read(_ ids: ArraySlice<Int>, into vectors: inout [Float]) throws(LimbeckError) {
        let sequences = ids.map { vocabulary.before + [Int32(truncatingIfNeeded: $0)] + vocabulary.after }
        for (states, id) in zip(try teacher.forward(sequences), ids) {
            for column in 0..<states.columns {
                var sum: Float = 0
                for row in 0..<states.rows { sum += states.values[row * states.columns + column] }
                guard sum.isFinite else {
                    throw LimbeckError(.unsupported, "the teacher's vector of token \(id) has a number that is not finite")
                }
                vectors.append(sum / Float(states.rows))
            }
        }
    }

    // MARK: The student's folder, as model2vec 0.10.0's `save_pretrained` writes it

    /// The weights first, where a full disk is found while an older student is still whole; config.json, without which nothing opens, last.
    private func write(_ table: StaticTable) throws(LimbeckError) {
        let output = recipe.output
        try OutputFiles.makeFolder(output)
        var file = SafetensorsWriter()
        switch source.precision {
        case .float32: try file.add("embeddings", shape: [table.rows, table.width], table.numbers)
        case .float16:
            var halves: [UInt16] = []
            halves.reserveCapacity(table.numbers.count)
            for number in table.numbers {
                guard let half = half(number) else {
                    throw LimbeckError(.unsupported, "a number of 65,520 or more, expected 'student.precision' float32")
                }
                halves.append(half)
            }
            try file.add("embeddings", shape: [table.rows, table.width], halves: halves)
        }
        try file.write(to: "\(output)/model.safetensors")
        let modules = """
            [
              {"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"},
              {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"}
            ]

            """
        for (name, text) in [
            ("tokenizer.json", vocabulary.tokenizerText(maxLength: StaticRun.maxLength)), ("modules.json", modules),
            ("README.md", card(table)), ("config.json", configuration(table)),
        ] {
            try OutputFiles.write(Array(text.utf8), to: "\(output)/\(name)")
        }
    }

    private var teacherName: String { ModelCard.name(of: recipe.teacher?.path ?? "") }
    private var precision: String {
        switch source.precision {
        case .float16: "float16"
        case .float32: "float32"
        }
    }

    private func configuration(_ table: StaticTable) -> String {
        """
        {
          "model_type": "model2vec",
          "architectures": ["StaticModel"],
          "tokenizer_name": \(JSONText.quoted(teacherName)),
          "apply_pca": \(source.dimensions.map { String($0) } ?? "null"),
          "sif_coefficient": \(source.coefficient.map { decimal($0, digits: 15) } ?? "null"),
          "hidden_dim": \(table.width),
          "seq_length": 1000000,
          "normalize": true,
          "pooling": "mean",
          "max_length": \(StaticRun.maxLength),
          "embedding_dtype": "\(precision)"
        }

        """
    }

    private func card(_ table: StaticTable) -> String {
        var frequencies = "none"
        if let a = source.coefficient {
            let kind = if case .data = source.frequencies { ModelCard.name(of: recipe.data?.path ?? "") } else { "Zipf's law" }
            frequencies = "a / (a + frequency), a = \(decimal(a)), frequencies by \(kind)"
        }
        return """
            # A static student distilled by Limbeck

            | | |
            |---|---|
            | teacher | \(teacherName), \(teacher.model.parameters) parameters |
            | table | \(table.rows) tokens, \(table.width) numbers each, \(precision) |
            | principal components | \(source.dimensions.map { String($0) } ?? "none") of \(teacher.model.hiddenSize) |
            | weights of tokens | \(frequencies) |

            The vector of a text is the mean of its tokens' rows, with length 1. model2vec and sentence-transformers open this folder. The same
            recipe gives the same bits on every machine.

            """
    }
}
