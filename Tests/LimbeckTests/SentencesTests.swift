import Foundation
import Limbeck
import Testing

/// Folders of sentence-transformers. That their answers are the library's is what bindings/python/tests/test_cases.py asks; here are their
/// bits, their packs, and what follows from what.
@Suite struct SentencesTests {
    static let group = "Tests/golden/cases/sentences"
    static let names = Repository.folders(group)
    static let texts = [
        "The old lighthouse keeper, and a clock.", "", "word",
        "A glass of water costs? The winter of the old keeper, and the clock of the house.",
        "house keeper", "e m m b", "the", "water", "\u{0} \u{301}é 中",
    ]

    static func open(_ name: String) throws -> Model { try Model(path: Repository.path("\(group)/\(name)")) }

    // MARK: Bits

    /// All answers of a model to texts, with several prompts.
    private func answers(_ model: Model, _ options: SessionOptions, oneByOne: Bool = false) throws -> [[Float]] {
        let session = try Session(model, options: options)
        var answers: [[Float]] = []
        for prompt in [nil, "", "the old light", "a"] {
            let texts = oneByOne ? Self.texts.map { [$0] } : [Self.texts]
            for texts in texts {
                answers += try session.embed(texts, options: EmbedOptions(prompt: prompt))
                guard model.answers.contains(.classify) else { continue }
                let pairs = texts.map { _ in "the clock of the house" }
                answers += try session.classify(texts, pairs: pairs, options: ClassifyOptions(prompt: prompt)).map { row in
                    row.sorted { $0.index < $1.index }.map(\.score)
                }
            }
        }
        // In the order of the texts, however they were batched.
        return answers.sorted { $0.count != $1.count ? $0.count < $1.count : $0.lexicographicallyPrecedes($1) }
    }

    private func expectSameBits(_ model: Model, kernels: [InstructionSet]) throws {
        let alone = try answers(model, SessionOptions(threads: 1, maxTokens: 24), oneByOne: true)
        #expect(alone.joined().allSatisfy { $0.isFinite })
        for kernels in kernels {
            for (threads, maxTokens) in [(1, 24), (2, 31), (3, 512)] {
                let options = SessionOptions(threads: threads, maxTokens: maxTokens, kernels: kernels)
                #expect(try answers(model, options) == alone, "\(kernels), \(threads) threads, \(maxTokens) tokens")
            }
        }
    }

    @Test(arguments: names) func everySessionGivesTheSame(name: String) throws {
        try expectSameBits(Self.open(name), kernels: floatKernels)
    }

    @Test(arguments: names, [Precision.float16, .int8, .int4]) func everySessionOfAPackGivesTheSame(
        name: String, precision: Precision
    ) throws {
        let sample = try PackSample("\(Self.group)/\(name)", precision)
        try expectSameBits(Model(path: sample.path), kernels: precision == .float16 ? floatKernels : availableKernels)
        try Model.verify(path: sample.path)
    }

    // MARK: Packs

    @Test(arguments: names) func aPackIsTheModel(name: String) throws {
        let sample = try PackSample("\(Self.group)/\(name)")
        let (source, pack) = (try Self.open(name), try Model(path: sample.path))
        let options = SessionOptions(threads: 1)
        #expect(try answers(pack, options) == answers(source, options))
        #expect(pack.prompts == source.prompts && pack.defaultPrompt == source.defaultPrompt)
        #expect(pack.embeddingSize == source.embeddingSize && pack.vectorSteps == source.vectorSteps)
        #expect(pack.similarity == source.similarity && pack.crossEncoderScores == source.crossEncoderScores)
        #expect(pack.maxLength == source.maxLength && pack.parameters == source.parameters)
        // `verify` computes vectors too.
        try Model.verify(path: sample.path)
    }

    /// An older library opens the packs that it understands, and refuses all others by their version.
    @Test(arguments: names + ["answers/embed", "models/bert-sequence-3"]) func packsSayWhatTheyNeed(name: String) throws {
        let isPlain = name == "lengths" || name.contains("/")
        let sample = try PackSample(name.contains("/") ? "Tests/golden/\(name)" : "\(Self.group)/\(name)")
        let version = Array(#""limbeck.version":"\#(isPlain ? 1 : 2)""#.utf8)
        #expect(try sample.bytes.firstRange(of: version) != nil)
    }

    // MARK: Options

    /// A prompt and a text are one text.
    @Test(arguments: names.filter { !$0.contains("left") && $0 != "poolings" }) func aPromptIsPartOfTheText(name: String) throws {
        let session = try Session(Self.open(name))
        let none = EmbedOptions(prompt: "")
        for prompt in ["the", "the old light", "find ", "\u{E9}", String(repeating: "a ", count: 500)] {
            let joined = Self.texts.map { prompt + $0 }
            #expect(try session.embed(Self.texts, options: EmbedOptions(prompt: prompt)) == session.embed(joined, options: none))
            guard session.model.answers.contains(.rerank) else { continue }
            let (options, without) = (ClassifyOptions(prompt: prompt), ClassifyOptions(prompt: ""))
            #expect(
                try session.rerank(query: "house", documents: Self.texts, options: options)
                    == session.rerank(query: prompt + "house", documents: Self.texts, options: without))
        }
    }

