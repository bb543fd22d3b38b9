// swift-format-ignore-file: AlwaysUseLowerCamelCase
// Names are those of the JSON files.

import Foundation
import Limbeck
import Testing

/// The answers of tiny models against those of the transformers pipelines: labels, spans and tokens exactly, scores within 1e-4.
@Suite struct AnswersGoldenTests {
    struct File<Case: Decodable>: Decodable { var cases: [Case] }

    static func cases<Case: Decodable>(_ name: String, _ type: Case.Type) throws -> [Case] {
        let data = try Data(contentsOf: URL(fileURLWithPath: Repository.path("Tests/golden/answers/\(name)/answers.json")))
        let cases = try JSONDecoder().decode(File<Case>.self, from: data).cases
        try #require(!cases.isEmpty)
        return cases
    }

    static func session(_ name: String, options: SessionOptions = .init()) throws -> Session {
        try Session(Model(path: Repository.path("Tests/golden/answers/\(name)")), options: options)
    }

    // MARK: Scores of texts

    struct Classified: Decodable {
        var text: String
        var text_pair: String?
        var raw: [Float]
        var softmax: [Float]
        var sigmoid: [Float]?
        var softmax_half: [Float]?
        var softmax_2: [Float]?

        enum CodingKeys: String, CodingKey {
            case text, text_pair, raw, softmax, sigmoid
            case softmax_half = "softmax_0.5"
            case softmax_2 = "softmax_2.0"
        }
    }

    @Test(arguments: ["classify", "classify-multi-label", "classify-one-label", "classify-pairs", "next-sentence"])
    func classify(_ name: String) throws {
        let session = try Self.session(name), cases = try Self.cases(name, Classified.self)
        let ours = session.model
        let pairs: [String]? = cases[0].text_pair == nil ? nil : cases.compactMap(\.text_pair)
        func expect(_ options: ClassifyOptions, _ wanted: (Classified) -> [Float]?) throws {
            for (got, example) in zip(try session.classify(cases.map(\.text), pairs: pairs, options: options), cases) {
                guard let wanted = wanted(example) else { continue }
                #expect(got.map(\.score) == got.map(\.score).sorted(by: >))
                #expect(got.allSatisfy { $0.label == ours.labels[$0.index] })
                let scores = got.sorted { $0.index < $1.index }.map(\.score)
                #expect(largestDifference(scores, wanted) < 1e-4, "\(example.text): \(scores), not \(wanted)")
            }
        }
        try expect(.init(scores: .raw), \.raw)
        try expect(.init(scores: .softmax), \.softmax)
        try expect(.init(scores: .sigmoid), \.sigmoid)
        try expect(.init(scores: .softmax, temperature: 0.5), \.softmax_half)
        try expect(.init(scores: .softmax, temperature: 2), \.softmax_2)
        switch name {
        case "classify-multi-label": try expect(.init(), \.sigmoid)
        case "classify-one-label": try expect(.init(), \.sigmoid)
        default: try expect(.init(), \.softmax)
        }
    }

    struct Reranked: Decodable {
        var query: String
        var documents: [String]
        var scores: [Float]
    }

