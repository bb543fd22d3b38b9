import ArgumentParser
import Limbeck

struct Pack: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Packs a model into one small file that opens in a millisecond.",
        discussion: """
            limbeck pack models/all-MiniLM-L6-v2 minilm.limbeck
            limbeck pack models/all-MiniLM-L6-v2 minilm.limbeck --precision f32 --verify texts.txt

            The file is there whole or not at all. With --verify, all texts of a file are also computed with the packed model and \
            with its source, and compared: their vectors by the cosine, and what a classifier calls them by its label.
            """)

    @Argument(help: "A model folder, or a GGUF file.", completion: .file())
    var model: String

    @Argument(help: "The file to write.", completion: .file())
    var out: String

    // Without a default value, because the parser would print the number of the enumeration's case.
    @Option(help: "How the weights are kept; by default int8.")
    var precision: Precision?

    @Option(help: ArgumentHelp("Texts like those the model will see, one per line; built-in ones without.", valueName: "file"))
    var calibration: String?

    @Option(
        help: ArgumentHelp(
            "Texts, one per line, to compare the pack with its source; the first few go into the pack.", valueName: "file"))
    var verify: String?

    @OptionGroup var format: FormatArguments

    func run() throws {
        let texts = try verify.map { try LineReader($0, for: "texts").allLines() }
        var options = PackOptions(precision: precision ?? .int8, references: texts ?? [])
        if let calibration { options.calibration = try LineReader(calibration, for: "texts").allLines() }
        try Self.pack(model, to: out, options)
        let packed = try Model(path: out)
        let output = Output()
        let comparison = try texts.map { try Comparison(try Model(path: model), packed, $0) }
        if format.json {
            var members: [(key: String, value: JSON)] = [
                ("path", .string(out)), ("precision", .string(packed.precision.name)), ("bytes", .int(packed.mappedBytes)),
            ]
            if let comparison { members += comparison.members }
            output.line(.object(members))
        } else {
            output.line("\(out): \(packed.precision.name), \(bytes(packed.mappedBytes))")
            if let comparison { output.line(comparison.sentence) }
        }
        try output.flush()
    }

    /// Shows the current stage on a terminal, and removes it when done.
    private static func pack(_ model: String, to out: String, _ options: PackOptions) throws {
        guard Descriptor.error.isTerminal else { return try Model.pack(model, to: out, options: options) }
        let clear = "\r\u{1B}[K"
        var options = options
        options.progress = { stage, fraction in
            writeError("\(clear)\(stage.sentence)\(fraction > 0 ? ", \(Int(fraction * 100)) %" : "")")
        }
        defer { writeError(clear) }
        try Model.pack(model, to: out, options: options)
    }
}

extension PackStage {
    fileprivate var sentence: String {
        switch self {
        case .reading: "Reading the model"
        case .quantizing: "Choosing the packed weights"
        case .references: "Computing the reference texts"
        case .writing: "Writing the file"
        }
    }
}

/// The difference between the answers of a pack and those of its source.
private struct Comparison {
    private var texts = 0
    private var sum = 0.0
    private var least = 1.0
    private var changedLabels: Int?

    init(_ source: Model, _ packed: Model, _ texts: [String]) throws {
        guard source.tokenizer != nil else {
            throw Failure(.badData, "the model has no tokenizer, so --verify has nothing to read")
        }
        guard !texts.isEmpty else { throw Failure(.badData, "--verify: no texts") }
        let sessions = try (Session(source), Session(packed))
        let classifies = source.answers.contains(.classify)
        if classifies { changedLabels = 0 }
        try texts.forEachChunk(Output()) { chunk in
            let vectors = try zip(sessions.0.embed(chunk), sessions.1.embed(chunk))
            for (a, b) in vectors { add(cosine(a, b)) }
            guard classifies else { return }
            for (a, b) in try zip(sessions.0.classify(chunk), sessions.1.classify(chunk)) where best(a) != best(b) {
                changedLabels = (changedLabels ?? 0) + 1
            }
        }
    }

    private mutating func add(_ cosine: Double) {
        texts += 1
        sum += cosine
        least = min(least, cosine)
    }

    private func best(_ classes: [Classification]) -> Int? { classes.max { $0.score < $1.score }?.index }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        let lengths = (dot(a, a) * dot(b, b)).squareRoot()
        return lengths > 0 ? dot(a, b) / lengths : a == b ? 1 : 0
    }

    var sentence: String {
        var text =
            "\(grouped(texts)) texts: cosine to the source \(fixed(sum / Double(texts), 6)) in the mean, \(fixed(least, 6)) at least"
        if let changedLabels { text += "; the label of \(grouped(changedLabels)) changed" }
        return text
    }

    var members: [(key: String, value: JSON)] {
        var members: [(key: String, value: JSON)] = [
            ("texts", .int(texts)), ("mean_cosine", .double(sum / Double(texts))), ("least_cosine", .double(least)),
        ]
        if let changedLabels { members.append(("changed_labels", .int(changedLabels))) }
        return members
    }
}

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks that a pack is what was written, and answers as it did.",
        discussion: """
            limbeck verify minilm.limbeck

            Reads the whole file for its checksums, and computes the texts that are kept in it: their answers have to be those of the \
            machine that packed it, by every bit.
            """)

    @Argument(help: "A pack.", completion: .file())
    var pack: String

    func run() throws {
        try Model.verify(path: pack)
        let output = Output()
        output.line("\(pack): whole")
        try output.flush()
    }
}
