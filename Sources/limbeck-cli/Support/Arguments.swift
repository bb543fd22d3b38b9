import ArgumentParser
import Limbeck

/// Which model, and what it may use: the same for every question.
struct ModelArguments: ParsableArguments {
    @Argument(help: "A model folder, a pack, or a GGUF file.", completion: .file())
    var model: String

    @Option(help: ArgumentHelp("Threads to compute with; 0: the CPUs this process may use.", valueName: "count"))
    var threads = 0

    @Option(
        help: ArgumentHelp(
            "The most tokens computed at a time, which bounds the memory; 0: 512, or the model's longest text.",
            valueName: "count"))
    var maxTokens = 0

    @Option(help: "The instruction set; by default the best there is. All give the same bits.")
    var kernels: InstructionSet?

    func open() throws -> Session { try timedOpen().session }

    /// Also how long it took to open the model.
    func timedOpen() throws -> (session: Session, opening: Duration) {
        let start = ContinuousClock.now
        let model = try Model(path: model)
        let opening = ContinuousClock.now - start
        return (try Session(model, options: SessionOptions(threads: threads, maxTokens: maxTokens, kernels: kernels)), opening)
    }
}

/// How answers are printed.
struct FormatArguments: ParsableArguments {
    @Flag(help: "Print one JSON object per line.")
    var json = false
}

/// The texts to work on, one after the other.
struct TextArguments: ParsableArguments {
    @Argument(help: "Texts; - reads standard input, one text per line, as does nothing at all.")
    var texts: [String] = []

    @Option(name: .shortAndLong, help: "Read texts from a file, one per line.", completion: .file())
    var file: String?

    /// Hands the texts to `body`, some at a time, and brings its output out after each time.
    func forEachChunk(_ output: Output, _ body: ([String]) throws -> Void) throws {
        guard texts.isEmpty || file == nil else { throw Failure(.usage, "give texts or --file, not both") }
        if texts.isEmpty || texts == ["-"] {
            try LineReader(file ?? texts.first, for: "texts").forEachChunk(output, body)
        } else {
            try texts.forEachChunk(output, body)
        }
    }
}

/// An enumeration of the library, by the names of its cases.
protocol NamedArgument: ExpressibleByArgument, RawRepresentable<UInt32> {
    static var all: [Self] { get }
}

extension NamedArgument {
    public init?(argument: String) {
        guard let match = Self.all.first(where: { "\($0)" == argument }) else { return nil }
        self = match
    }

    public static var allValueStrings: [String] { all.map { "\($0)" } }
    public static var allValueDescriptions: [String: String] { [:] }
    public var defaultValueDescription: String { "\(self)" }
}

extension InstructionSet: NamedArgument {
    static let all = [InstructionSet.portable, .avx2, .avxVNNI, .avx512, .avx512VNNI, .amx, .neon]
}

extension Pooling: NamedArgument {
    static let all = [Pooling.mean, .cls, .max, .pooler]
}

extension Aggregation: NamedArgument {
    static let all = [Aggregation.none, .simple, .first, .average, .max]
}

extension Precision: ExpressibleByArgument {
    private static let names = ["f32", "f16", "int8", "int4"]

    /// As the command line and Python spell it.
    var name: String { Precision.names[Int(rawValue) - 1] }

    public init?(argument: String) {
        guard let index = Precision.names.firstIndex(of: argument) else { return nil }
        self.init(rawValue: UInt32(index) + 1)
    }

    public var defaultValueDescription: String { name }
    public static var allValueStrings: [String] { names }
    public static var allValueDescriptions: [String: String] { [:] }
}

/// A count of results, at least 1.
func checkTop(_ top: Int?) throws {
    guard top.map({ $0 > 0 }) ?? true else { throw ValidationError("--top must be at least 1") }
}
