import Limbeck

/// Keys of JSON files that are unknown, very long, very many, or of the wrong kind.
extension HostileCase {
    static let keys: [HostileCase] = [
        .config("key-unknown", nil, "", "some_thing", "7"),
        .config("key-alarming", .fileUnsupported, "'rope_scale' is not known and may change answers", "rope_scale", "7"),
        .config("key-alarming-empty", nil, "", "rope_scale", #"{"factor": null, "of": [[], {}, 0, "", false]}"#),
        .config("key-megabyte", nil, "", String(repeating: "k", count: 1 << 20), "7"),
        .config(
            "key-megabyte-alarming", .fileUnsupported, "kkk…' is not known", "rope_" + String(repeating: "k", count: 1 << 20), "7"),
        .config("key-escaped", .fileMalformed, "'hidden_size' is an object at byte", #"hidden\u005fsize"#, "{}"),
        .config("key-of-another-case", .fileUnsupported, "'ROPE-Theta' is not known", "ROPE-Theta", "7"),
        .config("key-no-name", nil, "", "", "7"),
        .config(
            "key-unknown-deep", nil, "", "some_thing", String(repeating: "[", count: 60) + "7" + String(repeating: "]", count: 60)),
        .init("key-twice", .fileMalformed, "'hidden_size' is an array at byte") { sample in
            sample.config.insert(("hidden_size", "[]"), at: 0)
        },
        .init("keys-hundred-thousand", .fileUnsupported, "100012 keys in one object, expected at most 2048") { sample in
            sample.config += (0..<100_000).map { ("key\($0)", "7") }
        },
        .init("keys-two-thousand", nil) { sample in sample.config += (0..<2000).map { ("key\($0)", "7") } },
        .config(
            "quantised", .fileUnsupported, "'quantization_config' is an object, which is not supported", "quantization_config",
            #"{"bits": 4}"#),
        .config(
            "own-code", .fileUnsupported, "'auto_map' is an object, which is not supported", "auto_map",
            #"{"AutoModel": "modeling.Own"}"#),
        .file(
            "tokenizer-key-alarming", .fileUnsupported, "tokenizer_config.json: 'word_splitter' is not known",
            "tokenizer_config.json",
            #"{"word_splitter": "mecab"}"#),
        .file(
            "tokenizer-flag-string", .fileMalformed, "tokenizer_config.json: 'do_lower_case' is 'yes'", "tokenizer_config.json",
            #"{"do_lower_case": "yes"}"#),
        .file(
            "special-token-number", .fileMalformed, "'cls_token' is 5 at byte 14, expected a string or an object",
            "tokenizer_config.json", #"{"cls_token": 5}"#),
        .file(
            "special-token-member", .fileUnsupported, "'strip' is not known", "tokenizer_config.json",
            #"{"cls_token": {"content": "[CLS]", "strip": "both"}}"#),
        .file(
            "decoder-token-number", .fileMalformed, "'4' is 7", "tokenizer_config.json", #"{"added_tokens_decoder": {"4": 7}}"#),
        .file(
            "pooling-key-unknown", .fileUnsupported, "1_Pooling/config.json: 'pooling_mode_sum' is not known",
            "1_Pooling/config.json",
            #"{"pooling_mode_sum": true}"#),
        .file(
            "pooling-key-off", nil, "", "1_Pooling/config.json", #"{"pooling_mode_sum": false, "pooling_mode_mean_tokens": true}"#),
        .file(
            "modules-key-unknown", .fileUnsupported, "modules.json: 'gain' is not known", "modules.json",
            #"[{"path": "", "type": "\#(modulesOf)Transformer", "gain": 2}]"#),
        .file(
            "modules-type-number", .fileMalformed, "modules.json: 'type' is 1", "modules.json", #"[{"path": "", "type": 1}]"#),
        .file(
            "arguments-of-the-model", .fileUnsupported, "'rope_scaling' is not known", "sentence_bert_config.json",
            #"{"max_seq_length": 8, "model_args": {"rope_scaling": {"factor": 2}}}"#),
        .file(
            "modality-method-of-pictures", .fileUnsupported, "'method' is 'get_text_features', which is not supported",
            "sentence_bert_config.json",
            #"{"modality_config": {"text": {"method": "get_text_features"}}}"#),
        component("component-member", .fileUnsupported, "'strip_numbers' of normalizer is not known") {
            #""normalizer": {"type": "BertNormalizer", "strip_numbers": true}"#
        },
        component("component-member-off", nil, "") { #""normalizer": {"type": "BertNormalizer", "strip_numbers": false}"# },
        component("component-member-megabyte", .fileUnsupported, "kkk…' of normalizer is not known") {
            #""normalizer": {"type": "BertNormalizer", "\#(String(repeating: "k", count: 1 << 20))": true}"#
        },
        component("component-unknown", .fileUnsupported, #"the pre_tokenizer "Digitise" is not supported"#) {
            #""pre_tokenizer": {"type": "Digitise"}"#
        },
        component("component-string", .fileMalformed, "'normalizer' is 'NFC' at byte") { #""normalizer": "NFC""# },
        component("tokenizer-json-key", .fileUnsupported, "tokenizer.json: 'sampler' is not known") {
            #""sampler": {"alpha": 0.1}"#
        },
        component("tokenizer-json-token", .fileUnsupported, "'case_sensitive' is not known") {
            #""added_tokens": [{"id": 0, "content": "[PAD]", "case_sensitive": true}]"#
        },
    ]

    private static let modulesOf = "sentence_transformers.models."

    /// A tokenizer.json with this member.
    private static func component(
        _ name: String, _ status: LimbeckError.Status?, _ words: String, _ member: @escaping @Sendable () -> String
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            // Without a specific class, so that the components are read.
            sample.setTokenizerClass("PreTrainedTokenizerFast")
            let vocabulary = HostileCase.words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
            sample.files["tokenizer.json"] = Array(
                #"{"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {\#(vocabulary)}}, "pre_tokenizer": {"type": "BertPreTokenizer"}, \#(member())}"#
                    .utf8)
        }
    }
}