    @Test func promptsByName() throws {
        let session = try Session(Self.open("prompts"))
        #expect(session.model.prompts.map(\.name) == ["document", "empty", "passage", "query"].sorted { order($0) < order($1) })
        #expect(session.model.defaultPrompt.map { session.model.prompts[$0].text } == "find the old light")
        let byDefault = try session.embed(Self.texts)
        #expect(try session.embed(Self.texts, options: EmbedOptions(promptName: "query")) == byDefault)
        #expect(try session.embed(Self.texts, options: EmbedOptions(promptName: "document")) != byDefault)
        for (options, status, words) in [
            (
                EmbedOptions(promptName: "Query"), .invalidArgument,
                "no prompt 'Query'; it has 'query', 'document', 'empty', 'passage'"
            ),
            (EmbedOptions(prompt: "a", promptName: "query"), .invalidArgument, "at most"),
            (EmbedOptions(prompt: String(repeating: "a", count: 16_385)), .tooLong, "16385 bytes, expected at most 16384"),
        ] as [(EmbedOptions, LimbeckError.Status, String)] {
            let error = #expect(throws: LimbeckError.self) { try session.embed(["a"], options: options) }
            #expect(error?.status == status && error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        _ = try session.embed(["a"], options: EmbedOptions(prompt: String(repeating: "a", count: 16_384)))
    }

    private func order(_ name: String) -> Int { ["query", "document", "empty", "passage"].firstIndex(of: name) ?? 9 }

    /// What the poolings are, computed from the states in double precision.
    @Test func poolingsByFormula() throws {
        let session = try Session(Self.open("poolings"))
        let (text, prompt) = ("the old lighthouse keeper", "query: ")
        let ids = try tokens(prompt + text, session)
        let states = try session.forward([ids])[0]
        let skipped = try tokens(prompt, session).count - 1
        func column(_ index: Int, _ tokens: Range<Int>) -> [Double] { tokens.map { Double(states[$0, index]) } }
        let used = skipped..<ids.count
        let width = session.model.hiddenSize
        var expected: [Double] = (0..<width).map { Double(states[skipped, $0]) }
        expected += (0..<width).map { column($0, used).max()! }
        let sums = (0..<width).map { column($0, used).reduce(0, +) }
        expected += sums.map { $0 / Double(used.count) } + sums.map { $0 / Double(used.count).squareRoot() }
        let weights: [Double] = used.map { Double($0 + 1) }
        let total: Double = weights.reduce(0, +)
        expected += (0..<width).map { zip(column($0, used), weights).map(*).reduce(0, +) / total }
        expected += (0..<width).map { Double(states[ids.count - 1, $0]) }
        let vector = try session.embed([text])[0]
        #expect(largestDifference(vector, expected.map { Float($0) }) < 1e-5)

        // Each of them alone, for a model that pools in one way.
        let plain = try Session(Self.open("prompts"))
        for pooling in [Pooling.mean, .cls, .max, .meanSqrtLenTokens, .weightedMean, .lastToken] {
            let one = try plain.embed([text], options: EmbedOptions(pooling: pooling))[0]
            #expect(one.count == width && one.allSatisfy { $0.isFinite })
        }
        let error = #expect(throws: LimbeckError.self) { try session.embed([text], options: EmbedOptions(pooling: .mean)) }
        #expect(error?.status == .unsupported)
    }

    private func tokens(_ text: String, _ session: Session) throws -> [Int32] {
        var text = text
        var ids = [Int32](repeating: 0, count: 64)
        let count = text.withUTF8 { text in
            ids.withUnsafeMutableBufferPointer {
                session.model.tokenizer?.encode(
                    Text(text), pair: nil, addSpecialTokens: true, maxLength: session.model.maxLength,
                    into: TokenBuffer(ids: $0.baseAddress, capacity: 64))
            }
        }
        return Array(ids[..<(count ?? 0)])
    }

    /// `dimensions` is a cut before the folder's last change of the length; the folder's own cut comes after it.
    @Test func cuts() throws {
        let session = try Session(Self.open("truncated"))
        func length(_ options: EmbedOptions) throws -> Float {
            try session.embed(["old house"], options: options)[0].reduce(0) { $0 + $1 * $1 }
        }
        #expect(session.model.embeddingSize == 5)
        #expect(try length(EmbedOptions()) < 0.999)
        #expect(abs(try length(EmbedOptions(normalize: true)) - 1) < 1e-5)
        for dimensions in [1, 5, 8] { #expect(abs(try length(EmbedOptions(dimensions: dimensions)) - 1) < 1e-5) }
        #expect(try session.embed(["a"], options: EmbedOptions(dimensions: 8))[0].count == 8)
        #expect(try length(EmbedOptions(normalize: false, dimensions: 8)) > 1.01)
        for dimensions in [9, -1] {
            let error = #expect(throws: LimbeckError.self) {
                try session.embed(["a"], options: EmbedOptions(dimensions: dimensions))
            }
            #expect(error?.status == .invalidArgument)
        }
    }

    /// Scores of a cross-encoder: as its folder specifies, except a ranking by one of two labels.
    @Test func scores() throws {
        for (name, scores) in [
            ("cross-encoder", .sigmoid), ("cross-encoder-labels", .softmax), ("cross-encoder-3", .sigmoid),
            ("cross-encoder-4", .raw),
            ("cross-encoder-silent", .sigmoid),
        ] as [(String, Scores)] {
            let session = try Session(Self.open(name))
            #expect(session.model.crossEncoderScores == scores)
            for wish in [Scores.sigmoid, .raw, .softmax] {
                let found = try session.classify(["a"], options: ClassifyOptions(scores: wish, prompt: ""))
                let byDefault = try session.classify(["a"], options: ClassifyOptions(prompt: ""))
                #expect((found == byDefault) == (wish == scores), "\(name) \(wish)")
            }
        }
        // Without a word from sentence-transformers.
        #expect(try Model(path: Repository.path("Tests/golden/answers/rerank-one-label")).crossEncoderScores == nil)
    }

    /// A cross-encoder's prompt is for its pairs, and an embedding model's for its vectors.
    @Test func defaultPromptsAreForTheirCalls() throws {
        let cross = try Session(Self.open("cross-encoder"))
        #expect(cross.model.defaultPrompt == 0)
        #expect(try cross.embed(["a"]) == cross.embed(["a"], options: EmbedOptions(prompt: "")))
        #expect(
            try cross.rerank(query: "a", documents: ["b"])
                != cross.rerank(query: "a", documents: ["b"], options: ClassifyOptions(prompt: "")))
    }

