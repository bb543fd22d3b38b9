import Limbeck
import Testing

/// BPE over characters beyond the golden files: what is refused, several merges for one piece, and resuming from any word.
@Suite struct CharacterPairsTests {
    static let words = ["<s>", "<unk>", "</s>", "▁", "a", "b", "é", "中", "ab", "abb", "▁a", "▁ab", "bb", "<mask>"]
    /// As a conversion writes them: every way to make a piece from two, some from parts that are made later.
    static let merges = ["a b", "ab b", "a bb", "▁ ab", "▁a b", "▁ a", "b b"]
    static let metaspace = UnigramTests.metaspace
    static let split = #"{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}"#
    static let spaces = #"{"type":"Replace","pattern":{"String":" "},"content":"▁"}"#
    static let llama = #"{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},\#(spaces)]}"#

    static func json(
        words: [String] = words, merges: [String] = merges, unknown: String = #""<unk>""#, model: String = "",
        normalizer: String = "null", preTokenizer: String = metaspace, added: String = "[]"
    ) -> String {
        BytePairsTests.json(
            words: words, merges: merges, model: #","unk_token":\#(unknown)\#(model)"#, normalizer: normalizer,
            preTokenizer: preTokenizer, added: added)
    }

    static let bytes = (0..<256).map { byte in
        "<0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))>"
    }

    func pieces(_ tokenizer: Tokenizer, _ text: String) -> [String] {
        tokenizer.encode(text, addSpecialTokens: false).ids.compactMap { tokenizer.token($0) }
    }

    @Test func mergesByRank() throws {
        let tokenizer = try TokenizerTests.open(["tokenizer.json": Self.json()])
        #expect(tokenizer.kind == "BPE")
        #expect(pieces(tokenizer, "abb ab") == ["▁", "abb", "▁ab"])
        // "▁a" is merged after "ab".
        #expect(pieces(tokenizer, "aab bbb") == ["▁a", "ab", "▁", "bb", "b"])
        #expect(pieces(tokenizer, "é中") == ["▁", "é", "中"])
    }