    @Test(arguments: ["rerank-one-label", "rerank-two-labels"])
    func rerank(_ name: String) throws {
        let session = try Self.session(name)
        for example in try Self.cases(name, Reranked.self) {
            let scores = try session.rerank(query: example.query, documents: example.documents)
            #expect(largestDifference(scores, example.scores) < 1e-4)
            // The last label's number, and the same through a sigmoid.
            let raw = try session.rerank(query: example.query, documents: example.documents, options: .init(scores: .raw))
            let sigmoid = try session.rerank(query: example.query, documents: example.documents, options: .init(scores: .sigmoid))
            #expect(largestDifference(raw.map { 1 / (1 + exp(-$0)) }, sigmoid) < 1e-6)
            if name == "rerank-one-label" { #expect(raw == scores) }
        }
    }

    struct Embedded: Decodable {
        var text: String
        var mean, cls, max, pooler, model, mean_first_8: [Float]
    }

    @Test func embed() throws {
        let session = try Self.session("embed"), cases = try Self.cases("embed", Embedded.self)
        func expect(_ options: EmbedOptions, _ wanted: (Embedded) -> [Float]) throws {
            for (got, example) in zip(try session.embed(cases.map(\.text), options: options), cases) {
                #expect(largestDifference(got, wanted(example)) < 1e-4, "\(example.text)")
            }
        }
        try expect(.init(), \.model)
        try expect(.init(pooling: .mean, normalize: false), \.mean)
        try expect(.init(pooling: .cls, normalize: false), \.cls)
        try expect(.init(pooling: .max, normalize: false), \.max)
        try expect(.init(pooling: .pooler, normalize: false), \.pooler)
        try expect(.init(pooling: .mean, normalize: true, dimensions: 8), \.mean_first_8)
    }

    // MARK: Spans and tokens

    struct Span: Decodable {
        var label: String?
        var text: String?
        var score: Float
        var start_byte: Int
        var end_byte: Int
    }

    struct TaggedText: Decodable {
        var text: String
        var aggregation: String
        var spans: [Span]
    }

    @Test(arguments: ["tag", "tag-cased", "tag-roberta"])
    func tag(_ name: String) throws {
        let session = try Self.session(name)
        let strategies: [String: Aggregation] = [
            "none": .none, "simple": .simple, "first": .first, "average": .average, "max": .max,
        ]
        for example in try Self.cases(name, TaggedText.self) {
            let strategy = try #require(strategies[example.aggregation])
            for keepOutside in [true, false] {
                let spans = try session.tag(example.text, options: .init(aggregation: strategy, keepOutside: keepOutside))
                let wanted = example.spans.filter { keepOutside || $0.label != "O" }
                #expect(spans.map(\.label) == wanted.map(\.label), "\(example.text) \(example.aggregation)")
                #expect(
                    spans.map(\.utf8Offsets) == wanted.map { $0.start_byte..<$0.end_byte }, "\(example.text) \(example.aggregation)"
                )
                #expect(largestDifference(spans.map(\.score), wanted.map(\.score)) < 1e-4, "\(example.text) \(example.aggregation)")
            }
        }
    }

    struct Answered: Decodable {
        struct Options: Decodable {
            var top_k, max_answer_len, max_seq_len, doc_stride: Int?
            var handle_impossible_answer: Bool?
        }
        var question: String
        var context: String
        var options: Options
        var answers: [Span]
    }

    @Test(arguments: ["answer", "answer-distilbert", "answer-roberta"])
    func answer(_ name: String) throws {
        let session = try Self.session(name)
        for example in try Self.cases(name, Answered.self) {
            let given = example.options
            let answers = try session.answer(
                question: example.question, context: example.context,
                options: .init(
                    topK: given.top_k ?? 1, maxAnswerLength: given.max_answer_len ?? 15, maxLength: given.max_seq_len ?? 0,
                    stride: given.doc_stride ?? 0, allowNone: given.handle_impossible_answer ?? false))
            let wanted = example.answers
            #expect(answers.map { String($0.text) } == wanted.map(\.text), "\(example)")
            #expect(answers.map(\.utf8Offsets) == wanted.map { $0.start_byte..<$0.end_byte }, "\(example)")
            #expect(largestDifference(answers.map(\.score), wanted.map(\.score)) < 1e-4, "\(example)")
        }
    }

    struct Filled: Decodable {
        struct Token: Decodable {
            var token: Int32
            var piece: String
            var score: Float
        }
        var text: String
        var top_k: Int
        var masks: [[Token]]
    }

    @Test(arguments: ["fill", "fill-distilbert", "fill-roberta", "fill-modernbert"])
    func fill(_ name: String) throws {
        let session = try Self.session(name)
        for example in try Self.cases(name, Filled.self) {
            let masks = try session.fill(example.text, options: .init(topK: example.top_k))
            try #require(masks.count == example.masks.count)
            for (got, wanted) in zip(masks, example.masks) {
                #expect(got.map(\.id) == wanted.map(\.token), "\(example.text)")
                #expect(got.map(\.token) == wanted.map(\.piece), "\(example.text)")
                #expect(largestDifference(got.map(\.score), wanted.map(\.score)) < 1e-4, "\(example.text)")
            }
        }
    }
}
