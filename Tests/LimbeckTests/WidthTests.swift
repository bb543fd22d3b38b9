import Foundation
import KernelInterface
import Limbeck
import Testing

/// Sessions that run a part of every layer.
@Suite struct WidthTests {
    private static let folder = "Tests/golden/adaptive/dynabert"

    private static func rows(
        _ session: Session, _ expected: Expected, _ output: ForwardOutput = .logits
    ) throws -> [Float] {
        let lengths = try expected.ints("lengths").map(Int.init)
        return try session.forward(
            ids: try expected.ints("ids"), types: try expected.ints("types"), lengths: lengths, output: output)
    }

    private static func session(
        _ model: Model, _ width: Double, _ depth: Double = 1, threads: Int = 1, maxTokens: Int = 0, kernels: InstructionSet? = nil
    ) throws -> Session {
        try Session(
            model,
            options: SessionOptions(
                threads: threads, maxTokens: maxTokens, kernels: kernels, depth: .fraction(depth), width: width))
    }

    /// The logits of the authors' code, batched and padded there.
    @Test(arguments: [1, 0.75, 0.5, 0.25], [1, 0.75, 0.5])
    func agreesWithDynaBERT(width: Double, depth: Double) throws {
        let expected = try Expected("\(Self.folder)/expected.safetensors")
        let session = try Self.session(Model(path: Repository.path(Self.folder)), width, depth)
        #expect(session.attentionHeads == Int(4 * width) && session.layers == [1.0: 6, 0.75: 4, 0.5: 3][depth])
        let logits = try #require(expected.floats("logits.w\(width).d\(depth)"))
        #expect(largestDifference(try Self.rows(session, expected), logits) < 1e-4)
    }

