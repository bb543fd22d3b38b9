import Limbeck
import Testing

/// An answer does not change by a bit with what else is in the call, the split into batches, the threads or the instruction set.
@Suite struct AnswersSameBitsTests {
    static let texts = [
        "The program reads all files in a folder and writes one report.", "", "   ", "x",
        "Jürgen Müller and Zoë O'Neill met in São Paulo 👍, 東京 and Zürich.", "[MASK] and [MASK] again, or [SEP]",
        String(repeating: "so long that it has to be cut, ", count: 12), "It does not change the files!",
    ]
    static let question = "Who met whom?"
    static let context = texts.joined(separator: " ") + String(repeating: " one more sentence, and still another;", count: 40)

    /// The answers of a session to everything, one text at a time and all at once.
    struct Said: Equatable {
        var vectors: [[Float]] = []
        var classes: [[Classification]] = []
        var scores: [Float] = []
        var tags: [[Tagged]] = []
        var answers: [[Answer]] = []
        var tokens: [[[FilledToken]]] = []
    }

    static func ask(_ session: Session, alone: Bool) throws -> Said {
        var said = Said()
        let groups = alone ? texts.map { [$0] } : [texts]
        let can = session.model.answers
        for group in groups {
            said.vectors += try session.embed(group, options: .init(pooling: .mean))
            if can.contains(.classify) {
                said.classes += try session.classify(group)
                said.classes += try session.classify(group, pairs: group, options: .init(scores: .sigmoid, temperature: 3))
            }
            if can.contains(.rerank) { said.scores += try session.rerank(query: question, documents: group) }
        }
        // Pairs stand after the single texts of their group.
        if can.contains(.classify), alone {
            let all = said.classes
            said.classes =
                stride(from: 0, to: all.count, by: 2).map { all[$0] } + stride(from: 1, to: all.count, by: 2).map { all[$0] }
        }
        if can.contains(.tag) {
            for strategy in [Aggregation.none, .simple, .first, .average, .max] {
                said.tags += try texts.map { try session.tag($0, options: .init(aggregation: strategy, keepOutside: true)) }
            }
        }
        if can.contains(.answer) {
            for (length, stride) in [(0, 0), (40, 0), (32, 9), (24, 1)] {
                let options = AnswerOptions(topK: 20, maxLength: length, stride: stride, allowNone: true)
                said.answers.append(try session.answer(question: question, context: context, options: options))
            }
        }
        if can.contains(.fill) {
            let mask = session.model.tokenizer.flatMap { tokenizer in tokenizer.mask.flatMap { tokenizer.token($0) } } ?? ""
            let text = "\(mask) and\(mask) again, or [SEP]"
            said.tokens.append(try session.fill(text, options: .init(topK: 30)))
        }
        return said
    }

    @Test(arguments: Repository.folders("Tests/golden/answers"))
    func everySessionGivesTheSame(name: String) throws {
        let model = try Model(path: Repository.path("Tests/golden/answers/\(name)"))
        let wanted = try Self.ask(Session(model, options: .init(threads: 1, maxTokens: model.maxLength)), alone: true)
        let splits = [model.maxLength, model.maxLength + 11, 0, 4096]
        for (kernels, maxTokens, threads) in SameBits.every(floatKernels, splits, [1, 2]) {
            let session = try Session(model, options: .init(threads: threads, maxTokens: maxTokens, kernels: kernels))
            #expect(try Self.ask(session, alone: false) == wanted, "\(kernels), \(threads) threads, \(maxTokens) tokens")
        }
    }
}
