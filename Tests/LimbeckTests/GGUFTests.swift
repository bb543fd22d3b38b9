import Foundation
import Limbeck
import Testing

/// Models in GGUF, written with the gguf package: its numbers, and the answers of transformers.
@Suite struct GGUFTests {
    static let names = [
        "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "K", "distilbert",
    ]

    static func path(_ name: String) -> String { Repository.path("Tests/golden/gguf/\(name)") }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    struct Golden: Decodable {
        var fingerprints: [String: String]
        var cases: [Case]

        struct Case: Decodable {
            var text: String
            var ids: [Int32]
            var vector: [Float]
        }

        init(_ name: String) throws {
            self = try JSONDecoder().decode(
                Golden.self, from: Data(GGUFTests.bytes("\(name).json")))
        }
    }

    /// The decoded blocks, bit for bit.
    @Test(arguments: BlockFormat.allCases) func blocks(format: BlockFormat) throws {
        let file = try MappedFile(GGUFTests.path("blocks.safetensors"), name: "blocks")
        let tensors = try Safetensors(file).entries
        let blocks = try #require(tensors.first { $0.name == format.name })
        let numbers = try #require(tensors.first { $0.name == "\(format.name).float" })
        #expect(blocks.shape == [8, format.bytes])
        #expect(numbers.shape == [8, format.elements])
        let decoded = decode(blocks.bytes, format)
        #expect(decoded.count == 8 * format.elements)
        for (index, number) in decoded.enumerated() {
            let expected = numbers.bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
            #expect(number.bitPattern == expected, "\(index)")
        }
    }

    private func decode(_ bytes: UnsafeRawBufferPointer, _ format: BlockFormat) -> [Float] {
        let count = bytes.count / format.bytes
        return [Float](unsafeUninitializedCapacity: count * format.elements) { out, size in
            for block in 0..<count {
                format.decode(
                    bytes.baseAddress! + block * format.bytes,
                    into: out.baseAddress! + block * format.elements)
            }
            size = count * format.elements
        }
    }

    @Test(arguments: names) func tensors(name: String) throws {
        let gguf = try GGUFFile(MappedFile(GGUFTests.path("\(name).gguf"), name: name))
        var quantised = 0
        let golden = try Golden(name).fingerprints
        for tensor in gguf.tensors {
            guard let format = BlockFormat.allCases.first(where: { $0.name == tensor.dtype }) else {
                continue
            }
            quantised += 1
            var state: UInt64 = 0xCBF2_9CE4_8422_2325
            for number in decode(tensor.bytes, format) {
                state = (state ^ UInt64(number.bitPattern)) &* 0x100_0000_01B3
            }
            let text = String(state, radix: 16)
            let padded = String(repeating: "0", count: 16 - text.count) + text
            #expect(padded == golden[tensor.name], "\(tensor.name)")
        }
        let isQuantised = name.hasPrefix("Q") || name == "K"
        #expect(quantised == (isQuantised ? golden.count : 0))
    }

    @Test(arguments: names) func answers(name: String) throws {
        let model = try Model(path: GGUFTests.path("\(name).gguf"))
        #expect(model.answers == .embed)
        #expect(model.family == (name == "distilbert" ? .distilBERT : .bert))
        let session = try Session(model, options: SessionOptions(threads: 1))
        for golden in try Golden(name).cases {
            let tokens = try #require(model.tokenizer).encode(golden.text, maxLength: 40)
            #expect(tokens.ids == golden.ids, "\(golden.text)")
            let vector = try session.embed([golden.text])[0]
            #expect(largestDifference(vector, golden.vector) < 1e-5, "\(golden.text)")
        }
    }

    /// The vocabulary is the one that the conversion read.
    @Test func vocabulary() throws {
        let text = String(decoding: try GGUFTests.bytes("vocab.txt"), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        for name in ["F32", "distilbert"] {
            let tokenizer = try Tokenizer(path: GGUFTests.path("\(name).gguf"))
            let tokens: [String?] = (0..<tokenizer.vocabularySize).map { tokenizer.token(Int32($0)) }
            #expect(tokens == lines)
        }
    }

    /// The same answers from the file, and from its folder.
    @Test func places() throws {
        let file = try GGUFTests.bytes("F16.gguf")
        var sample = Sample.bert
        sample.missing = ["model.safetensors", "config.json"]
        sample.files["some name.gguf"] = file
        let model = try sample.open()
        let text = "the runner"
        let expected = try Session(Model(path: GGUFTests.path("F16.gguf"))).embed([text])
        #expect(try Session(model).embed([text]) == expected)
        #expect(model.mappedBytes == file.count)

        // Other files beside it are not read; other weights come first.
        sample.missing = ["model.safetensors"]
        #expect(try sample.open().hiddenSize == 32)
        sample.missing = []
        #expect(try sample.open().hiddenSize == 8)

        sample.missing = ["model.safetensors"]
        sample.files["another.gguf"] = file
        #expect(throws: LimbeckError.self) { try sample.open() }
    }

    @Test func version2() throws {
        var file = try GGUFTests.bytes("Q4_0.gguf")
        file[4] = 2
        #expect(throws: Never.self) { try file.withUnsafeBytes { try GGUFFile($0, file: "x") } }
    }

    /// Every byte except the padding at the end is needed: no shorter prefix opens.
    @Test(arguments: ["Q4_0", "distilbert"]) func everyPrefixIsRefused(name: String) throws {
        let file = try GGUFTests.bytes("\(name).gguf")
        for length in stride(from: 0, to: file.count - 32, by: name == "Q4_0" ? 1 : 7) {
            Array(file[..<length]).withUnsafeBytes { bytes in
                _ = #expect(throws: LimbeckError.self) { try GGUFFile(bytes, file: "x") }
            }
        }
    }

    /// Random corruption before the data either changes nothing that matters or is refused.
    @Test func damage() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("gguf damage seed \(seed)")
        var random = Random(seed: seed)
        for name in ["Q4_0", "K", "distilbert"] {
            let whole = try GGUFTests.bytes("\(name).gguf")
            for _ in 0..<150 {
                var sample = Sample.bert
                sample.missing = ["model.safetensors"]
                var file = whole
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    file[Int.random(in: 0..<5200, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
                sample.files["model.gguf"] = file
                guard let model = try? sample.open(), model.tokenizer != nil else { continue }
                let session = try Session(model, options: SessionOptions(threads: 1))
                _ = try session.embed(["the runner is unable"])
            }
        }
    }
}
