import ArgumentParser
import Limbeck

/// The model and the resources it may use: common to all commands that run one.
struct ModelArguments: ParsableArguments {
    @Argument(help: "A model folder, a pack, or a GGUF file.", completion: .file())
    var model: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Threads to compute with; 0: the CPUs this process may use.", valueName: "count"),
        transform: { try number($0, 0...Session.maxThreads) })
    var threads = 0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The most tokens computed at a time, which bounds the memory; 0: 512, or the model's longest text.",
            valueName: "count"),
        transform: { try number($0, 0...Session.tokenLimit) })
    var maxTokens = 0

    @Option(help: "The instruction set; by default the best there is. All give the same bits.")
    var kernels: InstructionSet?

    @OptionGroup var depth: DepthArguments

    /// Opens a session with a model that can do the task.
    func open(for task: Task) throws -> Session {
        let session = try timedOpen().session
        try task.check(session.model, model)
        return session
    }

    /// The same, with the time that it took to open the model.
    func timedOpen() throws -> (session: Session, opening: Duration) {
        let start = ContinuousClock.now
        let model = try Model(path: model)
        let opening = ContinuousClock.now - start
        let options = SessionOptions(
            threads: threads, maxTokens: maxTokens, kernels: kernels, depth: depth.choice, width: depth.width ?? 1)
        return (try Session(model, options: options), opening)
    }
}

/// The layers to run, and how much of them.
struct DepthArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Run only the first so many layers, and answer with the state after them.", valueName: "count"),
        transform: { try number($0, 1...Int(Int32.max)) })
    var layers: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Run only a fraction of the layers, spread over all as DynaBERT chooses them.", valueName: "fraction"))
    var depth: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Run only a fraction of the heads and of the feed-forward network's columns in each layer, as DynaBERT does.",
            valueName: "fraction"))
    var width: Double?

    func validate() throws {
        guard layers == nil || depth == nil else { throw ValidationError("Give --layers or --depth, not both") }
    }

    var choice: Depth { layers.map { .layers($0) } ?? depth.map { .fraction($0) } ?? .full }
}

/// When a text leaves a model with exits.
struct ExitArguments: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "In a model with exits, a text leaves at the first one whose uncertainty is below this; several: one for each but the last.",
            valueName: "number"))
    var exitThreshold: [Float] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("A text leaves after so many exits in a row that agree with the one before.", valueName: "count"),
        transform: { try number($0, 1...Int(Int32.max)) })
    var exitPatience: Int?

    @Option(
        help:
            "How thresholds are compared; by default as the model's own code does. never: not before the last exit, whatever a pack says."
    )
    var exitRule: ExitRule?

    /// nil: as a pack says, or else no text leaves early.
    var options: ExitOptions? {
        guard !exitThreshold.isEmpty || exitPatience != nil || exitRule != nil else { return nil }
        return ExitOptions(thresholds: exitThreshold, patience: exitPatience ?? 0, rule: exitRule)
    }
}

/// The prompt of texts.
struct PromptArguments: ParsableArguments {
    @Option(help: "Put this before every text, as one text with it; \"\": nothing. By default as the model's folder says.")
    var prompt: String?

    @Option(help: ArgumentHelp("Put one of the model's prompts before every text; `inspect` lists them.", valueName: "name"))
    var promptName: String?

    func validate() throws {
        guard prompt == nil || promptName == nil else { throw ValidationError("Give --prompt or --prompt-name, not both") }
    }
}

/// The output format.
struct FormatArguments: ParsableArguments {
    @Flag(help: "Print one JSON object per line.")
    var json = false
}

/// The input texts.
struct TextArguments: ParsableArguments {
    @Argument(help: "Texts; - reads standard input, one text per line, as does nothing at all.")
    var texts: [String] = []

    @Option(name: .shortAndLong, help: "Read texts from a file, one per line.", completion: .file())
    var file: String?

    /// Passes the texts to `body` in chunks, and flushes its output after each.
    func forEachChunk(_ output: Output, _ body: ([String]) throws -> Void) throws {
        guard texts.isEmpty || file == nil else { throw Failure(.usage, "give texts or --file, not both") }
        if texts.isEmpty || texts == ["-"] {
            try LineReader(file ?? texts.first, for: "texts").forEachChunk(output, body)
        } else {
            try texts.forEachChunk(output, body)
        }
    }
}

/// An enumeration of the library as an argument, by default with the names of its cases.
protocol NamedArgument: ExpressibleByArgument, RawRepresentable<UInt32> {
    static var all: [Self] { get }
    /// The spelling on the command line and in Python.
    var name: String { get }
}

extension NamedArgument {
    var name: String { "\(self)" }

    public init?(argument: String) {
        guard let match = Self.all.first(where: { $0.name == argument }) else { return nil }
        self = match
    }

    public static var allValueStrings: [String] { all.map(\.name) }
    public static var allValueDescriptions: [String: String] { [:] }
    public var defaultValueDescription: String { name }
}

extension InstructionSet: NamedArgument {
    static let all = [InstructionSet.portable, .avx2, .avxVNNI, .avx512, .avx512VNNI, .amx, .neon, .neonDot]

    var name: String {
        switch self {
        case .avxVNNI: "avx_vnni"
        case .avx512VNNI: "avx512_vnni"
        case .neonDot: "neon_dot"
        default: "\(self)"
        }
    }
}

extension ExitRule: NamedArgument {
    static let all = [ExitRule.entropy, .uncertainty, .uncertaintyBelow, .patience, .never]

    var name: String { self == .uncertaintyBelow ? "uncertainty_below" : "\(self)" }
}

extension Pooling: NamedArgument {
    static let all = [Pooling.mean, .cls, .max, .pooler, .meanSqrtLenTokens, .weightedMean, .lastToken]
}

extension Aggregation: NamedArgument {
    static let all = [Aggregation.none, .simple, .first, .average, .max]
}

extension Precision: NamedArgument {
    static let all = [Precision.float32, .float16, .int8, .int4]

    var name: String {
        switch self {
        case .float32: "f32"
        case .float16: "f16"
        case .int8: "int8"
        case .int4: "int4"
        }
    }
}