    /// Each unknown character ends a merged part, but not the word.
    @Test func unknownCharacters() throws {
        let apart = try TokenizerTests.open(["tokenizer.json": Self.json()])
        #expect(pieces(apart, "abxyab") == ["▁ab", "<unk>", "<unk>", "ab"])
        #expect(apart.encode("abxyab", addSpecialTokens: false).ranges == [0..<2, 2..<3, 3..<4, 4..<6])
        let fused = try TokenizerTests.open(["tokenizer.json": Self.json(model: #","fuse_unk":true"#)])
        #expect(pieces(fused, "abxyab x x") == ["▁ab", "<unk>", "ab", "▁", "<unk>", "▁", "<unk>"])
        #expect(fused.encode("abx\u{1F600}", addSpecialTokens: false).ranges == [0..<2, 2..<7])
        let spelt = try TokenizerTests.open([
            "tokenizer.json": Self.json(words: Self.words + Self.bytes, model: #","byte_fallback":true"#)
        ])
        #expect(pieces(spelt, "aß\u{7F}b") == ["▁a", "<0xC3>", "<0x9F>", "<0x7F>", "b"])
        #expect(spelt.encode("aß\u{7F}b", addSpecialTokens: false).ranges == [0..<1, 1..<3, 1..<3, 3..<4, 4..<5])
        // Without any byte tokens, "byte_fallback" has no effect.
        let none = try TokenizerTests.open(["tokenizer.json": Self.json(model: #","byte_fallback":true"#)])
        #expect(pieces(none, "aß") == ["▁a", "<unk>"])
    }

    @Test func aSplitThatNeverCuts() throws {
        let tokenizer = try TokenizerTests.open([
            "tokenizer.json": Self.json(normalizer: Self.spaces, preTokenizer: Self.split)
        ])
        #expect(pieces(tokenizer, "ab ab") == ["ab", "▁ab"])
    }

    /// Runs whose pieces have equal scores: each is made from the previous one, from left to right, and never from two equal ones.
    @Test func runsOutOfTurn() throws {
        let runs = (2...6).map { String(repeating: "▁", count: $0) }
        let marks = ["▁"] + runs
        var merges: [String] = []
        for left in (1...5).reversed() {
            for right in (1...6 - left).reversed() { merges.append("\(marks[left - 1]) \(marks[right - 1])") }
        }
        let json = Self.json(words: Self.words + runs, merges: merges + ["▁ a"], normalizer: Self.spaces, preTokenizer: "null")
        let tokenizer = try TokenizerTests.open(["tokenizer.json": json])
        for count in 1...40 {
            let whole = [String](repeating: marks[5], count: count / 6)
            let rest = count % 6 == 0 ? ["a"] : count % 6 == 1 ? ["▁a"] : [marks[count % 6 - 1], "a"]
            #expect(pieces(tokenizer, String(repeating: " ", count: count) + "a") == whole + rest)
        }
    }

    /// Where tokens contain a mark inside, merging crosses it.
    @Test func marksInside() throws {
        let json = Self.json(
            words: Self.words + ["b▁", "▁▁"], merges: ["b ▁", "▁ ▁", "a b"], normalizer: Self.spaces, preTokenizer: "null")
        let tokenizer = try TokenizerTests.open(["tokenizer.json": json])
        #expect(pieces(tokenizer, "ab a  b") == ["a", "b▁", "a", "▁▁", "b"])
    }

    @Test(arguments: [
        (json(unknown: "null"), LimbeckError.Status.fileUnsupported, "without unk_token"),
        (json(unknown: #""<u>""#), .fileInconsistent, #"model.unk_token "<u>" is not in the vocabulary"#),
        (json(model: #","dropout":0.1"#), .fileUnsupported, "model.dropout"),
        (json(model: #","ignore_merges":true"#), .fileUnsupported, "model.ignore_merges"),
        (json(model: #","fuse_unk":1"#), .fileMalformed, "model.fuse_unk"),
        (json(words: words + bytes.dropLast(20), model: #","byte_fallback":true"#), .fileUnsupported, "the byte 244"),
        (json(words: words + ["<unk>a"], merges: ["<unk> a"]), .fileUnsupported, "merges[0] has a token that stands for unknown"),
        (
            json(words: words + bytes + ["<0x41>a"], merges: ["a b", "<0x41> a"], model: #","byte_fallback":true"#),
            .fileUnsupported, "merges[1] has a token that stands for unknown"
        ),
        (json(merges: ["a b", "a b"]), .fileUnsupported, "merges[1] is a duplicate"),
        (json(merges: ["a é"]), .fileInconsistent, "merges[0] needs"),
        (json(preTokenizer: split), .fileUnsupported, #"the pre_tokenizer "Split" is not supported with this model"#),
        (json(normalizer: spaces, preTokenizer: split.replacing("false", with: "true")), .fileUnsupported, "invert"),
        (json(normalizer: spaces, preTokenizer: split.replacing("Previous", with: "Next")), .fileUnsupported, "MergedWithNext"),
        (json(normalizer: spaces, preTokenizer: split.replacing("\" \"", with: "\"a\"")), .fileUnsupported, "Split"),
        (json(normalizer: #"{"type":"BertNormalizer"}"#), .fileUnsupported, "is not supported with BPE"),
    ])
    func refused(_ json: String, _ status: LimbeckError.Status, _ words: String) throws {
        let error = try #require(throws: LimbeckError.self) { _ = try TokenizerTests.open(["tokenizer.json": json]) }
        #expect(error.status == status)
        #expect(error.message.contains(words), "\(error.message)")
    }

    /// A text that is tokenised in parts, from any word on, has the tokens of the whole.
    @Test(arguments: [("null", metaspace), ("null", UnigramTests.words), (llama, "null"), (spaces, split)])
    func partsAreCutAsTheWhole(_ normalizer: String, _ preTokenizer: String) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(seed: seed)
        let added = #"[{"id":13,"content":"<mask>","lstrip":true,"normalized":false}]"#
        let json = Self.json(model: #","fuse_unk":true"#, normalizer: normalizer, preTokenizer: preTokenizer, added: added)
        let tokenizer = try TokenizerTests.open(["tokenizer.json": json])
        let pieces = ["a", "b", " ", "  ", "ab", "<mask>", "é", "x", "😀", "\n", "中", "bb", "▁"]
        for _ in 0..<300 {
            let text = Array((0..<60).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
            let whole = TokenizerTests.Part(tokenizer, text)
            var place = Tokenizer.Place()
            for index in whole.ids.indices where index == 0 || whole.words[index] != whole.words[index - 1] {
                TokenizerTests.expectRest(tokenizer, text, of: whole, from: index, &place, seed: seed)
            }
        }
    }

    /// Long words, and rows of unknown characters longer than any window.
    @Test func longWords() throws {
        let json = Self.json(model: #","fuse_unk":true"#, normalizer: Self.llama, preTokenizer: "null")
        let tokenizer = try TokenizerTests.open(["tokenizer.json": json])
        let count = 20_000
        #expect(pieces(tokenizer, String(repeating: "ab", count: count)) == ["▁ab"] + [String](repeating: "ab", count: count - 1))
        let words = pieces(tokenizer, String(repeating: "ab ", count: count))
        #expect(words == [String](repeating: "▁ab", count: count) + ["▁"])
        let unknown = tokenizer.encode("a" + String(repeating: "ж", count: count) + "b", addSpecialTokens: false)
        #expect(unknown.ids.map { tokenizer.token($0) } == ["▁a", "<unk>", "b"])
        #expect(unknown.ranges == [0..<1, 1..<2 * count + 1, 2 * count + 1..<2 * count + 2])
    }
}
