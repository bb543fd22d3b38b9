import Foundation
import Limbeck
import Testing

/// The tokens of transformers for .model files alone, written by Tests/golden/make_sentencepiece.py.
@Suite struct SentencePieceTests {
    static let folder = "Tests/golden/sentencepiece"
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: Repository.path(folder))) ?? []).sorted()

    @Test func thereAreFolders() { #expect(Self.names.count >= 14) }

    @Test(arguments: names) func tokensAreEqual(_ name: String) throws {
        let tokenizer = try Tokenizer(path: Repository.path("\(Self.folder)/\(name)"))
        let cases = try TokenizerGoldenTests.cases(path: "\(Self.folder)/\(name)/texts.cases")
        #expect(cases.count > 40)
        for item in cases {
            let tokens = tokenizer.tokens(
                item.text, pair: item.pair, addSpecialTokens: item.addsSpecialTokens, maxLength: item.maxLength)
            #expect(tokens == item.expected, "\(name): \(String(decoding: item.text, as: UTF8.self).debugDescription)")
        }
    }

    // MARK: Reading the file

    /// The sample as a folder's file of this name, with these other files.
    private func open(
        _ model: SentencePieceSample, _ name: String = "sentencepiece.bpe.model", _ files: [String: String] = [:]
    ) throws -> Tokenizer {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(model.bytes).write(to: folder.appending(path: name))
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        return try Tokenizer(path: folder.path)
    }

    private func tokens(_ tokenizer: Tokenizer, _ text: String) -> [String?] {
        tokenizer.encode(text).ids.map { tokenizer.token($0) }
    }

    /// Fields in any order, repeated, and with unknown numbers: the last known one counts.
    @Test func theLastFieldCounts() throws {
        var model = SentencePieceSample()
        model.pieces[4].types = [SentencePieceSample.userDefined, SentencePieceSample.normal, 99]
        model.unknownFields = Protobuf.field(77, 5 as UInt64) + Protobuf.field(78, Array("x".utf8)) + Protobuf.field(79, Float(2))
        let tokenizer = try open(model)
        // Found in a text as it is, an "a" would not be a "b".
        #expect(tokens(tokenizer, "a") == ["<s>", "▁", "b", "</s>"])
        #expect(tokenizer.vocabularySize == 9)
    }

    /// The class is given by the files beside it, and otherwise by the file's name.
    @Test func theNameOfTheFileSaysTheClassWhereNobodyDoes() throws {
        var model = SentencePieceSample()
        #expect(tokens(try open(model), "b") == ["<s>", "▁", "b", "</s>"])
        #expect(tokens(try open(model, "tokenizer.model"), "b") == ["▁", "b"])
        model.pieces[1].text = Array("[CLS]".utf8)
        model.pieces[2].text = Array("[SEP]".utf8)
        #expect(tokens(try open(model, "spiece.model"), "b") == ["[CLS]", "▁", "b", "[SEP]"])
        #expect(tokens(try open(model, "spm.model"), "b") == ["[CLS]", "▁", "b", "[SEP]"])
        // Whatever the name of the file.
        let config = #"{"tokenizer_class": "DebertaV2TokenizerFast"}"#
        #expect(tokens(try open(model, "spiece.model", ["tokenizer_config.json": config]), "b") == ["[CLS]", "▁", "b", "[SEP]"])
        #expect(
            tokens(try open(model, "spiece.model", ["config.json": #"{"model_type": "deberta-v2"}"#]), "B")
                == ["[CLS]", "▁", "<unk>", "[SEP]"])
    }

    /// Of pieces with the same text the later counts, as in a Python dict.
    @Test func theLaterOfTwoPiecesCounts() throws {
        var model = SentencePieceSample()
        model.pieces.append(.init("b", -0.5))
        #expect(try open(model).encode("b").ids == [0, 4, 8, 2])
    }

    // MARK: Merges

    private func merged(_ pieces: [(String, Float)], _ text: String) throws -> [String?] {
        var model = SentencePieceSample()
        model.modelType = SentencePieceSample.bpe
        model.charsmaps = []
        model.pieces = Array(model.pieces[..<3]) + pieces.map { .init($0.0, $0.1) }
        return tokens(try open(model, "tokenizer.model"), text)
    }

    private static let letters: [(String, Float)] = [("▁", -100), ("a", -101), ("b", -102), ("c", -103)]

    /// A piece is made from any two others, better pieces first; ties go to the piece that comes first.
    @Test func piecesAreMergedByTheirScores() throws {
        #expect(try merged([("ab", -1), ("bc", -2)] + Self.letters, "abc") == ["▁", "ab", "c"])
        #expect(try merged([("ab", -2), ("bc", -1)] + Self.letters, "abc") == ["▁", "a", "bc"])
        #expect(try merged([("bc", -1), ("ab", -1)] + Self.letters, "abc") == ["▁", "a", "bc"])
        #expect(try merged([("ab", -1), ("bc", -1)] + Self.letters, "abc") == ["▁", "ab", "c"])
        // In both ways: from "ab" and "c", and from "a" and "bc".
        #expect(try merged([("ab", -2), ("bc", -3), ("abc", -4)] + Self.letters, "abc") == ["▁", "abc"])
        #expect(try merged([("bc", -2), ("abc", -4)] + Self.letters, "abc") == ["▁", "abc"])
        // A piece that is not the concatenation of two others is never made.
        #expect(try merged([("abc", -1)] + Self.letters, "abc") == ["▁", "a", "b", "c"])
        // A piece that is better than its parts: it is made as soon as these exist.
        #expect(try merged([("abab", -1), ("ab", -2), ("ba", -1.5)] + Self.letters, "abab") == ["▁", "a", "ba", "b"])
    }

    /// Control pieces and other special pieces do not merge.
    @Test func onlyNormalPiecesMerge() throws {
        var model = SentencePieceSample()
        model.modelType = SentencePieceSample.bpe
        model.charsmaps = []
        model.pieces += [.init("ab", -0.5, types: [5]), .init("bb", -2)]
        #expect(tokens(try open(model, "tokenizer.model"), "abb") == ["▁a", "bb"])
        model.pieces[7].types = [SentencePieceSample.normal]
        #expect(tokens(try open(model, "tokenizer.model"), "abb") == ["▁", "ab", "b"])
    }
}
