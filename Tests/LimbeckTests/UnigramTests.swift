import Limbeck
import Testing

/// Unigram beyond the golden files: what is refused, and resuming from any word.
@Suite struct UnigramTests {
    static let pieces = [
        ("<s>", 0.0), ("<unk>", 0.0), ("</s>", 0.0), ("▁", -3.0), ("a", -4.0), ("b", -4.5), ("▁a", -3.5), ("ab", -5.0),
        ("▁ab", -5.5), ("bb", -5.25), ("中", -6.0), ("é", -7.0), ("<mask>", 0.0),
    ]
    static let vocabulary = pieces.map { "[\(BytePairsTests.quoted($0)),\($1)]" }.joined(separator: ",")
    static let metaspace = #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}"#
    static let words = #"{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},\#(metaspace)]}"#
    static func punctuation(_ behavior: String) -> String {
        #"{"type":"Sequence","pretokenizers":[{"type":"Punctuation"\#(behavior)},\#(metaspace)]}"#
    }

    static func json(
        vocabulary: String = vocabulary, unknown: String = "1", model: String = "", normalizer: String = "null",
        preTokenizer: String = words, added: String = "[]"
    ) -> String {
        """
        {"added_tokens":\(added),"normalizer":\(normalizer),"pre_tokenizer":\(preTokenizer),
        "model":{"type":"Unigram","unk_id":\(unknown),"vocab":[\(vocabulary)]\(model)}}
        """
    }

    /// A normalizer that has only its type and these members.
    static func step(_ members: String) -> String { json(normalizer: "{\(members)}") }

    static let longPiece = "[\"\(String(repeating: "a", count: 257))\",-1]"

