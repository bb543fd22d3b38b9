import Foundation
import Limbeck
import Testing

/// A prompt before texts that do not fit into the session's scratch with it: the tokens are those of the two in one piece.
@Suite struct LongPromptedTests {
    /// One of each kind of words; those that do not cut a text into words at all are for `endlessWords`.
    static let tokenizers = Self.all.filter { !$0.contains("whole") }
    static let all: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Repository.path("Tests/golden/tokenizer"))) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted()
    }()

    /// A BERT of drawn embeddings, with so many rows as the tokenizer has ids, and 600 positions.
    private func session(_ name: String, positions: Int = 600, settings: String = "") throws -> Session {
        let file = Repository.path("Tests/golden/tokenizer/\(name)")
        let rows = try Tokenizer(path: file).vocabularySize
        var sample = Sample.bert
        sample.set("vocab_size", "\(rows)")
        sample.set("max_position_embeddings", "\(positions)")
        sample.set("type_vocab_size", "8")
        var random = Random(seed: 5)
        for (tensor, count) in [("word", rows), ("position", positions), ("token_type", 8)] {
            sample.edit("embeddings.\(tensor)_embeddings.weight") {
                $0.shape = [count, 8]
                $0.bytes = (0..<count * 8).flatMap { _ in
                    withUnsafeBytes(of: Float.random(in: -1...1, using: &random).bitPattern.littleEndian) { Array($0) }
                }
            }
        }
        // Zeros elsewhere would make all vectors alike.
        sample.edit("embeddings.LayerNorm.weight") { $0.bytes = [UInt8]([0, 0, 0x80, 0x3F] * 8) }
        sample.edit("encoder.layer.0.output.LayerNorm.weight") { $0.bytes = [UInt8]([0, 0, 0x80, 0x3F] * 8) }
        sample.edit("encoder.layer.0.attention.output.LayerNorm.weight") { $0.bytes = [UInt8]([0, 0, 0x80, 0x3F] * 8) }
        sample.files["tokenizer.json"] = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        sample.files["tokenizer_config.json"] = Array(#"{"tokenizer_class": "PreTrainedTokenizerFast"\#(settings)}"#.utf8)
        return try Session(try sample.open(), options: SessionOptions(threads: 1, maxTokens: positions))
    }

    private static let words = ["model", "Größe,", "the", "weights!", "x9", "naïve", "中文", "and", "[MASK]", "it's"]

    /// So many words with so much white space between them.
    private func text(_ count: Int, _ space: String) -> String {
        (0..<count).map { Self.words[$0 * 7 % Self.words.count] }.joined(separator: space)
    }

    @Test(arguments: tokenizers) func longTexts(name: String) throws {
        let session = try session(name)
        let texts = [
            text(700, String(repeating: " ", count: 300)), text(12_000, " "), text(120, String(repeating: ".", count: 700)),
        ]
        for prompt in ["the ", "mod"] {
            for text in texts {
                #expect(text.utf8.count > 1 << 16)
                let joined = try session.embed([prompt + text])
                #expect(try session.embed([text], options: EmbedOptions(prompt: prompt)) == joined, "\(prompt) \(text.prefix(20))")
                // Beside others, and after them.
                let among = try session.embed(["a", text, "b"], options: EmbedOptions(prompt: prompt))
                #expect(among[1] == joined[0])
            }
        }
    }

    /// Pairs are cut longest first, so that the whole length of a text counts.
    @Test(arguments: ["added.json", "byte-level-added.json", "unigram-added.json"]) func longPairs(name: String) throws {
        let session = try session(name)
        let options = ClassifyOptions(prompt: "query: ")
        let text = text(400, String(repeating: " ", count: 300))
        for other in ["a", self.text(390, " "), self.text(460, " "), self.text(461, " "), self.text(462, " "), text] {
            for length in [0, 77, 78] {
                var (limited, whole) = (options, ClassifyOptions(prompt: ""))
                (limited.maxLength, whole.maxLength) = (length, length)
                #expect(
                    try session.classify([text], pairs: [other], options: limited)
                        == session.classify(["query: " + text], pairs: [other], options: whole))
            }
        }
    }

    /// The end of a text is kept, so that all of it is cut.
    @Test(arguments: ["added.json", "byte-level-added.json", "unigram-added.json"]) func longTextsFromTheLeft(name: String) throws {
        let session = try session(name, settings: #", "truncation_side": "left""#)
        let text = text(400, String(repeating: " ", count: 300))
        for length in [0, 77, 5] {
            let joined = try session.embed(["query: " + text], options: EmbedOptions(maxLength: length))
            #expect(try session.embed([text], options: EmbedOptions(maxLength: length, prompt: "query: ")) == joined)
            #expect(
                try session.embed([String(text.suffix(60_000))], options: EmbedOptions(maxLength: length)) == joined || length == 0)
            let pairs = ClassifyOptions(maxLength: length, prompt: "query: ")
            let whole = ClassifyOptions(maxLength: length, prompt: "")
            #expect(
                try session.classify([text], pairs: [text], options: pairs)
                    == session.classify(["query: " + text], pairs: [text], options: whole))
        }
        #expect {
            try session.embed([String(repeating: "zq", count: 60_000)], options: EmbedOptions(prompt: "zq"))
        } throws: {
            ($0 as? LimbeckError)?.status == .tooLong
        }
    }

    /// One endless word: where a tokenizer cuts it into enough tokens, these are known; else the call says what is missing.
    @Test(arguments: all) func endlessWords(name: String) throws {
        let session = try session(name)
        for text in [
            String(repeating: "ab", count: 40_000), String(repeating: "中文字", count: 9_000),
            String(repeating: "z", count: 80_000) + " a",
        ] {
            #expect(text.utf8.count > 128 * 600)  // the scratch of prompt and text
            let joined = try session.embed(["query: " + text])
            do throws(LimbeckError) {
                #expect(try session.embed([text], options: EmbedOptions(prompt: "query: ")) == joined)
            } catch {
                #expect(error.status == .tooLong && error.message.contains("without a new word in the first"), "\(error.message)")
            }
        }
    }
}

private func * (bytes: [UInt8], count: Int) -> [UInt8] { Array([[UInt8]](repeating: bytes, count: count).joined()) }
