import Limbeck

/// A tokenizer.json of a BPE over characters.
extension HostileCase {
    private static func characters(
        _ name: String, _ status: LimbeckError.Status?, _ words: String = "",
        _ json: @escaping @Sendable @autoclosure () -> String
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            sample.set("vocab_size", "14")
            sample.edit("embeddings.word_embeddings.weight") { $0.shape = [14, 8] }
            sample.files["tokenizer.json"] = Array(json().utf8)
            sample.setTokenizerClass("PreTrainedTokenizerFast")
        }
    }

    static let characters: [HostileCase] = [
        characters("characters-fit", nil, "", CharacterPairsTests.json()),
        characters("characters-no-merges", nil, "", CharacterPairsTests.json(merges: [])),
        characters("characters-no-unknown", .fileUnsupported, "without unk_token", CharacterPairsTests.json(unknown: "null")),
        characters(
            "characters-unknown-missing", .fileInconsistent, #"unk_token "<u>" is not in the vocabulary"#,
            CharacterPairsTests.json(unknown: #""<u>""#)),
        characters(
            "characters-some-bytes", .fileUnsupported, "byte_fallback without a token for the byte 244",
            CharacterPairsTests.json(words: CharacterPairsTests.words.dropLast() + ["<0x41>"], model: #","byte_fallback":true"#)),
        characters(
            "characters-unknown-merges", .fileUnsupported, "merges[0] has a token that stands for unknown characters",
            CharacterPairsTests.json(words: CharacterPairsTests.words.dropLast() + ["<unk>a"], merges: ["<unk> a"])),
        characters("characters-backwards", nil, "", CharacterPairsTests.json(merges: ["ab b", "a b"])),
        characters(
            "characters-same-id", .fileUnsupported, "two tokens have the id 4",
            CharacterPairsTests.json().replacing(#""b":5"#, with: #""b":4"#)),
        characters(
            "characters-same-id-merged", .fileUnsupported, "two tokens have the id 8",
            CharacterPairsTests.json().replacing(#""abb":9"#, with: #""abb":8"#)),
        characters(
            "characters-spaces-left", .fileUnsupported, #"the pre_tokenizer "Split" is not supported"#,
            CharacterPairsTests.json(preTokenizer: CharacterPairsTests.split)),
    ]
}
