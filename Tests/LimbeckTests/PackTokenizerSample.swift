import Foundation
import Limbeck
import Testing

/// The tensors of a tokenizer's pack, to be corrupted, and the file they form: one block of memory on a 64-byte boundary.
struct PackTokenizerSample {
    struct Tensor {
        var name: String
        var dtype: String
        var shape: [Int]
        var bytes: [UInt8]
    }

    var tensors: [Tensor]
    var description: String

    init(_ tokenizer: Tokenizer) {
        let packed = tokenizer.packed
        tensors = packed.tensors.map { Tensor(name: $0.name, dtype: $0.dtype, shape: $0.shape, bytes: Array($0.bytes)) }
        description = String(decoding: packed.description, as: UTF8.self)
        withExtendedLifetime(tokenizer) {}
    }

    private final class File {
        let bytes: UnsafeMutableRawBufferPointer
        init(_ count: Int) { bytes = .allocate(byteCount: count, alignment: 64) }
        deinit { bytes.deallocate() }
    }

    /// A safetensors file.
    var fileBytes: [UInt8] {
        var header: [String] = []
        var data: [UInt8] = []
        for tensor in tensors {
            var (shape, bytes) = (tensor.shape, tensor.bytes)
            let row = shape[0] == 0 ? 0 : bytes.count / shape[0]
            while row > 0, bytes.count % 64 != 0 {
                bytes += [UInt8](repeating: 0, count: row)
                shape[0] += 1
            }
            let place = [data.count, data.count + bytes.count]
            let entry = #""dtype":"\#(tensor.dtype)","shape":\#(shape),"data_offsets":\#(place)"#
            header.append(#""\#(tensor.name)":{\#(entry)}"#)
            data += bytes
        }
        var text = Array("{\(header.joined(separator: ","))}".utf8)
        while (8 + text.count) % 64 != 0 { text.append(0x20) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
    }

    func open() throws -> Tokenizer {
        let all = fileBytes
        let file = File(all.count)
        file.bytes.copyBytes(from: all)
        let tensors = try Safetensors(UnsafeRawBufferPointer(file.bytes), file: "pack")
        return try Array(description.utf8).withUnsafeBytes { text in
            try Tokenizer(packed: tensors, JSONDocument(text, file: "description").root, owner: file)
        }
    }

    /// Replaces a part of the description, which has to be there.
    mutating func edit(_ old: String, _ new: String) {
        #expect(description.contains(old), "\(old) is not in \(description)")
        description = description.replacing(old, with: new)
    }

    func place(of name: String) -> Int {
        guard let place = tensors.firstIndex(where: { $0.name == name }) else { preconditionFailure("no \(name)") }
        return place
    }

    /// Replaces a number of four bytes.
    mutating func set(_ name: String, _ index: Int, _ value: UInt32) {
        let place = place(of: name)
        for byte in 0..<4 { tensors[place].bytes[4 * index + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte))) }
    }

    /// A number of four bytes.
    func number(_ name: String, _ index: Int) -> UInt32 {
        tensors[place(of: name)].bytes[4 * index..<4 * index + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Every kind of tokenizer, opened from its files.
struct PackTokenizerCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let open: @Sendable () throws -> Tokenizer

    private init(_ name: String, _ open: @escaping @Sendable () throws -> Tokenizer) { (testDescription, self.open) = (name, open) }

    private init(path: String) { self.init(path) { try Tokenizer(path: Repository.path("Tests/golden/\(path)")) } }

    private init(_ name: String, json: String) { self.init(name) { try TokenizerTests.open(["tokenizer.json": json]) } }

    static let all: [PackTokenizerCase] = {
        var cases = TokenizerGoldenTests.names.map { PackTokenizerCase(path: "tokenizer/\($0).json") }
        for path in ["tokenizer/byte-level-files/vocab.json", "tokenizer/vocab.txt", "gguf/F32.gguf"] {
            cases.append(PackTokenizerCase(path: path))
        }
        cases += SentencePieceTests.names.map { PackTokenizerCase(path: "sentencepiece/\($0)") }
        return cases + small
    }()

    /// Small ones in which nearly every number matters, and which together have every kind of table.
    static let small: [PackTokenizerCase] = {
        let added = #"""
            [{"id":5,"content":"b","normalized":false,"lstrip":true},{"id":6,"content":"<s","normalized":true,"single_word":true},
            {"id":14,"content":"é!","normalized":true,"rstrip":true},{"id":15,"content":"bb","normalized":false}]
            """#
        let runs = (2...6).map { String(repeating: "▁", count: $0) }
        let turns = [("▁▁", "▁"), ("▁", "▁▁"), ("▁", "▁"), ("▁▁", "▁▁")].map { "\($0) \($1)" }
        return [
            PackTokenizerCase("WordPiece", json: TokenizerTests.json(added: added)),
            PackTokenizerCase(
                "byte-level",
                json: BytePairsTests.json(
                    normalizer: #"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Lowercase"}]}"#,
                    preTokenizer: BytePairsTests.byteLevel(prefix: true), added: added.replacing(#""id":"#, with: #""id":30"#),
                    post: #"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true}"#)),
            PackTokenizerCase("characters", json: CharacterPairsTests.json(model: #","fuse_unk":true"#, added: added)),
            PackTokenizerCase(
                "out of turn",
                json: CharacterPairsTests.json(
                    words: CharacterPairsTests.words + runs + CharacterPairsTests.bytes, merges: turns + ["▁ a"],
                    model: #","byte_fallback":true"#, normalizer: CharacterPairsTests.llama, preTokenizer: "null")),
            PackTokenizerCase("Unigram", json: UnigramTests.json(normalizer: charsmap, added: added)),
            PackTokenizerCase(
                "Unigram of bytes",
                json: UnigramTests.json(
                    vocabulary: UnigramTests.vocabulary + CharacterPairsTests.bytes.map { ",[\"\($0)\",-9]" }.joined(),
                    model: #","byte_fallback":true"#)),
        ]
    }()

    private static let charsmap: String = {
        let base64 = Data(SentencePieceSample.Charsmap().bytes).base64EncodedString()
        return """
            {"type":"Sequence","normalizers":[{"type":"Precompiled","precompiled_charsmap":"\(base64)"},
            {"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"},{"type":"Strip","strip_left":true,"strip_right":false}]}
            """
    }()

    /// Random texts of characters that matter to tokenizers.
    static func text(_ random: inout Random, _ most: Int = 60) -> [UInt8] {
        let parts = [
            "a", "b", "ab", "abb", "the", " ", "  ", "\n", "▁", "▁▁", "<s", "<s>", "[MASK]", "é", "e\u{301}", "É!", "中", ".", "'s",
            "1", "한", "\u{0}", "Å", "ﬁ", "unfamiliar", "##", "\u{1F600}",
        ]
        let broken: [[UInt8]] = [[0xFF], [0xC3], [0xE2, 0x96], [0xA0], [0xF0, 0x9F]]
        var text: [UInt8] = []
        for _ in 0..<Int.random(in: 0...most, using: &random) {
            if Int.random(in: 0..<20, using: &random) == 0 {
                text += broken.randomElement(using: &random) ?? []
            } else {
                text += Array((parts.randomElement(using: &random) ?? "").utf8)
            }
        }
        return text
    }
}
