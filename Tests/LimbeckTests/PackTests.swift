import Foundation
import Limbeck
import Testing

/// A pack is the model it was made of: the same answers by every bit, from a file that is used where it stands.
@Suite struct PackTests {
    /// Every family, head and activation.
    @Test(arguments: GoldenModelTests.names)
    func isTheModel(name: String) throws {
        let folder = "Tests/golden/models/\(name)"
        let expected = try Expected("\(folder)/expected.safetensors")
        let sample = try PackSample(folder)
        let (source, pack) = (try Model(path: Repository.path(folder)), try Model(path: sample.path))
        #expect(pack.privateBytes == 0)
        #expect(pack.parameters == source.parameters)
        #expect(pack.labels == source.labels)
        #expect(pack.maxLength == source.maxLength)
        #expect(pack.intermediateSize == source.intermediateSize)
        #expect(pack.answers == source.answers)
        let ids = try expected.ints("ids"), types = try expected.ints("types")
        let lengths = try expected.ints("lengths").map(Int.init)
        let sessions = try [source, pack].map { try Session($0, options: SessionOptions(threads: 2)) }
        for output in [ForwardOutput.hidden, .pooled, .logits] {
            for layer in output == .hidden ? Array(0...source.layers) : [-1] {
                let answers = sessions.map {
                    try? $0.forward(ids: ids, types: types, lengths: lengths, output: output, layer: layer)
                }
                #expect(answers[0] == answers[1], "\(output) \(layer)")
            }
        }
        try Model.verify(path: sample.path)
    }

    /// Texts in, vectors out: every tokenizer that the golden answers have.
    @Test(arguments: Repository.folders("Tests/golden/answers")) func readsTexts(name: String) throws {
        let folder = "Tests/golden/answers/\(name)"
        let sample = try PackSample(folder)
        let texts = ["A first text, of some words.", "", "Größe 42 € 中文", "[MASK] naïve"]
        let sessions = try [Repository.path(folder), sample.path].map { try Session(Model(path: $0)) }
        #expect(try sessions[0].embed(texts) == sessions[1].embed(texts))
        try Model.verify(path: sample.path)
    }

    @Test func containersAndShards() throws {
        for name in Repository.folders("Tests/golden/containers") {
            _ = try PackSample("Tests/golden/containers/\(name)")
        }
    }

    /// Nothing of the source is lost without a word.
    @Test func everyTensorIsAccountedFor() throws {
        for (extra, isKnown) in [
            ("embeddings.position_ids", true), ("cls.predictions.bias", true), ("encoder.layer.7.output.dense.bias", true),
            ("fit_dense.weight", true), ("encoder.layer.0.output.adapter.weight", false), ("whitening", false),
        ] {
            var sample = Sample.bert
            sample.tensors.append(Sample.SampleTensor(name: extra, shape: [2]))
            let pack = try PackSample()
            try sample.withFolder { folder in
                do throws(LimbeckError) {
                    try Model.pack(folder, to: pack.path, options: PackOptions(precision: .float32))
                    #expect(isKnown, "\(extra)")
                    let description = try! String(decoding: PackParts(pack.bytes).description, as: UTF8.self)
                    #expect(description.contains("{\"name\":\"\(extra)\",\"reason\":"))
                } catch {
                    #expect(
                        !isKnown && error.status == .fileUnsupported && error.message.contains("'\(extra)'"), "\(error.message)")
                    #expect(!FileManager.default.fileExists(atPath: pack.path))
                }
            }
        }
    }

    @Test func batchesFitTheCaches() throws {
        let sample = try PackSample("Tests/golden/models/tinybert-sequence", .int8)
        #expect(try Session(Model(path: sample.path)).maxTokens == 512)
    }

    /// As the xxhash package computes them.
    @Test func checksumsAreXXH64() {
        let bytes = (0..<256).map { UInt8(($0 * 37 + 11) % 256) }
        for (count, sum) in [(32, 0xcc6b_8aaa_da79_0b2d), (64, 0x155c_cce4_bf32_befc), (256, 0x43c9_2f09_cb3e_28cf)]
            as [(Int, UInt64)]
        {
            #expect(bytes[..<count].withUnsafeBytes { xxh64($0) } == sum)
        }
    }
}
