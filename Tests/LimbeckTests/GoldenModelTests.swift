import Limbeck
import Testing

/// Every family, head, activation and spelling against transformers in float32: Tests/golden/README.md says what is in the files.
@Suite struct GoldenModelTests {
    static let names = Repository.folders("Tests/golden/models")

    @Test func thereAreModels() {
        #expect(GoldenModelTests.names.count >= 48)
    }

    @Test(arguments: names)
    func agreesWithTransformers(name: String) throws {
        let expected = try Expected("Tests/golden/models/\(name)/expected.safetensors")
        let model = try Model(path: Repository.path("Tests/golden/models/\(name)"))
        let session = try Session(model, options: SessionOptions(threads: 1))
        let ids = try expected.ints("ids"), types = try expected.ints("types")
        let lengths = try expected.ints("lengths").map(Int.init)

        for layer in 0...model.layers {
            let hidden = try #require(expected.floats("hidden.\(layer)"), "hidden.\(layer)")
            let ours = try session.forward(ids: ids, types: types, lengths: lengths, output: .hidden, layer: layer)
            #expect(largestDifference(ours, hidden) < 1e-4, "layer \(layer)")
        }
        #expect(expected.floats("hidden.\(model.layers + 1)") == nil)
        if let pooled = expected.floats("pooled") {
            let ours = try session.forward(ids: ids, types: types, lengths: lengths, output: .pooled)
            #expect(largestDifference(ours, pooled) < 1e-4)
        }
        if let logits = expected.floats("logits") {
            let ours = try session.forward(ids: ids, types: types, lengths: lengths, output: .logits)
            #expect(largestDifference(ours, logits) < 1e-4)
        }
    }

    /// What a model has no part for is said so, not made up.
    @Test func refusesWhatIsNotThere() throws {
        let model = try Model(path: Repository.path("Tests/golden/models/bert-no-pooler"))
        let session = try Session(model, options: SessionOptions(threads: 1))
        for output in [ForwardOutput.pooled, .logits] {
            #expect(throws: LimbeckError.self) { try session.forward(ids: [1, 2], lengths: [2], output: output) }
        }
    }

    @Test func refusesBadIds() throws {
        let model = try Model(path: Repository.path("Tests/golden/models/bert-pooler"))
        let session = try Session(model, options: SessionOptions(threads: 1))
        func status(_ ids: [Int32], _ types: [Int32]? = nil, _ lengths: [Int], layer: Int = -1) -> LimbeckError.Status? {
            do {
                _ = try session.forward(ids: ids, types: types, lengths: lengths, output: .hidden, layer: layer)
                return nil
            } catch { return (error as? LimbeckError)?.status }
        }
        let vocabulary = Int32(model.vocabSize)
        #expect(status([vocabulary], nil, [1]) == .idOutOfRange)
        #expect(status([-1], nil, [1]) == .idOutOfRange)
        #expect(status([1], [2], [1]) == .idOutOfRange)
        #expect(status([1], [-1], [1]) == .idOutOfRange)
        #expect(status([1], nil, [1], layer: model.layers + 1) == .idOutOfRange)
        #expect(status([1], nil, [1], layer: -2) == .idOutOfRange)
        #expect(status([1], nil, [0, 1]) == .invalidArgument)
        #expect(status([1, 1], nil, [1]) == .invalidArgument)
        #expect(status([1], nil, [2]) == .invalidArgument)
        #expect(status([1], nil, [-1]) == .invalidArgument)
        #expect(status([1], nil, [.max, .max, 1]) == .tooLong)
        #expect(status([Int32](repeating: 1, count: model.maxPositions + 1), nil, [model.maxPositions + 1]) == .tooLong)
        #expect(status([], nil, []) == nil)
    }
}
