import Foundation
import Limbeck
import Testing

/// Beyond the golden files: files that are refused, buffers, and hostile texts.
@Suite struct TokenizerTests {
    static let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a", "b", "the", "##the", ".", "中"]
    let tokenizer: Tokenizer

    init() throws { tokenizer = try Self.open(["vocab.txt": Self.tokens.joined(separator: "\n")]) }

    /// A tokenizer of a folder with these files.
    static func open(_ files: [String: String], file: String = "") throws -> Tokenizer {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("limbeck-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return try Tokenizer(path: file.isEmpty ? folder.path : folder.appendingPathComponent(file).path)
    }

    static func json(
        vocabulary: String = ###""[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"##a":4"###, model: String = #""type":"WordPiece""#,
        unknown: String = "[UNK]", normalizer: String = #"{"type":"BertNormalizer"}"#,
        preTokenizer: String = #"{"type":"BertPreTokenizer"}"#, added: String = "[]", post: String = "null"
    ) -> String {
        """
        {"added_tokens":\(added),"normalizer":\(normalizer),"pre_tokenizer":\(preTokenizer),"post_processor":\(post),
        "model":{\(model),"unk_token":"\(unknown)","continuing_subword_prefix":"##","max_input_chars_per_word":100,
        "vocab":{\(vocabulary)}}}
        """
    }

    @Test func vocabulary() {
        #expect(tokenizer.vocabularySize == Self.tokens.count)
        for (id, token) in Self.tokens.enumerated() {
            #expect(tokenizer.id(of: token) == Int32(id))
            #expect(tokenizer.token(Int32(id)) == token)
        }
        #expect(tokenizer.id(of: "##") == nil && tokenizer.id(of: "") == nil)
        #expect(tokenizer.token(-1) == nil && tokenizer.token(12) == nil && tokenizer.token(.max) == nil)
        #expect(tokenizer.cls == 2 && tokenizer.sep == 3 && tokenizer.mask == 4 && tokenizer.pad == 0 && tokenizer.unk == 1)
    }

    @Test func encoding() {
        let encoding = tokenizer.encode("The 中a", pair: "b.")
        #expect(encoding.ids == [2, 8, 11, 5, 3, 7, 10, 3])
        #expect(encoding.types == [0, 0, 0, 0, 0, 1, 1, 1])
        #expect(encoding.ranges == [0..<0, 0..<3, 4..<7, 7..<8, 0..<0, 0..<1, 1..<2, 0..<0])
    }

    @Test func configurationBesideVocabulary() throws {
        let vocabulary = (Self.tokens + ["A", "á", "<c>"]).joined(separator: "\r\n")
        let cased = try Self.open(["vocab.txt": vocabulary, "tokenizer_config.json": #"{"do_lower_case":false}"#])
        #expect(cased.encode("A á a", addSpecialTokens: false).ids == [12, 13, 5])
        let config = #"{"do_lower_case":true,"strip_accents":false,"tokenize_chinese_chars":false,"cls_token":{"content":"<c>"}}"#
        let other = try Self.open(["vocab.txt": vocabulary, "tokenizer_config.json": config], file: "vocab.txt")
        #expect(other.encode("Á a中 <c>").ids == [14, 13, 1, 14, 3])
    }

    @Test func jsonComesFirst() throws {
        let both = try Self.open(["tokenizer.json": Self.json(), "vocab.txt": "nothing of use"])
        #expect(both.encode("aa").ids == [3, 4])
    }

    /// A model folder of sentence-transformers may have the Transformer's files inside; what follows the Transformer does not matter.
    @Test func foldersInside() throws {
        let path = #"{"idx":0,"path":"0_Transformer","type":"sentence_transformers.models.Transformer"}"#
        let dense = #"{"idx":1,"path":"1_Dense","type":"sentence_transformers.models.Dense"}"#
        for modules in ["[\(path)]", "[\(path),\(dense)]"] {
            for name in ["tokenizer.json", "vocab.txt"] {
                let text = name == "vocab.txt" ? Self.tokens.joined(separator: "\n") : Self.json()
                let inside = try Self.open(["modules.json": modules, "0_Transformer/\(name)": text])
                let beside = try Self.open([name: text])
                #expect(inside.encode("the a aa").ids == beside.encode("the a aa").ids)
            }
        }
        let config = #"{"do_lower_case":false}"#
        let files = ["modules.json": "[\(path)]", "0_Transformer/tokenizer_config.json": config, "vocab.txt": "nothing of use"]
        let vocabulary = (Self.tokens + ["A"]).joined(separator: "\n")
        let cased = try Self.open(files.merging(["0_Transformer/vocab.txt": vocabulary]) { $1 })
        #expect(cased.encode("A", addSpecialTokens: false).ids == [12])
        let error = try #require(throws: LimbeckError.self) { _ = try Self.open(files) }
        #expect(error.status == .fileNotFound && error.message.contains("0_Transformer"))
    }

    @Test func duplicatesAndHoles() throws {
        let lines = try Self.open(["vocab.txt": "[UNK]\n[CLS]\n[SEP]\na\n\na\n"])
        #expect(lines.vocabularySize == 6)
        #expect(lines.encode("a", addSpecialTokens: false).ids == [5])
        let holes = try Self.open(["tokenizer.json": Self.json(vocabulary: #""[UNK]":0,"a":7,"b":9,"a":8"#)])
        #expect(holes.vocabularySize == 10)
        #expect(holes.encode("a b").ids == [8, 9])
        #expect(holes.token(5) == nil)
    }

    @Test(arguments: [
        (json(model: #""type":"WordLevel""#), LimbeckError.Status.fileUnsupported, "WordLevel"),
        (json(normalizer: #"{"type":"ByteLevel"}"#), .fileUnsupported, "ByteLevel"),
        (json(preTokenizer: #"{"type":"UnicodeScripts"}"#), .fileUnsupported, "UnicodeScripts"),
        (
            json(preTokenizer: #"{"type":"Punctuation","behavior":"Removed"}"#), .fileUnsupported,
            #"the behavior "Removed" of a Punctuation"#
        ),
        (
            json(preTokenizer: #"{"type":"Sequence","pretokenizers":[{"type":"Metaspace","replacement":"▁"},{"type":"Digits"}]}"#),
            .fileUnsupported, "Metaspace"
        ),
        (json(preTokenizer: #"{"type":"Digits","individual_digits":1}"#), .fileMalformed, "individual_digits"),
        (json(preTokenizer: #"{"type":"Metaspace","replacement":"▁"}"#), .fileUnsupported, "Metaspace"),
        (json(post: #"{"type":"PairProcessing"}"#), .fileUnsupported, "PairProcessing"),
        (json(post: #"{"type":"RobertaProcessing"}"#), .fileMalformed, "post_processor has no \"cls\""),
        (json(vocabulary: #""[UNK]":-1"#), .fileUnsupported, "-1"),
        (json(vocabulary: #""[UNK]":0,"a":4000000000"#), .fileUnsupported, "4000000000"),
        (json(vocabulary: #""[UNK]":0.5"#), .fileMalformed, "vocab"),
        (json(vocabulary: ""), .fileInconsistent, "[UNK]"),
        (json(unknown: "<unk>"), .fileInconsistent, "<unk>"),
        (json(added: #"[{"id":1}]"#), .fileMalformed, "added_tokens"),
        (json(added: #"[{"id":9,"content":"\u0301","normalized":true}]"#), .fileUnsupported, "added token"),
        (json(post: #"{"type":"TemplateProcessing","single":[],"pair":[],"special_tokens":{}}"#), .fileUnsupported, "single"),
        ("[]", .fileMalformed, "object"), ("{", .fileMalformed, "tokenizer.json"),
    ])
    func refused(_ json: String, _ status: LimbeckError.Status, _ words: String) throws {
        let error = try #require(throws: LimbeckError.self) { _ = try Self.open(["tokenizer.json": json]) }
        #expect(error.status == status)
        #expect(error.message.contains(words), "\(error.message)")
    }

    @Test func refusedVocabularies() throws {
        #expect(throws: LimbeckError.self) { _ = try Self.open(["vocab.txt": "a\nb\n"]) }
        #expect(throws: LimbeckError.self) { _ = try Self.open(["vocab.txt": ""]) }
        #expect(throws: LimbeckError.self) { _ = try Self.open([:]) }
        #expect(throws: LimbeckError.self) { _ = try Tokenizer(path: "/nowhere/at/all") }
        #expect(throws: LimbeckError.self) { _ = try Tokenizer(path: "") }
    }

    /// A token that includes the white space after it leaves it to the search: another token may begin in it.
    @Test func tokensThatBeginInTakenSpace() throws {
        for normalized in [false, true] {
            let added = """
                [{"id":5,"content":"[m]","rstrip":true,"normalized":\(normalized)},
                 {"id":6,"content":" q","normalized":\(normalized)}]
                """
            let encoding = try Self.open(["tokenizer.json": Self.json(added: added)]).encode("[m] q")
            #expect(encoding.ids == [5, 6], "normalized: \(normalized)")
            #expect(encoding.ranges == [0..<4, 3..<5], "normalized: \(normalized)")
        }
        let spaces = #"[{"id":5,"content":" ","rstrip":true,"normalized":true}]"#
        let tokenizer = try Self.open(["tokenizer.json": Self.json(added: spaces)])
        #expect(tokenizer.encode(String(repeating: " ", count: 1 << 20)).ids.count == 1 << 20)
    }

    /// The spaces that the normaliser puts around an ideograph have its offsets: one may be included by the token before it, the
    /// other by the token after it.
    @Test func tokensThatTakeInsertedSpace() throws {
        for content in ["b", "中"] {
            let added = """
                [{"id":5,"content":"[m]","rstrip":true,"normalized":true},
                 {"id":6,"content":"\(content)","lstrip":true,"normalized":true}]
                """
            let encoding = try Self.open(["tokenizer.json": Self.json(added: added)]).encode("[m]中b")
            #expect(encoding.ids == (content == "b" ? [5, 0, 6] : [5, 6, 0]))
            #expect(encoding.ranges == (content == "b" ? [0..<6, 3..<6, 3..<7] : [0..<6, 3..<6, 6..<7]))
        }
    }

    /// A token of white space that includes white space on both sides: the first such token leaves nothing for the second.
    @Test func tokensThatTakeEachOthersSpace() throws {
        let added = #"[{"id":5,"content":" ","lstrip":true,"rstrip":true,"normalized":false}]"#
        let encoding = try Self.open(["tokenizer.json": Self.json(added: added)]).encode("   a")
        #expect(encoding.ids == [5, 5, 5, 3])
        #expect(encoding.ranges == [0..<3, 3..<3, 3..<3, 3..<4])
        for (left, right) in [(true, false), (false, true)] {
            let added = #"[{"id":5,"content":" ","lstrip":\#(left),"rstrip":\#(right),"normalized":false}]"#
            let tokenizer = try Self.open(["tokenizer.json": Self.json(added: added)])
            #expect(tokenizer.encode(String(repeating: " ", count: 1 << 20)).ids.count == 1 << 20)
        }
    }

    /// The template may add an id that names no token; a model's table has to have a row for it all the same.
    @Test func idsOfTheTemplateCount() throws {
        let post = #"{"type":"BertProcessing","cls":["[CLS]",1],"sep":["[SEP]",77]}"#
        #expect(try Self.open(["tokenizer.json": Self.json(post: post)]).vocabularySize == 78)
    }

    @Test func buffersAndLimits() {
        var ids = [Int32](repeating: -9, count: 8)
        var text = "the a b . the a"
        let (found, limited) = text.withUTF8 { text in
            ids.withUnsafeMutableBufferPointer { ids in
                let buffer = TokenBuffer(ids: ids.baseAddress, capacity: 3)
                let found = tokenizer.encode(Text(text), into: buffer)
                let limited = tokenizer.encode(Text(text), into: TokenBuffer(ids: ids.baseAddress, capacity: 8), limit: 2)
                return (found, limited)
            }
        }
        #expect(found == 6 && limited == 2)
        #expect(ids == [8, 5, 7, -9, -9, -9, -9, -9])
        #expect(tokenizer.specialTokenCount(pair: false) == 2 && tokenizer.specialTokenCount(pair: true) == 3)
    }

    /// Both texts are longer than the room, which is odd: the longer text gets one token more.
    @Test func truncationOfLongPairs() {
        let short = [UInt8]("a a a a a a a".utf8)
        let long = [UInt8]("b b b b b b b b".utf8)
        #expect(tokenizer.tokens(short, pair: long, maxLength: 6).ids == [2, 5, 3, 7, 7, 3])
        #expect(tokenizer.tokens(long, pair: short, maxLength: 6).ids == [2, 7, 7, 3, 5, 3])
        #expect(tokenizer.tokens(short, pair: long, maxLength: 2).ids == [2, 3, 3])
        #expect(tokenizer.tokens(short, maxLength: 1).ids == [2, 3])
        #expect(tokenizer.encode("a", pair: "b", addSpecialTokens: false, maxLength: .max).ids == [5, 7])
    }

    /// A text repeated many times, described as such instead of byte by byte.
    struct LongText: CustomTestStringConvertible {
        let piece: [UInt8]
        let count: Int
        var testDescription: String { "\(count) times \(piece)" }
        var text: [UInt8] { Array(repeatElement(piece, count: count).joined()) }

        init(_ piece: [UInt8], _ count: Int) { (self.piece, self.count) = (piece, count) }
        init(_ piece: String, _ count: Int) { self.init(Array(piece.utf8), count) }
    }

    @Test(arguments: [
        LongText("a", 1 << 20), LongText("\0", 1 << 20), LongText([0xFF], 1 << 16), LongText([0xF0], 1 << 16),
        LongText("\u{301}", 1 << 16), LongText("\u{302E}", 1 << 16), LongText("a\u{302E}\u{323}", 1 << 14),
        LongText("中", 1 << 16), LongText("[", 1 << 16), LongText("[MASK", 1 << 14),
    ])
    func longTexts(_ long: LongText) {
        let text = long.text
        let tokens = tokenizer.tokens(text)
        #expect(tokens.ids.count >= 2 && tokens.ids.count <= text.count + 2)
        #expect(tokens.ends.allSatisfy { $0 <= text.count })
        #expect(tokenizer.tokens(text, pair: text, maxLength: 65).ids.count <= 65)
    }

    /// A text that is tokenised in parts, from any word on, has the tokens of the whole: an added token at the beginning of a part
    /// sees the text before it.
    @Test func partsAreCutAsTheWhole() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(seed: seed)
        let single = #""single_word":true,"#, left = #""lstrip":true,"#, right = #""rstrip":true,"#
        for flags in ["", single, left, right, left + right, single + left + right] {
            let tokens = #"[{"id":5,\#(flags)"content":"b","normalized":false},{"id":6,"content":"<s","normalized":false}]"#
            let tokenizer = try Self.open(["tokenizer.json": Self.json(added: tokens)])
            for _ in 0..<300 {
                let pieces = ["a", "b", " ", "  ", "aa", "<s", "<sb", ".", "é"]
                let text = Array((0..<60).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
                let whole = Part(tokenizer, text)
                var place = Tokenizer.Place()
                var index = 0
                while index < whole.ids.count {
                    let word = text.withUnsafeBytes {
                        tokenizer.wordStart(whole.ids[index], at: Int(whole.starts[index]), of: $0)
                    }
                    let part = Part(tokenizer, text, from: word, limit: 7, &place)
                    let expected = index..<min(index + 7, whole.ids.count)
                    #expect(part.ids == Array(whole.ids[expected]), "seed \(seed)")
                    #expect(part.starts == Array(whole.starts[expected]), "seed \(seed)")
                    #expect(part.ends == Array(whole.ends[expected]), "seed \(seed)")
                    // The next part begins inside this one, at a word.
                    index += Int.random(in: 1...7, using: &random)
                    while index < whole.ids.count, whole.words[index] == whole.words[index - 1] { index += 1 }
                }
            }
        }
    }

    /// Resuming from the word of token `index` gives the tokens of the whole from there on.
    static func expectRest(
        _ tokenizer: Tokenizer, _ text: [UInt8], of whole: Part, from index: Int, _ place: inout Tokenizer.Place, seed: UInt64
    ) {
        let word = text.withUnsafeBytes { tokenizer.wordStart(whole.ids[index], at: Int(whole.starts[index]), of: $0) }
        let part = Part(tokenizer, text, from: word, limit: 7, &place)
        let expected = index..<min(index + 7, whole.ids.count)
        let about = "seed \(seed): \(String(decoding: text, as: UTF8.self))"
        #expect(part.ids == Array(whole.ids[expected]), "\(about)")
        #expect(part.starts == Array(whole.starts[expected]), "\(about)")
        #expect(part.ends == Array(whole.ends[expected]), "\(about)")
    }

    struct Part {
        var ids = [Int32](repeating: 0, count: 1000), words = [Int32](repeating: 0, count: 1000)
        var starts = [UInt32](repeating: 0, count: 1000), ends = [UInt32](repeating: 0, count: 1000)

        init(_ tokenizer: Tokenizer, _ text: [UInt8]) {
            var place = Tokenizer.Place()
            self.init(tokenizer, text, from: .first, limit: 1000, &place)
        }

        init(
            _ tokenizer: Tokenizer, _ text: [UInt8], from first: Tokenizer.WordStart, limit: Int,
            _ place: inout Tokenizer.Place
        ) {
            let count = text.withUnsafeBytes { text in
                ids.withUnsafeMutableBufferPointer { ids in
                    words.withUnsafeMutableBufferPointer { words in
                        starts.withUnsafeMutableBufferPointer { starts in
                            ends.withUnsafeMutableBufferPointer { ends in
                                let buffer = TokenBuffer(
                                    ids: ids.baseAddress, starts: starts.baseAddress, ends: ends.baseAddress,
                                    words: words.baseAddress, capacity: 1000)
                                return tokenizer.encode(text, from: first, into: buffer, limit: limit, &place)
                            }
                        }
                    }
                }
            }
            (ids, words) = (Array(ids[..<count]), Array(words[..<count]))
            (starts, ends) = (Array(starts[..<count]), Array(ends[..<count]))
        }
    }

    /// Random bytes, seeds printed on failure: ids are in the vocabulary, offsets are in order and in the text.
    @Test func randomBytes() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(seed: seed)
        let pool: [UInt8] = Array("aA b.[]MASKCLSEP\u{0}\u{1}\u{301}\u{302E}中é한".utf8) + [0xFF, 0xC3, 0xE2, 0xF0, 0xED, 0xA0]
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in pool.randomElement(using: &random) ?? 0 }
            let tokens = tokenizer.tokens(text, addSpecialTokens: false)
            #expect(tokens.ids.allSatisfy { $0 >= 0 && $0 < Self.tokens.count }, "seed \(seed)")
            #expect(zip(tokens.starts, tokens.ends).allSatisfy { $0 <= $1 && $1 <= text.count }, "seed \(seed)")
        }
    }
}