    @Test(arguments: [
        (json(vocabulary: ""), LimbeckError.Status.fileMalformed, "unk_id"),
        (json(vocabulary: #"["a"]"#), .fileMalformed, "model.vocab[0] is not a piece and its score"),
        (json(vocabulary: #"["a","b"]"#), .fileMalformed, "model.vocab[0]"),
        (json(vocabulary: longPiece), .fileUnsupported, "has 257 bytes, expected at most 256"),
        (
            json(vocabulary: #"["a",-1e308]"#, unknown: "0"), .fileUnsupported,
            "model.vocab[0] has a score whose magnitude is too large"
        ),
        (json(unknown: "null"), .fileUnsupported, "without unk_id"),
        (json(unknown: "13"), .fileMalformed, "model.unk_id is not the id of a piece"),
        (json(unknown: "-1"), .fileMalformed, "model.unk_id"),
        (json(model: #","byte_fallback":1"#), .fileMalformed, "model.byte_fallback"),
        (json(preTokenizer: #"{"type":"UnicodeScripts"}"#), .fileUnsupported, "UnicodeScripts"),
        (json(preTokenizer: BytePairsTests.byteLevel()), .fileUnsupported, "ByteLevel"),
        (json(preTokenizer: #"{"type":"Metaspace","replacement":"ab"}"#), .fileMalformed, "replacement"),
        (
            json(preTokenizer: #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"last"}"#), .fileUnsupported,
            #"the prepend_scheme "last" is not supported"#
        ),
        (
            json(
                preTokenizer: #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","add_prefix_space":false}"#),
            .fileInconsistent, "add_prefix_space"
        ),
        (
            json(preTokenizer: #"{"type":"Sequence","pretokenizers":[\#(metaspace),{"type":"WhitespaceSplit"}]}"#),
            .fileUnsupported, "Metaspace"
        ),
        (
            json(preTokenizer: punctuation(#","behavior":"Removed""#)), .fileUnsupported,
            #"the behavior "Removed" of a Punctuation is not supported"#
        ),
        (json(preTokenizer: punctuation(#","behavior":7"#)), .fileMalformed, "behavior is not a string"),
        (step(#""type":"BertNormalizer""#), .fileUnsupported, "is not supported with Unigram"),
        (step(#""type":"ByteLevel""#), .fileUnsupported, "ByteLevel"),
        (step(#""type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Other"}]"#), .fileUnsupported, "Other"),
        (step(#""type":"Sequence""#), .fileMalformed, "normalizers"),
        (step(#""type":"Replace","pattern":{"Regex":"a+"},"content":"b""#), .fileUnsupported, #"expression "a+""#),
        (step(#""type":"Replace","pattern":{"String":""},"content":"b""#), .fileMalformed, "at least one character"),
        (step(#""type":"Replace","pattern":{"String":"a"}"#), .fileMalformed, "content"),
        (step(#""type":"Strip""#), .fileMalformed, "strip_left"),
        (step(#""type":"Prepend","prepend":"\#(String(repeating: "a", count: 65))""#), .fileUnsupported, "more than 64"),
        (step(#""type":"Precompiled","precompiled_charsmap":"AAA""#), .fileMalformed, "base64"),
        (step(#""type":"Precompiled","precompiled_charsmap":"A*==""#), .fileMalformed, "base64"),
        (step(#""type":"Precompiled","precompiled_charsmap":"/////w==""#), .fileMalformed, "a charsmap"),
        (step(#""type":"Precompiled","precompiled_charsmap":"AAAAAA==""#), .fileMalformed, "a charsmap"),
        (step(#""type":"Precompiled","precompiled_charsmap":"BAAAAAAAAAD/""#), .fileMalformed, "a charsmap"),
    ])
    func refused(_ json: String, _ status: LimbeckError.Status, _ words: String) throws {
        let error = try #require(throws: LimbeckError.self) { _ = try TokenizerTests.open(["tokenizer.json": json]) }
        #expect(error.status == status)
        #expect(error.message.contains(words), "\(error.message)")
    }

    /// Double arrays with steps that lead out of bounds, for any byte and through any value.
    @Test(arguments: ["BAAAAP///wAA", "BAAAAAD//38A", "BAAAAAABAAAA", "CAAAAAAEAABhAQAA"])
    func charsmapsThatLeadOut(_ base64: String) throws {
        let json = Self.step(#""type":"Precompiled","precompiled_charsmap":"\#(base64)""#)
        guard let tokenizer = try? TokenizerTests.open(["tokenizer.json": json]) else { return }
        let text = String((0..<0x800).compactMap { UnicodeScalar($0).map(Character.init) })
        #expect(tokenizer.encode(text).ids.count > 0)
    }

    /// A text that is tokenised in parts, from any word on, has the tokens of the whole.
    @Test(arguments: [words, metaspace, punctuation("")]) func partsAreCutAsTheWhole(_ preTokenizer: String) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(seed: seed)
        let added = #"[{"id":12,"content":"<mask>","lstrip":true,"normalized":false}]"#
        let steps =
            #"{"type":"Sequence","normalizers":[{"type":"NFKC"},"#
            + #"{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]}"#
        let whitespace = #"{"type":"Replace","pattern":{"Regex":"\\s{2,}|[\\n\\r\\t]"},"content":" "}"#
        for normalizer in ["null", steps, whitespace] {
            let json = Self.json(normalizer: normalizer, preTokenizer: preTokenizer, added: added)
            let tokenizer = try TokenizerTests.open(["tokenizer.json": json])
            let pieces = ["a", "b", " ", "  ", "ab", "<mask>", "é", "e\u{301}", ".", "\n", "中", "中中", "ｂ"]
            for _ in 0..<300 {
                let text = Array((0..<60).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
                let whole = TokenizerTests.Part(tokenizer, text)
                var place = Tokenizer.Place()
                for index in whole.ids.indices
                where index == 0 || whole.words[index] != whole.words[index - 1] {
                    TokenizerTests.expectRest(tokenizer, text, of: whole, from: index, &place, seed: seed)
                }
            }
        }
    }

    /// Consecutive unknown characters are one token, or the bytes of all: each has the offsets of the whole run, however long.
    @Test(arguments: [false, true]) func truncationLeavesPlaces(_ spellsBytes: Bool) throws {
        let bytes = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return #",["<0x\#(byte < 16 ? "0" : "")\#(digits)>",-20]"#
        }
        let json = Self.json(
            vocabulary: Self.vocabulary + bytes.joined(), model: #","byte_fallback":\#(spellsBytes)"#)
        let tokenizer = try TokenizerTests.open(["tokenizer.json": json])
        for count in [255, 256, 300, 1000] {
            let text = Array(("a" + String(repeating: "\u{94621}", count: count) + "b").utf8)
            let whole = tokenizer.tokens(text, addSpecialTokens: false)
            #expect(whole.ends.last == text.count)
            for length in [1, 2, 3, 64, 2000] {
                let cut = tokenizer.tokens(text, addSpecialTokens: false, maxLength: length)
                #expect(cut.starts == Array(whole.starts.prefix(length)))
                #expect(cut.ends == Array(whole.ends.prefix(length)))
            }
        }
    }
}
