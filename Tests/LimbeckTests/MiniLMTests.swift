import Foundation
import Limbeck
import Testing

/// The real student against transformers on 500 real texts. scripts/fetch-minilm.sh brings the model; `make test` runs it first.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: Repository.miniLM), "models/all-MiniLM-L6-v2 is not there"))
struct MiniLMTests {
    private func texts() throws -> [String] {
        let file = try String(contentsOfFile: Repository.path("Tests/golden/minilm/texts.txt"), encoding: .utf8)
        return file.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    @Test func embeddingsAgreeWithTransformers() throws {
        let texts = try texts()
        #expect(texts.count == 500)
        let model = try Model(path: Repository.miniLM)
        #expect(model.maxLength == 256 && model.embeddingSize == 384)
        let vectors = try Session(model).embed(texts)
        for part in 0..<2 {
            let expected = try Expected("Tests/golden/minilm/embeddings-\(part).safetensors")
            let reference = try #require(expected.floats("embeddings"))
            let ours = vectors[part * 250..<(part + 1) * 250].flatMap { $0 }
            let difference = largestDifference(ours, reference)
            print("embeddings of 250 texts, the largest difference from transformers: \(difference)")
            #expect(difference < 1e-5)
            let tokenizer = try #require(model.tokenizer)
            let counts = texts[part * 250..<(part + 1) * 250].map { tokenizer.encode($0, maxLength: 256).ids.count }
            #expect(try expected.ints("tokens").map(Int.init) == counts)
        }
    }

    @Test func sameBitsInEverySession() throws {
        let model = try Model(path: Repository.miniLM)
        let texts = try Array(texts().prefix(20))
        let alone = try texts.map { try Session(model, options: SessionOptions(threads: 1, maxTokens: 256)).embed([$0])[0] }
        let newer = floatKernels.filter { $0 != .portable }
        for (kernels, threads, maxTokens) in SameBits.every(newer, [1, 2, 3], [256, 300, 0]) {
            let options = SessionOptions(threads: threads, maxTokens: maxTokens, kernels: kernels)
            #expect(try Session(model, options: options).embed(texts) == alone, "\(kernels), \(threads), \(maxTokens)")
        }
        let portable = try Session(model, options: SessionOptions(threads: 2, kernels: .portable))
        #expect(try portable.embed(Array(texts.prefix(3))) == Array(alone.prefix(3)))
    }

    @Test func packedAsBytesItIsCloseWithTheSameBitsInEverySession() throws {
        let sample = try PackSample("models/all-MiniLM-L6-v2", .int8)
        try Model.verify(path: sample.path)
        let model = try Model(path: sample.path), source = try Model(path: Repository.miniLM)
        // What is private is the object of the tokenizer, whose tables are in the file.
        #expect(model.privateBytes < 4096 && model.mappedBytes < source.mappedBytes / 3)
        let texts = try Array(texts().prefix(16))
        let alone = try texts.map { try Session(model, options: SessionOptions(threads: 1, maxTokens: 256)).embed([$0])[0] }
        for (a, b) in zip(alone, try Session(source).embed(texts)) {
            #expect(zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } > 0.997)  // both of length one
        }
        for (kernels, threads, maxTokens) in SameBits.every(availableKernels, [1, 2, 3], [256, 300, 4096]) {
            let texts = kernels == .portable ? Array(texts.prefix(3)) : texts
            let options = SessionOptions(threads: threads, maxTokens: maxTokens, kernels: kernels)
            let together = try Session(model, options: options).embed(texts)
            #expect(together == Array(alone.prefix(texts.count)), "\(kernels), \(threads), \(maxTokens)")
        }
    }
}
