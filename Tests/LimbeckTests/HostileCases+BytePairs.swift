import Limbeck

/// vocab.json and merges.txt, and the same in a tokenizer.json.
extension HostileCase {
    /// The sample with rows for the small vocabulary, and these files.
    private static func bytePairs(
        _ name: String, _ status: LimbeckError.Status?, _ words: String = "",
        _ files: @escaping @Sendable () -> [String: String]
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            sample.set("vocab_size", "266")
            sample.edit("embeddings.word_embeddings.weight") { $0.shape = [266, 8] }
            for (file, text) in files() { sample.files[file] = Array(text.utf8) }
            if sample.files["tokenizer_config.json"] == nil { sample.setTokenizerClass("RobertaTokenizer") }
        }
    }

    private static func merges(
        _ name: String, _ status: LimbeckError.Status?, _ words: String,
        _ lines: @escaping @Sendable @autoclosure () -> String
    ) -> HostileCase {
        bytePairs(name, status, words) { BytePairsTests.files(merges: lines()) }
    }

    /// A chain of merges, each of which makes a token twice as long as the previous one.
    private static func chain(_ count: Int) -> [String: String] {
        let tokens = (0...count).map { String(repeating: "a", count: 1 << $0) }
        let merges = tokens.dropLast().map { "\($0) \($0)" }
        let words = BytePairsTests.letters + tokens.dropFirst()
        return ["tokenizer.json": BytePairsTests.json(words: words, merges: merges)]
    }

    static let bytePairs: [HostileCase] = [
        bytePairs("merges-fit", nil) { BytePairsTests.files() },
        bytePairs("merges-missing", .fileNotFound, "merges.txt") {
            BytePairsTests.files().filter { $0.key != "merges.txt" }
        },
        merges("merges-none", nil, "", ""),
        merges("merges-one-token", .fileMalformed, "merges.txt: line 2 is not two tokens", "a b\nab"),
        merges("merges-three-tokens", .fileMalformed, "merges.txt: line 1 is not two tokens", "a b b"),
        merges("merges-not-in-vocabulary", .fileInconsistent, #"line 1 needs "xy""#, "x y"),
        merges("merges-of-unknown-tokens", .fileInconsistent, #"line 1 needs "zz""#, "zz a"),
        merges("merges-twice", .fileUnsupported, "merges.txt: line 2 is a duplicate", "a b\na b"),
        merges("merges-backwards", nil, "", "Ġa b\nĠ a"),
        bytePairs("merges-vocabulary-array", .fileMalformed, "vocab.json: not a JSON object") {
            BytePairsTests.files().merging(["vocab.json": "[]"]) { $1 }
        },
        bytePairs("merges-vocabulary-id", .fileUnsupported, "has the id -1") {
            BytePairsTests.files().merging(["vocab.json": #"{"a":-1}"#]) { $1 }
        },
        bytePairs("merges-byte-missing", .fileUnsupported, "no token for the byte 0") {
            BytePairsTests.files().merging(["vocab.json": #"{"a":1}"#]) { $1 }
        },
        bytePairs("merges-class-other", .fileUnsupported, "the tokenizer_class CLIPTokenizer is not supported with this file") {
            BytePairsTests.files(#"{"tokenizer_class":"CLIPTokenizer"}"#)
        },
        bytePairs("merges-special-flag", .fileMalformed, "'single_word' is 1") {
            BytePairsTests.files(#"{"tokenizer_class":"RobertaTokenizer","cls_token":{"content":"<c>","single_word":1}}"#)
        },
        bytePairs("merges-added-id", .fileInconsistent, "has the id 300, expected 266") {
            BytePairsTests.files(#"{"tokenizer_class":"RobertaTokenizer","added_tokens_decoder":{"300":{"content":"x y"}}}"#)
        },
        bytePairs("merges-added-key", .fileMalformed, "added_tokens_decoder is not an object of tokens") {
            BytePairsTests.files(#"{"tokenizer_class":"RobertaTokenizer","added_tokens_decoder":{"one":{"content":"x y"}}}"#)
        },
        bytePairs("merges-chain", .fileUnsupported, "makes a token of 1024 bytes, expected at most 512") { chain(10) },
        HostileCase("merges-long", .fileUnsupported, "merges.txt: 33554433 bytes, expected at most 33554432") {
            $0.setTokenizerClass("RobertaTokenizer")
            $0.files["vocab.json"] = Array(BytePairsTests.files()["vocab.json", default: ""].utf8)
            $0.files["merges.txt"] = []
            $0.lengths["merges.txt"] = 32 << 20 + 1
        },
    ]
}
