import Limbeck

/// A Unigram tokenizer.json.
extension HostileCase {
    /// The sample with rows for the pieces, and this tokenizer.
    private static func unigram(
        _ name: String, _ status: LimbeckError.Status?, _ words: String = "",
        _ json: @escaping @Sendable @autoclosure () -> String
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            sample.set("vocab_size", "13")
            sample.edit("embeddings.word_embeddings.weight") { $0.shape = [13, 8] }
            sample.files["tokenizer.json"] = Array(json().utf8)
            sample.setTokenizerClass("PreTrainedTokenizerFast")
        }
    }

    private static func charsmap(_ base64: String) -> String {
        UnigramTests.step(#""type":"Precompiled","precompiled_charsmap":"\#(base64)""#)
    }

    static let unigram: [HostileCase] = [
        unigram("unigram-fits", nil, "", UnigramTests.json()),
        unigram("unigram-empty", .fileMalformed, "unk_id", UnigramTests.json(vocabulary: "")),
        unigram("unigram-no-score", .fileMalformed, "model.vocab[0] is not a piece", UnigramTests.json(vocabulary: #"["a"]"#)),
        unigram("unigram-unknown", .fileMalformed, "model.unk_id is not", UnigramTests.json(unknown: "99")),
        unigram("unigram-long-piece", .fileUnsupported, "has 257 bytes", UnigramTests.json(vocabulary: UnigramTests.longPiece)),
        unigram(
            "unigram-far-score", .fileUnsupported, "has a score whose magnitude is too large",
            UnigramTests.json(vocabulary: #"["<s>",0],["<unk>",0],["a",-1e308]"#)),
        unigram("charsmap-not-base64", .fileMalformed, "is not base64", charsmap("A*==")),
        unigram("charsmap-short", .fileMalformed, "is not a charsmap", charsmap("/////w==")),
        unigram("charsmap-not-text", .fileMalformed, "is not a charsmap", charsmap("BAAAAAAAAAD/")),
        unigram("charsmap-leads-out", nil, "", charsmap("BAAAAAD//38A")),
        unigram(
            "normalizers-deep", .fileUnsupported, #""Sequence" is not supported"#,
            UnigramTests.json(
                normalizer: String(repeating: #"{"type":"Sequence","normalizers":["#, count: 6) + #"{"type":"NFC"}"#
                    + String(repeating: "]}", count: 6))),
        unigram(
            "normalizers-many", .fileUnsupported, "more than 32 normalizers",
            UnigramTests.json(
                normalizer: #"{"type":"Sequence","normalizers":["#
                    + Array(repeating: #"{"type":"NFC"}"#, count: 33).joined(separator: ",") + "]}")),
    ]
}
