import Limbeck
import Testing

/// Tensors and descriptions of tokenizers that are refused with the name of the culprit: one case for each property on which
/// tokenising relies.
@Suite struct PackTokenizerRefusedTests {
    /// A change, and the expected words of the message.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let kind: String
        let words: String
        let change: @Sendable (inout PackTokenizerSample) -> Void

        init(
            _ name: String, _ kind: String, _ words: String, _ change: @escaping @Sendable (inout PackTokenizerSample) -> Void
        ) {
            (testDescription, self.kind, self.words, self.change) = (name, kind, words, change)
        }

        /// A change of the description.
        static func edit(_ old: String, _ new: String, _ kind: String, _ words: String) -> Case {
            Case("\(kind): \(old) to \(new)", kind, words) { $0.edit(old, new) }
        }

        /// A change of a number.
        static func set(
            _ name: String, _ index: Int, _ value: UInt32, _ kind: String = "byte-level", words: String? = nil
        ) -> Case {
            Case("\(name)[\(index)] = \(value)", kind, words ?? "tensor 'tokenizer.\(name)'") {
                $0.set("tokenizer.\(name)", index, value)
            }
        }

        /// Sets all bytes to one value.
        static func fill(_ name: String, _ bytes: UInt8, _ kind: String = "byte-level", words: String? = nil) -> Case {
            Case("\(name) of \(bytes)", kind, words ?? "tensor 'tokenizer.\(name)'") { sample in
                let place = sample.place(of: "tokenizer.\(name)")
                sample.tensors[place].bytes = sample.tensors[place].bytes.map { _ in bytes }
            }
        }
    }

    /// The first merge among the tokens of the small byte-level tokenizer, as an index of four-byte numbers.
    private static let merge = 5 * 256

    static let cases: [Case] = [
        // Tries.
        .set("vocabulary.units", 0, .max - 1, "WordPiece"),
        .set("vocabulary.units", 1, 0, "WordPiece", words: "'tokenizer.vocabulary.units'"),
        .fill("vocabulary.values", 255, "WordPiece", words: "'tokenizer.vocabulary.units'"),
        .fill("literalTokens.values", 127, words: "'tokenizer.literalTokens.units'"),
        .fill("merges.values", 127, words: "'tokenizer.merges.units'"),
        Case("units that are no blocks", "byte-level", "'tokenizer.vocabulary.units'") { sample in
            let count = sample.tensors[sample.place(of: "tokenizer.vocabulary.units")].shape[0]
            sample.edit(#""units":\#(count)}"#, #""units":\#(count - 1)}"#)
        },
        // Vocabularies.
        .set("vocabulary.places", 0, 1 << 20, "WordPiece"),
        .set("vocabulary.places", 1, 1 << 20, "WordPiece"),
        // Added tokens.
        .set("literalTokens.tokens", 0, 1 << 20),
        .set("literalTokens.tokens", 0, .max),
        // Merges: left, right, prefix, bytes, id.
        .set("merges.tokens", merge, 1 << 20),
        .set("merges.tokens", merge + 1, 1 << 20),
        .set("merges.tokens", merge, 256),
        .set("merges.tokens", merge + 2, 1 << 20),
        .set("merges.tokens", merge + 2, 256),
        .set("merges.tokens", merge + 3, 0),
        .set("merges.tokens", merge + 3, 513),
        .set("merges.tokens", merge + 4, .max),
        .set("merges.tokens", 3, 2, words: "'tokenizer.merges.values'"),
        .fill("merges.pairs", 1),
        .edit(#""slots":16"#, #""slots":17"#, "byte-level", "'tokenizer.merges.pairs'"),
        .edit(#""letters":256"#, #""letters":999"#, "byte-level", "'letters' is 999"),
        .edit(#""letters":256"#, #""letters":0"#, "byte-level", "'tokenizer.merges.tokens'"),
        // Unigram.
        .fill("scores", 255, "Unigram"),
        .fill("scores", 0x7E, "Unigram"),
        .fill("byteIds", 127, "Unigram of bytes"),
        .fill("byteIds", 127, "out of turn"),
        .fill("byteIds", 255, "out of turn"),
        .edit(#""unknownScore":-4"#, #""unknownScore":-1"#, "Unigram", "'tokenizer.scores'"),
        .edit(#""unknown":1"#, #""unknown":99"#, "Unigram", "'unknown' is 99"),
        // The description.
        .edit(#""kind":"wordPiece""#, #""kind":"other""#, "WordPiece", "of kind 'other'"),
        .edit(#""maximumCharacters":100"#, #""maximumCharacters":257"#, "WordPiece", "'maximumCharacters' is 257"),
        .edit(#""unknown":0"#, #""unknown":-1"#, "WordPiece", "'unknown' is -1"),
        .edit(#""cls":1"#, #""cls":99"#, "WordPiece", "'cls' is 99"),
        .edit(#""tokens":5"#, #""tokens":99"#, "WordPiece", "tensor 'tokenizer.vocabulary.places' is"),
        .edit(#""single":[{"#, #""single":[{"text":0,"type":0},{"#, "WordPiece", "'single' is"),
        .edit(#""single":[{"#, #""single":[{"token":99999999,"type":0},{"#, "WordPiece", "'token' is 99999999"),
        .edit(#""text":1,"type":1"#, #""text":0,"type":1"#, "WordPiece", "'pair' is"),
        .edit(#""type":"NFC""#, #""type":"NFX""#, "byte-level", "'NFX' is"),
        .edit(#""content":[9601]"#, #""content":[55296]"#, "Unigram", "'content' is 55296"),
        .edit(#""mark":9601"#, #""mark":1114112"#, "Unigram", "'mark' is 1114112"),
        .edit(#""scheme":"always""#, #""scheme":"last""#, "Unigram", "'scheme'"),
    ]

    @Test(arguments: cases) func refused(_ item: Case) throws {
        let kind = try #require(PackTokenizerCase.small.first { $0.testDescription == item.kind })
        var sample = PackTokenizerSample(try kind.open())
        _ = try sample.open()
        item.change(&sample)
        let error = try #require(throws: LimbeckError.self) { _ = try sample.open() }
        #expect(error.status == .fileMalformed || error.status == .fileInconsistent)
        #expect(error.message.contains(item.words), "\(error.message)")
    }

    /// Each tensor in turn is missing, or of another type.
    @Test(arguments: PackTokenizerCase.small) func everyTensorCounts(_ item: PackTokenizerCase) throws {
        let sample = PackTokenizerSample(try item.open())
        for place in sample.tensors.indices {
            var spoilt = sample
            spoilt.tensors[place].name = "other"
            let missing = #expect(throws: LimbeckError.self) { _ = try spoilt.open() }
            #expect(missing?.status == .fileInconsistent)
            spoilt = sample
            let others = ["U32": "F32", "I32": "F32", "U8": "I8", "U16": "F16", "F64": "I64", "U64": "I64"]
            spoilt.tensors[place].dtype = others[spoilt.tensors[place].dtype] ?? ""
            let changed = #expect(throws: LimbeckError.self) { _ = try spoilt.open() }
            #expect(changed?.message.contains("tensor '\(sample.tensors[place].name)' is") == true)
        }
    }
}
