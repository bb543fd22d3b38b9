import Foundation
import KernelInterface
import Limbeck
import Testing

/// Finished sequences leave a batch between two layers, and nobody else notices.
@Suite struct BatchTests {
    private static let lengths = [5, 1, 9, 3, 7]
    private static let kept: [Set<Int>] = [[], [0], [4], [1, 3], [0, 2, 4], [0, 1, 2, 3, 4]]

    /// Attention of all kinds, shared layers, trigrams, positions from a padding id on.
    private static let models = [
        "bert-odd-27", "albert-groups", "mpnet-far", "mobilebert", "deberta-far", "modernbert-long", "roberta-padding-4", "nomic",
    ]

    private static func session(_ path: String, threads: Int) throws -> Session {
        try Session(Model(path: path), options: SessionOptions(threads: threads, maxTokens: 64))
    }

    /// Ids, of which some are the padding's of some models; the other numbers of a token are made up.
    private static func fill(_ batch: inout Batch, _ model: Model) {
        batch.clear()
        var random = Random(seed: 3)
        for (sequence, length) in lengths.enumerated() {
            let start = batch.tokens
            for token in start..<start + length {
                batch.ids[token] = Int32(random.next() % UInt64(model.vocabSize))
                batch.types[token] = 0
                batch.words[token] = Int32(token)
                (batch.tokenStarts[token], batch.tokenEnds[token]) = (UInt32(100 + token), UInt32(200 + token))
            }
            batch.close(count: length, origin: 10 + sequence, paddingId: model.configuration.paddingId)
        }
    }

    /// Bits of the states of a batch's sequences, by their origin.
    private static func states(_ session: Session) -> [Int: [UInt32]] {
        var states: [Int: [UInt32]] = [:]
        for sequence in 0..<session.batch.sequences {
            states[session.batch.origin[sequence]] = session.batch[sequence].flatMap { token in
                (0..<session.model.hiddenSize).map { session.encoder.state(token)[$0].bitPattern }
            }
        }
        return states
    }

    @Test(arguments: models, [Precision.float32, .int8])
    func compactionKeepsTheBits(name: String, precision: Precision) throws {
        let pack = try PackSample("Tests/golden/models/\(name)", precision)
        for threads in [1, 2] {
            let session = try Self.session(pack.path, threads: threads), layers = session.model.layers
            Self.fill(&session.batch, session.model)
            try session.encoder.embed(session.batch)
            try session.encoder.run(session.batch, layers: 0..<layers)
            let expected = Self.states(session)
            #expect(expected.count == Self.lengths.count)
            for cut in 0...layers {
                for kept in Self.kept {
                    Self.fill(&session.batch, session.model)
                    try session.encoder.embed(session.batch)
                    try session.encoder.run(session.batch, layers: 0..<cut)
                    session.encoder.compact(&session.batch) { kept.contains($0) }
                    if session.batch.tokens > 0 { try session.encoder.run(session.batch, layers: cut..<layers) }
                    let origins = Set(kept.map { 10 + $0 })
                    #expect(Self.states(session) == expected.filter { origins.contains($0.key) }, "\(cut) \(kept)")
                }
            }
        }
    }

    @Test func compactionMovesWhatBelongsToATokenAndASequence() throws {
        let path = Repository.path("Tests/golden/models/roberta-padding-4")
        let session = try Self.session(path, threads: 1)
        for kept in Self.kept {
            Self.fill(&session.batch, session.model)
            func tokens(_ batch: Batch, _ sequence: Int) -> [[Int]] {
                batch[sequence].map { token in
                    [batch.ids[token], batch.types[token], batch.positions[token], batch.words[token]].map(Int.init)
                        + [batch.tokenStarts[token], batch.tokenEnds[token]].map(Int.init)
                }
            }
            let expected = kept.sorted().map { tokens(session.batch, $0) }
            session.encoder.compact(&session.batch) { kept.contains($0) }
            let batch = session.batch
            #expect((0..<batch.sequences).map { tokens(batch, $0) } == expected)
            #expect((0..<batch.sequences).map { batch.origin[$0] } == kept.sorted().map { 10 + $0 })
            #expect(batch.tokens == kept.reduce(0) { $0 + Self.lengths[$1] })
        }
    }

    /// A tokenizer without special tokens gives an empty text no token. Such a sequence takes no room but a place in the batch, of which
    /// there are no more than tokens: a call with more of them is split like any other.
    @Test func sequencesWithoutTokens() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("limbeck-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(
            at: URL(fileURLWithPath: Repository.path("Tests/golden/answers/classify")), to: folder)
        for file in ["tokenizer_config.json", "special_tokens_map.json"] {
            try FileManager.default.removeItem(at: folder.appendingPathComponent(file))
        }
        func edit(_ file: String, _ key: String, _ value: Any) throws {
            let url = folder.appendingPathComponent(file)
            var root = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
            root[key] = value
            try JSONSerialization.data(withJSONObject: root).write(to: url)
        }
        try edit("tokenizer.json", "post_processor", NSNull())
        try edit("config.json", "tokenizer_class", "PreTrainedTokenizerFast")
        let session = try Self.session(folder.path, threads: 1)
        #expect(try #require(session.model.tokenizer).encode("").ids.isEmpty)
        let one = try session.classify([""])[0]
        #expect(try session.classify([String](repeating: "", count: 1000)).allSatisfy { $0 == one })
        #expect(try session.embed([String](repeating: "", count: 1000)).allSatisfy { $0.allSatisfy { $0 == 0 } })
    }
}
