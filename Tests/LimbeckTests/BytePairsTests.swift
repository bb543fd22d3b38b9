import Limbeck
import Testing

/// Byte-level BPE beyond the golden files: what is refused, the rules of tokenizer_config.json, and resuming from any word.
@Suite struct BytePairsTests {
    /// The characters of all bytes, in byte order.
    static let letters: [String] = {
        var next: UInt32 = 0x100
        return (0..<256).map { byte in
            let isPrintable = 0x21...0x7E ~= byte || 0xA1...0xAC ~= byte || 0xAE...0xFF ~= byte
            if !isPrintable { next += 1 }
            return String(UnicodeScalar(isPrintable ? UInt32(byte) : next - 1) ?? "?")
        }
    }()
    static let specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    static let merges = ["Ġ a", "a b", "Ġa b", "b b", "ab bb"]
    static let words = specials + letters + ["Ġa", "ab", "Ġab", "bb", "abbb"]

    static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    static func vocabulary(_ words: [String] = words) -> String {
        words.enumerated().map { "\(quoted($1)):\($0)" }.joined(separator: ",")
    }

    static func json(
        words: [String] = words, merges: [String] = merges, model: String = "",
        normalizer: String = "null", preTokenizer: String = byteLevel(), added: String = "[]",
        post: String = "null"
    ) -> String {
        let list = merges.map(quoted).joined(separator: ",")
        return """
            {"added_tokens":\(added),"normalizer":\(normalizer),"pre_tokenizer":\(preTokenizer),
            "post_processor":\(post),"model":{"type":"BPE"\(model),
            "vocab":{\(vocabulary(words))},"merges":[\(list)]}}
            """
    }

    static func byteLevel(prefix: Bool = false, regex: Bool = true) -> String {
        #"{"type":"ByteLevel","add_prefix_space":\#(prefix),"trim_offsets":true,"use_regex":\#(regex)}"#
    }

    static func roberta(prefix: Bool) -> String {
        #"{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0],"trim_offsets":true,"#
            + #""add_prefix_space":\#(prefix)}"#
    }

    static func files(_ config: String? = nil, merges: String? = nil) -> [String: String] {
        let lines = merges ?? (["#version: 0.2"] + Self.merges).joined(separator: "\n")
        var files = ["vocab.json": "{\(vocabulary())}", "merges.txt": lines]
        files["tokenizer_config.json"] = config
        return files
    }

    func pieces(_ tokenizer: Tokenizer, _ text: String) -> [String] {
        tokenizer.encode(text, addSpecialTokens: false).ids.compactMap { tokenizer.token($0) }
    }

    @Test func mergesByRank() throws {
        let tokenizer = try TokenizerTests.open(["tokenizer.json": Self.json()])
        #expect(tokenizer.kind == "byte-level BPE")
        #expect(pieces(tokenizer, "ab ab") == ["ab", "Ġab"])
        // "a b" has a lower rank than "b b", and "ab bb" has the highest.
        #expect(pieces(tokenizer, "abb abbb") == ["ab", "b", "Ġab", "bb"])
        #expect(pieces(tokenizer, "abbb") == ["abbb"])
        #expect(pieces(tokenizer, "bbb") == ["bb", "b"])
        #expect(pieces(tokenizer, "é") == ["Ã", "©"])
        #expect(tokenizer.encode("é", addSpecialTokens: false).ranges == [0..<2, 0..<2])
    }

    /// A merge with a lower rank than those that make its parts happens as soon as both parts exist.
    @Test func mergesOutOfTurn() throws {
        let tokenizer = try TokenizerTests.open(["tokenizer.json": Self.json(merges: ["ab bb", "Ġa b", "a b", "Ġ a", "b b"])])
        #expect(pieces(tokenizer, "abbb abbb") == ["abbb", "Ġ", "abbb"])
        #expect(pieces(tokenizer, "abb a bb") == ["ab", "b", "Ġa", "Ġ", "bb"])
    }

    @Test func wholeTextsWithoutWords() throws {
        let whole = Self.json(preTokenizer: Self.byteLevel(regex: false))
        let tokenizer = try TokenizerTests.open(["tokenizer.json": whole])
        let text = String(repeating: "ab", count: 5000)
        #expect(pieces(tokenizer, text) == [String](repeating: "ab", count: 5000))
        #expect(pieces(tokenizer, "b ab") == ["b", "Ġab"])
    }