    /// Files that have no effect without a modules.json are not read, as in the library, and `inspect` says so.
    @Test func filesWithoutModules() throws {
        var sample = Sample.bert
        sample.files["sentence_bert_config.json"] = Array(#"{"max_seq_length": 3}"#.utf8)
        sample.files["config_sentence_transformers.json"] = Array(#"{"truncate_dim": 3}"#.utf8)
        let model = try sample.open()
        #expect(model.maxLength == 16 && model.embeddingSize == 8)
        for file in ["sentence_bert_config.json", "config_sentence_transformers.json"] {
            #expect(model.notes.contains { $0.hasPrefix(file) && $0.contains("modules.json") })
        }
    }

    @Test func lengths() throws {
        func length(_ files: [String: String]) throws -> Int {
            var sample = Sample.bert
            sample.sentenceTransformers()
            for (name, text) in files { sample.files[name] = Array(text.utf8) }
            return try sample.load().configuration.maxLength
        }
        #expect(try length([:]) == 16)
        #expect(try length(["tokenizer_config.json": #"{"model_max_length": 5}"#]) == 5)
        #expect(try length(["tokenizer_config.json": #"{"max_len": 5}"#]) == 5)
        #expect(try length(["tokenizer_config.json": #"{"max_len": 5, "model_max_length": 7}"#]) == 7)
        #expect(try length(["tokenizer_config.json": #"{"max_len": 5, "model_max_length": null}"#]) == 16)
        for own in ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"] {
            let file = "sentence_\(own)_config.json"
            #expect(try length([file: #"{"max_seq_length": 9}"#, "tokenizer_config.json": #"{"model_max_length": 5}"#]) == 9)
            #expect(try length([file: #"{"max_seq_length": null}"#, "tokenizer_config.json": #"{"model_max_length": 5}"#]) == 5)
            #expect(try length([file: #"{"max_seq_length": 99}"#]) == 16)
        }
        #expect(
            try length([
                "sentence_bert_config.json": "{}", "sentence_xlnet_config.json": #"{"max_seq_length": 4}"#,
                "sentence_albert_config.json": #"{"max_seq_length": 6}"#,
            ]) == 6)
        #expect(
            try length(["sentence_bert_config.json": #"{"max_seq_length": 9, "tokenizer_args": {"model_max_length": 4}}"#]) == 4)
    }
}
