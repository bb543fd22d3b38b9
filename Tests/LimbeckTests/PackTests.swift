import Foundation
import Limbeck
import Testing

/// A pack is the model it was made from: the same answers, bit for bit, from a file that is used in place.
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
            let folder = "Tests/golden/containers/\(name)", sample = try PackSample(folder)
            let answers = try [Repository.path(folder), sample.path].map { path in
                try Session(Model(path: path)).forward(ids: [1, 2, 3, 4, 2], lengths: [3, 2], output: .hidden)
            }
            #expect(answers[0] == answers[1] && answers[0].contains { $0 != 0 }, "\(name)")
            try Model.verify(path: sample.path)
        }
    }

    /// No part of the source is dropped silently.
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

    /// Of bytes, a batch's widest rows have 3 MB for each thread, unless the caller says how many tokens; of floats, 512 tokens.
    @Test func batchesFitTheCaches() throws {
        var wide = Sample.bert
        wide.set("intermediate_size", "2048")
        wide.edit("encoder.layer.0.intermediate.dense.weight") { $0.shape = [2048, 8] }
        wide.edit("encoder.layer.0.intermediate.dense.bias") { $0.shape = [2048] }
        wide.edit("encoder.layer.0.output.dense.weight") { $0.shape = [8, 2048] }
        let pack = try PackSample()
        let floats = try wide.withFolder { folder in
            try Model.pack(folder, to: pack.path, options: PackOptions(precision: .int8))
            return try Model(path: folder)
        }
        let bytes = try Model(path: pack.path)
        func tokens(_ model: Model, _ threads: Int, _ most: Int = 0) throws -> Int {
            try Session(model, options: SessionOptions(threads: threads, maxTokens: most)).batchTokens
        }
        #expect(try tokens(bytes, 1) == 384)
        #expect(try tokens(bytes, 2) == 512)
        #expect(try tokens(bytes, 1, 2000) == 2000)
        #expect(try tokens(floats, 1) == 512)
    }

    /// Without one, a pack of the family would not open.
    @Test func everyFamilyHasAName() {
        let names = Family.allCases.map { word(Int($0.rawValue) - 1, in: PackNames.families) }
        #expect(names.allSatisfy { !$0.isEmpty } && Set(names).count == Family.allCases.count)
    }

    /// As the xxhash package computes them.
    @Test func checksumsAreXXH64() {
        let bytes = (0..<256).map { UInt8(($0 * 37 + 11) % 256) }
        let sums: [Int: UInt64] = [32: 0xcc6b_8aaa_da79_0b2d, 64: 0x155c_cce4_bf32_befc, 256: 0x43c9_2f09_cb3e_28cf]
        for (count, sum) in sums {
            #expect(bytes[..<count].withUnsafeBytes { xxh64($0) } == sum)
        }
    }
}
