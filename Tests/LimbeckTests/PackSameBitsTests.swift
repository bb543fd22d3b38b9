import Limbeck
import Testing

/// The promise of SameBitsTests for packed models, whose products have kernels of their own: opened as they stand in the file.
@Suite struct PackSameBitsTests {
    /// Of every family what it alone computes, sizes that fill no panel or group of inputs, and a larger one.
    static let names = [
        "bert-odd-27", "bert-head-size-26", "bert-activation-tanh", "bert-wide-shallow", "bert-tail-56", "bert-masked",
        "minilm", "tinybert-sequence", "distilbert-sequence", "roberta-padding-4", "xlm-roberta-token", "camembert-masked",
        "albert-groups", "electra-detection", "mpnet-far", "mobilebert", "mobilebert-neighbours", "deberta-far",
        "deberta-narrow-masked", "modernbert", "modernbert-masked-biases", "modernbert-long", "nomic", "nomic-masked-biases",
    ]

    @Test func everyFamilyIsAmongThem() throws {
        func families(_ names: [String]) throws -> Set<String> {
            Set(try names.map { "\(try Model(path: Repository.path("Tests/golden/models/\($0)")).family)" })
        }
        #expect(try families(Self.names) == families(GoldenModelTests.names))
    }

    @Test(arguments: names, [Precision.float16, .int8, .int4])
    func everySessionGivesTheSame(name: String, precision: Precision) throws {
        let sample = try PackSample("Tests/golden/models/\(name)", precision)
        // Products of bytes differ between more instruction sets than those of floats.
        let kernels = precision == .float16 ? floatKernels : availableKernels
        try SameBits.expect(Model(path: sample.path), kernels: kernels, sequences: 8)
    }

    /// What packing chooses does not depend on the moment either.
    @Test(arguments: ["bert-wide-shallow", "deberta-far"])
    func everyPackIsTheSame(name: String) throws {
        let folder = "Tests/golden/models/\(name)"
        #expect(try PackSample(folder, .int8).bytes == PackSample(folder, .int8).bytes)
    }
}