    @Test func configurationBesideFiles() throws {
        let plain = try TokenizerTests.open(Self.files())
        #expect(plain.encode("ab ab<mask>").ids.first == 0 && plain.mask == 4 && plain.pad == 1)
        #expect(plain.encode("ab ab").ranges == [0..<0, 0..<2, 3..<5, 0..<0])
        // The mask does not include the space before it unless a file says so.
        #expect(pieces(plain, "a <mask>") == ["a", "Ġ", "<mask>"])
        let strips = try TokenizerTests.open(Self.files(#"{"mask_token":{"content":"<mask>","lstrip":true}}"#))
        #expect(strips.encode("a <mask>").ranges == [0..<0, 0..<1, 2..<8, 0..<0])
        let prefix = try TokenizerTests.open(Self.files(#"{"add_prefix_space":true,"trim_offsets":false}"#))
        #expect(pieces(prefix, "ab ab") == ["Ġab", "Ġab"])
        #expect(prefix.encode("ab ab").ranges == [0..<0, 0..<2, 2..<5, 0..<0])
        let gpt = try TokenizerTests.open(
            Self.files(#"{"tokenizer_class":"GPT2Tokenizer","cls_token":"<s>"}"#), file: "vocab.json")
        #expect(gpt.encode("ab ab").ranges == [0..<2, 2..<5])
        let named = try TokenizerTests.open(
            Self.files(
                #"{"cls_token":"</s>","mask_token":{"content":"<mask>","rstrip":true},"#
                    + #""added_tokens_decoder":{"266":{"content":"x y"}}}"#))
        #expect(named.encode("x y<mask> a").ids == [2, 266, 4, named.id(of: "a") ?? -1, 2])
    }

    static let noByte = words.filter { $0 != "Ā" }

    @Test(arguments: [
        (json(model: #","dropout":0.1"#), LimbeckError.Status.fileUnsupported, "model.dropout"),
        (json(model: #","byte_fallback":true"#), .fileUnsupported, "model.byte_fallback"),
        (json(model: #","ignore_merges":true"#), .fileUnsupported, "model.ignore_merges"),
        (json(model: #","end_of_word_suffix":"</w>""#), .fileUnsupported, "end_of_word_suffix"),
        (json(model: #","continuing_subword_prefix":"@@""#), .fileUnsupported, "subword_prefix"),
        (json(words: noByte, merges: []), .fileUnsupported, "no token for the byte 0"),
        (json(merges: ["a c"]), .fileInconsistent, #"needs "ac", which is not in the vocabulary"#),
        (json(merges: ["a"]), .fileMalformed, "merges[0]"),
        (json(merges: ["a b", "a b"]), .fileUnsupported, "merges[1] is a duplicate"),
        (json(normalizer: #"{"type":"BertNormalizer"}"#), .fileUnsupported, #"normalizer "BertNormalizer""#),
        (json(preTokenizer: #"{"type":"BertPreTokenizer"}"#), .fileUnsupported, "a BPE over characters without unk_token"),
        (json(preTokenizer: #"{"type":"Whitespace"}"#), .fileUnsupported, "a BPE over characters without unk_token"),
        (
            json(preTokenizer: #"{"type":"Sequence","pretokenizers":[]}"#), .fileUnsupported,
            "a BPE over characters without unk_token"
        ),
        (
            json(
                preTokenizer: #"{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":"#
                    + #"{"Regex":"a+"},"behavior":"Isolated"},\#(byteLevel(regex: false))]}"#),
            .fileUnsupported, "GPT-2's regular expression"
        ),
        (
            json(post: #"{"type":"Sequence","processors":[\#(roberta(prefix: true)),\#(byteLevel())]}"#),
            .fileUnsupported, "ByteLevel"
        ),
        (
            json(post: #"{"type":"Sequence","processors":[\#(byteLevel()),\#(roberta(prefix: true))]}"#),
            .fileUnsupported, "trims offsets twice"
        ),
    ])
    func refused(_ json: String, _ status: LimbeckError.Status, _ words: String) throws {
        let error = try #require(throws: LimbeckError.self) {
            _ = try TokenizerTests.open(["tokenizer.json": json])
        }
        #expect(error.status == status)
        #expect(error.message.contains(words), "\(error.message)")
    }

    /// White space that a token included is not scanned again for each token that begins in it: that would take a minute here.
    @Test(arguments: ["null", #"{"type":"NFC"}"#], [false, true])
    func takenSpaceIsCountedOnce(_ normalizer: String, _ isNormalized: Bool) throws {
        let added = #"[{"id":266,"content":"  ","rstrip":true,"normalized":\#(isNormalized)}]"#
        let json = Self.json(normalizer: normalizer, added: added, post: Self.roberta(prefix: false))
        let count = 65_000
        let text = String(repeating: " ", count: count) + "a\u{301}"
        let encoding = try TokenizerTests.open(["tokenizer.json": json]).encode(text, addSpecialTokens: false)
        let spaces = count / 2
        #expect(encoding.ids[..<spaces] == [Int32](repeating: 266, count: spaces)[...])
        #expect(encoding.ranges[..<spaces] == [Range<Int>](repeating: count..<count, count: spaces)[...])
    }

    /// A text that is tokenised in parts, from any word on, has the tokens of the whole.
    @Test(arguments: ["null", #"{"type":"NFC"}"#])
    func partsAreCutAsTheWhole(_ normalizer: String) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(seed: seed)
        let added =
            #"[{"id":4,"content":"<mask>","lstrip":true,"normalized":false},"#
            + #"{"id":266,"content":"é","rstrip":true,"normalized":true}]"#
        for prefix in [false, true] {
            let json = Self.json(
                normalizer: normalizer, preTokenizer: Self.byteLevel(prefix: prefix), added: added,
                post: Self.roberta(prefix: prefix))
            let tokenizer = try TokenizerTests.open(["tokenizer.json": json])
            var pieces = ["a", "b", " ", "  ", "ab", "<mask>", "é", "'s", ".", "\n", "1", "中"]
            if normalizer != "null" { pieces += ["e\u{301}", "b\u{308}", "a\u{30A}", "\u{212B}", " \u{301}"] }
            for _ in 0..<300 {
                let parts = (0..<60).map { _ in pieces.randomElement(using: &random) ?? "" }
                let text = Array(parts.joined().utf8)
                let whole = TokenizerTests.Part(tokenizer, text)
                var place = Tokenizer.Place()
                var index = 0
                while index < whole.ids.count {
                    TokenizerTests.expectRest(tokenizer, text, of: whole, from: index, &place, seed: seed)
                    index += Int.random(in: 1...7, using: &random)
                    while index < whole.ids.count, whole.words[index] == whole.words[index - 1] { index += 1 }
                }
            }
        }
    }
}