    /// A folder with the first heads and columns of another's layers, as DynaBERT's code slices them.
    private static func sliced(_ name: String, heads: Int, of all: Int, columns: Int) throws -> Sample {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: Repository.path("Tests/golden/\(name)/model.safetensors")))
        let keys = name.contains("distilbert") ? ("n_heads", "hidden_dim") : ("num_attention_heads", "intermediate_size")
        var sample = try FamilyTests().edited("../\(name)", [keys.0: heads, keys.1: columns])
        sample.files["model.safetensors"] = nil
        try Array(bytes).withUnsafeBytes { buffer in
            for entry in try Safetensors(buffer, file: name).entries {
                var tensor = Sample.SampleTensor(
                    name: entry.name, dtype: entry.dtype, shape: entry.shape, bytes: Array(entry.bytes))
                let words = entry.name.split(separator: ".").map(String.init),
                    end = words.dropLast().suffix(2).joined(separator: ".")
                let isAttention = ![
                    "self.query", "self.key", "self.value", "attention.q_lin", "attention.k_lin", "attention.v_lin",
                    "attn.q", "attn.k", "attn.v",
                ].allSatisfy { $0 != end }
                if isAttention {
                    tensor = rows(tensor, tensor.shape[0] / all * heads)
                } else if ["intermediate.dense", "ffn.lin1"].contains(end) {
                    tensor = rows(tensor, columns)
                } else if words.last == "weight", words.contains(where: { ["layer", "encoder", "transformer"].contains($0) }) {
                    if entry.name.hasSuffix("attention.output.dense.weight") || end == "attention.out_lin" || end == "attn.o" {
                        tensor = first(tensor, tensor.shape[1] / all * heads)
                    } else if end == "output.dense" || end == "ffn.lin2" {
                        tensor = first(tensor, columns)
                    }
                }
                sample.tensors.append(tensor)
            }
        }
        return sample
    }

    private static func rows(_ tensor: Sample.SampleTensor, _ count: Int) -> Sample.SampleTensor {
        var result = tensor
        result.shape[0] = count
        result.bytes = Array(tensor.contents.prefix(tensor.contents.count / tensor.shape[0] * count))
        return result
    }

    private static func first(_ tensor: Sample.SampleTensor, _ count: Int) -> Sample.SampleTensor {
        var result = tensor
        let row = tensor.shape[1] * 4
        result.shape[1] = count
        result.bytes = (0..<tensor.shape[0]).flatMap { tensor.contents[$0 * row..<$0 * row + count * 4] }
        return result
    }

    /// A narrow session gives the bits of the smaller model that its heads and columns are.
    @Test(arguments: [
        "adaptive/dynabert", "models/bert-odd-27", "models/bert-head-size-26", "models/bert-wide-shallow",
        "models/roberta-padding-4",
        "models/distilbert-sequence", "models/electra", "models/minilm",
    ])
    func isASmallerModel(name: String) throws {
        let expected = try Expected("Tests/golden/\(name)/expected.safetensors")
        let model = try Model(path: Repository.path("Tests/golden/\(name)")), all = model.attentionHeads
        #expect(all > 1)
        for heads in 1..<all {
            let columns = max(1, Int(Double(heads) / Double(all) * Double(model.intermediateSize)))
            let smaller = try Session(
                Self.sliced(name, heads: heads, of: all, columns: columns).open(), options: SessionOptions(threads: 1))
            #expect(smaller.attentionHeads == heads && smaller.model.intermediateSize == columns)
            let session = try Self.session(model, Double(heads) / Double(all))
            #expect(session.attentionHeads == heads)
            #expect(try session.memoryBytes <= Self.session(model, 1).memoryBytes)
            let ours = try Self.rows(session, expected, .hidden), theirs = try Self.rows(smaller, expected, .hidden)
            #expect(ours == theirs, "\(heads) of \(all) heads")
        }
    }

    /// From a pack of every precision: the bits depend on nothing but the text, and the states are as near to those of float32 as the
    /// whole model's are.
    @Test(
        arguments: ["adaptive/dynabert", "models/bert-head-size-26", "models/minilm", "models/mpnet-far"],
        [Precision.float32, .float16, .int8, .int4])
    func packs(name: String, precision: Precision) throws {
        let expected = try Expected("Tests/golden/\(name)/expected.safetensors"),
            pack = try PackSample("Tests/golden/\(name)", precision)
        let model = try Model(path: pack.path), exact = try Model(path: Repository.path("Tests/golden/\(name)"))
        let longest = Int(try expected.ints("lengths").max() ?? 0)
        func error(_ width: Double) throws -> Float {
            largestDifference(
                try Self.rows(Self.session(model, width), expected, .hidden),
                try Self.rows(Self.session(exact, width), expected, .hidden))
        }
        let whole = try error(1)
        for heads in 1..<model.attentionHeads {
            let width = Double(heads) / Double(model.attentionHeads)
            let difference = try error(width)
            #expect(
                precision == .float32 ? difference == 0 : difference < 2 * whole + 1e-4, "\(heads) heads: \(difference), \(whole)")
        }
        if name == "adaptive/dynabert" {
            #expect(try Self.session(model, 0.25, 0.5).memoryBytes <= Self.session(model, 1).memoryBytes)
        }
        let narrow = try Self.rows(Self.session(model, 0.5, maxTokens: longest), expected, .hidden)
        let kernels = precision == .float32 || precision == .float16 ? floatKernels : availableKernels
        for (set, threads, maxTokens) in SameBits.every(kernels, [1, 2, 3], [longest, longest + 7, 4096]) {
            let session = try Self.session(model, 0.5, threads: threads, maxTokens: maxTokens, kernels: set)
            #expect(try Self.rows(session, expected, .hidden) == narrow, "\(set), \(threads) threads, \(maxTokens) tokens")
        }
    }

    @Test(arguments: [0, -0.5, 1.1, .nan, .infinity, 0.1, .leastNonzeroMagnitude])
    func refused(width: Double) throws {
        let model = try Model(path: Repository.path(Self.folder))
        let error = #expect(throws: LimbeckError.self) { try Session(model, options: SessionOptions(width: width)) }
        #expect(error?.status == .invalidArgument)
    }

    /// Layers that are not BERT's: with rotated queries, with scores of positions, with a bottleneck.
    @Test(arguments: ["modernbert", "nomic", "deberta", "mobilebert"])
    func otherLayers(name: String) throws {
        let model = try Model(path: Repository.path("Tests/golden/models/\(name)"))
        let error = #expect(throws: LimbeckError.self) {
            try Session(model, options: SessionOptions(width: 1 - 1 / Double(model.attentionHeads)))
        }
        #expect(error?.status == .unsupported && error?.message.contains("layers as BERT's") == true)
    }

    /// Exits are trained for whole layers.
    @Test func withoutExits() throws {
        let model = try Model(path: Repository.path("Tests/golden/adaptive/elasticbert"))
        #expect(model.exits == 3)
        #expect(try Self.session(model, 0.5).exits == 1)
        #expect(try Session(model, options: SessionOptions(depth: .layers(model.layers - 1), width: 0.5)).exits == 1)
    }
}
