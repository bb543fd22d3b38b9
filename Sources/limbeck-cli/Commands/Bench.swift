import ArgumentParser
import KernelInterface
import Limbeck

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures how fast a model runs here.",
        discussion: """
            limbeck bench models/all-MiniLM-L6-v2
            limbeck bench models/all-MiniLM-L6-v2 --shapes 1x128,32x32 --threads 1,2 --json
            limbeck bench models/all-MiniLM-L6-v2 --texts texts.txt

            A shape is sequences x tokens; times are medians over at least five runs. With --texts, the file's lines are embedded, \
            and cut by the tokenizer alone. With --profile, a line for each part of the work follows: its share of the threads' \
            time, and of what the machine's arithmetic could do in it.
            """)

    @Argument(help: "A model folder, or a GGUF file.", completion: .file())
    var model: String

    @Option(help: ArgumentHelp("Shapes, with commas between them.", valueName: "shapes"))
    var shapes: List<Shape> = List([Shape(1, 16), Shape(1, 128), Shape(1, 512), Shape(8, 128), Shape(32, 32)])

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Counts of threads, with commas between them; 0: the CPUs this process may use.", valueName: "counts"),
        transform: { try numbers($0, 0...Session.maxThreads) })
    var threads: List<Int> = List([1, 0])

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The most tokens computed at a time; 0: 512, or the model's longest text.", valueName: "count"),
        transform: { try number($0, 0...Session.tokenLimit) })
    var maxTokens = 0

    @Option(help: "The instruction set; by default the best there is.")
    var kernels: InstructionSet?

    @Option(help: ArgumentHelp("Also embed and tokenize the lines of a file.", valueName: "file"), completion: .file())
    var texts: String?

    @OptionGroup var depth: DepthArguments

    @Flag(help: "Say what the time goes to.")
    var profile = false

    @Option(parsing: .unconditional, help: "How long to measure each number.", transform: { try positive($0, orZero: true) })
    var seconds = 1.0

    @OptionGroup var format: FormatArguments

    func run() throws {
        let model = try Model(path: model)
        let lines = try texts.map { try LineReader($0, for: "texts").allLines() }
        let output = Output()
        for threads in threads.elements {
            let options = SessionOptions(
                threads: threads, maxTokens: maxTokens, kernels: kernels, depth: depth.choice,
                width: depth.width ?? 1)
            let session = try Session(model, options: options)
            let profiler = try profile ? Profiler(model, options) : nil
            for shape in shapes.elements where shape.tokens <= min(model.maxPositions, session.maxTokens) {
                let ids = (0..<shape.batch * shape.tokens).map { Int32($0 * 7919 % model.vocabSize) }
                let lengths = Array(repeating: shape.tokens, count: shape.batch)
                var states = [Float](repeating: 0, count: ids.count * model.hiddenSize)
                let time = try median { try session.hiddenStates(ids, lengths, into: &states) }
                report(session, "shape", shape.description, shape.batch, ids.count, time, output)
                try profiler?.report(shape.description, format, output) { try $0.hiddenStates(ids, lengths, into: &states) }
                try output.flush()
            }
            if let lines {
                let tokens = lines.reduce(0) { $0 + (model.tokenizer?.encode($1, maxLength: model.maxLength).ids.count ?? 0) }
                let time = try median { _ = try session.embed(lines) }
                report(session, "texts", "texts", lines.count, tokens, time, output)
                try profiler?.report("texts", format, output) { _ = try $0.embed(lines) }
                try output.flush()
            }
        }
        if let lines { try measureTokenizer(model, lines, output) }
        try output.flush()
    }

    private func report(
        _ session: Session, _ kind: String, _ name: String, _ sequences: Int, _ tokens: Int, _ time: Double, _ output: Output
    ) {
        if format.json {
            output.line(
                .object([
                    ("kind", .string(kind)), ("name", .string(name)), ("threads", .int(session.threads)),
                    ("kernels", .string(session.kernels.name)), ("sequences", .int(sequences)), ("tokens", .int(tokens)),
                    ("median_ms", .double(time * 1e3)), ("tokens_per_second", .double(Double(tokens) / time)),
                ]))
        } else {
            output.line(
                "\(aligned(name, 8)) \(padded(session.threads, 3)) \(session.threads == 1 ? "thread " : "threads")  "
                    + "\(padded(fixed(time * 1e3, 3), 10)) ms  \(padded(grouped(Int(Double(tokens) / time)), 9)) tokens/s  "
                    + "\(padded(grouped(Int(Double(sequences) / time)), 7)) texts/s")
        }
    }

    private func measureTokenizer(_ model: Model, _ lines: [String], _ output: Output) throws {
        guard let tokenizer = model.tokenizer else { return }
        let size = lines.reduce(0) { $0 + $1.utf8.count }
        let time = try median { for line in lines { tokenizer.cut(line) } }
        let rate = Double(size) / time / 1e6
        if format.json {
            output.line(
                .object([
                    ("kind", .string("tokenizer")), ("bytes", .int(size)), ("median_ms", .double(time * 1e3)),
                    ("mb_per_second", .double(rate)),
                ]))
        } else {
            output.line("the tokenizer, with offsets, on 1 thread: \(fixed(rate, 1)) MB/s")
        }
    }

    /// The median time of a run, in seconds.
    private func median(_ run: () throws -> Void) throws -> Double {
        let clock = ContinuousClock()
        try run()
        var times: [Double] = []
        let start = clock.now
        repeat { times.append(try clock.measure(run).seconds) } while times.count < 5 || (clock.now - start).seconds < seconds
        return times.sorted()[times.count / 2]
    }
}

extension Session {
    fileprivate func hiddenStates(_ ids: [Int32], _ lengths: [Int], into states: inout [Float]) throws {
        try ids.withUnsafeBufferPointer { ids in
            try lengths.withUnsafeBufferPointer { lengths in
                try states.withUnsafeMutableBufferPointer { states in
                    _ = try forward(ids: ids, types: nil, lengths: lengths, output: .hidden, layer: -1, into: states)
                }
            }
        }
    }
}

extension Tokenizer {
    /// Tokenises a text into a stack buffer that all texts share, so that only the tokenizer is measured.
    fileprivate func cut(_ text: String) {
        var text = text
        text.withUTF8 { text in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: 512) { ids in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 1024) { offsets in
                    let buffer = TokenBuffer(
                        ids: ids.baseAddress, starts: offsets.baseAddress, ends: offsets.baseAddress.map { $0 + 512 }, capacity: 512
                    )
                    _ = encode(
                        UnsafeRawBufferPointer(text), pair: nil, addSpecialTokens: true, maxLength: 0, into: buffer)
                }
            }
        }
    }
}
