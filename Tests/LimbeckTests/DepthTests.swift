import Foundation
import KernelInterface
import Limbeck
import Testing

/// Sessions that run some of a model's layers.
@Suite struct DepthTests {
    /// As `round` and `floor` of Python 3.11 give them, which DynaBERT's code uses.
    @Test(arguments: [
        (12, 1.0, Array(0..<12)), (12, 0.75, [0, 1, 2, 4, 5, 6, 8, 9, 10]), (12, 0.5, [0, 2, 4, 6, 8, 10]), (12, 0.25, [0, 4, 8]),
        // 4.5 is rounded to 4, 2.5 to 2, 1.5 to 2: half to even.
        (6, 0.75, [0, 1, 2, 4]), (5, 0.5, [0, 2]), (3, 0.5, [0, 2]), (12, 0.3, [0, 3, 6, 10]),
        (
            24, 0.7,
            [
                0, 1, 2, 4, 5, 7, 8, 10, 11, 12, 14, 15, 17, 18, 20, 21, 22,
            ]
        ), (1, 0.6, [0]),
    ])
    func fractionsAsTheAuthorsRoundThem(count: Int, fraction: Double, kept: [Int]) throws {
        #expect(try Depth.fraction(fraction).kept(of: count) == kept)
    }

    private static func bits(
        _ session: Session, _ expected: Expected, _ output: ForwardOutput, layer: Int = -1
    ) throws -> [UInt32] {
        let lengths = try expected.ints("lengths").map(Int.init)
        let rows = try session.forward(
            ids: try expected.ints("ids"), types: try expected.ints("types"), lengths: lengths, output: output, layer: layer)
        return rows.map(\.bitPattern)
    }

    /// The first layers are the model that its folder would be with a smaller `num_hidden_layers`, which the reader takes from the
    /// same tensors: with its final norm, where it has one, and its head.
    @Test(arguments: [
        "albert", "bert-masked", "bert-sequence-2", "minilm", "distilbert-token", "roberta-padding-4", "camembert-masked",
        "electra", "mpnet",
        "mobilebert", "deberta", "deberta-narrow-masked", "modernbert", "modernbert-sequence", "modernbert-masked",
        "nomic-sequence",
    ])
    func firstLayersAreASmallerModel(name: String) throws {
        let expected = try Expected("Tests/golden/models/\(name)/expected.safetensors")
        let model = try Model(path: Repository.path("Tests/golden/models/\(name)"))
        #expect(model.layers > 1)
        for layers in 1..<model.layers {
            let session = try Session(model, options: SessionOptions(threads: 1, depth: .layers(layers)))
            #expect(session.layers == layers)
            let key = name.hasPrefix("distilbert") ? "n_layers" : name.hasPrefix("nomic") ? "n_layer" : "num_hidden_layers"
            let smaller = try Session(FamilyTests().edited(name, [key: layers]).open(), options: SessionOptions(threads: 1))
            #expect(smaller.model.layers == layers)
            for output in [ForwardOutput.hidden, .logits] where output == .hidden || expected.floats("logits") != nil {
                let ours = try Self.bits(session, expected, output), theirs = try Self.bits(smaller, expected, output)
                #expect(ours == theirs, "\(layers) layers, \(output)")
            }
            #expect(throws: LimbeckError.self) { try Self.bits(session, expected, .hidden, layer: layers + 1) }
        }
    }

    /// Of a pack, too: the state after n layers is the last one of n layers, in every precision, with one and two threads, and a
    /// session for few layers needs no more memory.
    @Test(
        arguments: ["bert-odd-27", "albert-groups", "mobilebert", "deberta-far", "nomic"],
        [Precision.float32, .float16, .int8, .int4])
    func layersOfPacks(name: String, precision: Precision) throws {
        let expected = try Expected("Tests/golden/models/\(name)/expected.safetensors")
        let pack = try PackSample("Tests/golden/models/\(name)", precision), model = try Model(path: pack.path)
        let full = try Session(model, options: SessionOptions(threads: 2))
        for layers in 1...model.layers {
            let states = try Self.bits(full, expected, .hidden, layer: layers)
            for threads in [1, 2] {
                let session = try Session(model, options: SessionOptions(threads: threads, depth: .layers(layers)))
                #expect(try Self.bits(session, expected, .hidden) == states, "\(layers) layers, \(threads) threads")
                if threads == 2 { #expect(session.memoryBytes <= full.memoryBytes) }
            }
        }
    }

    /// A vector is pooled from the state after the last layer that is run.
    @Test func vectorsOfALayer() throws {
        let model = try AnswersGoldenTests.session("fill-modernbert").model, texts = ["hello world", "who is in paris?"]
        #expect(model.layers == 3)
        var vectors: [[[Float]]] = []
        for layers in 1...model.layers {
            let session = try Session(model, options: SessionOptions(threads: 1, depth: .layers(layers)))
            vectors.append(try session.embed(texts, options: .init(pooling: .cls, normalize: false)))
            for (text, vector) in zip(texts, vectors[layers - 1]) {
                let ids = try #require(model.tokenizer?.encode(text).ids)
                let states = try session.forward(ids: ids, lengths: [ids.count], output: .hidden)
                #expect(vector == Array(states[..<model.hiddenSize]), "\(text), \(layers) layers")
            }
        }
        #expect(vectors[0] != vectors[1] && vectors[1] != vectors[2])
    }

    @Test(arguments: [
        Depth.layers(0), .layers(-1), .layers(7), .layers(.max), .fraction(0), .fraction(-0.5), .fraction(1.1), .fraction(.nan),
        .fraction(.infinity), .fraction(0.08), .fraction(.leastNonzeroMagnitude),
    ])
    func refused(depth: Depth) throws {
        let model = try Model(path: Repository.path("Tests/golden/adaptive/dynabert"))
        let error = #expect(throws: LimbeckError.self) { try Session(model, options: SessionOptions(depth: depth)) }
        #expect(error?.status == .invalidArgument)
    }
}
