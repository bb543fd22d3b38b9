import Foundation
import Limbeck

/// The settings of a tokenizer in the files beside a vocabulary: its class, its special tokens and the added ones.
extension HostileCase {
    /// A file beside a vocab.txt of five tokens.
    private static func beside(
        _ name: String, _ status: LimbeckError.Status?, _ words: String, _ file: String,
        _ contents: @Sendable @escaping @autoclosure () -> String
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            sample.files["vocab.txt"] = Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n".utf8)
            sample.files[file] = Array(contents().utf8)
        }
    }

    private static func settings(
        _ name: String, _ status: LimbeckError.Status?, _ words: String, _ contents: @Sendable @escaping @autoclosure () -> String
    ) -> HostileCase {
        beside(name, status, words, "tokenizer_config.json", contents())
    }

    static let classes: [HostileCase] = [
        settings(
            "class-in-python", .fileUnsupported, "the tokenizer_class \"BertJapaneseTokenizer\" is not supported",
            #"{"tokenizer_class": "BertJapaneseTokenizer"}"#),
        settings(
            "class-of-other-files", .fileUnsupported, "the tokenizer_class HerbertTokenizer is not supported with this file",
            #"{"tokenizer_class": "HerbertTokenizer"}"#),
        .init("class-in-config", .fileUnsupported, "config.json: the tokenizer_class \"RoFormerTokenizer\"") {
            $0.files["vocab.txt"] = Array("[UNK]\n[CLS]\n[SEP]\n".utf8)
            $0.set("tokenizer_class", "\"RoFormerTokenizer\"")
        },
        settings("class-number", .fileMalformed, "'tokenizer_class' is 7", #"{"tokenizer_class": 7}"#),
        .init(
            "class-other-model", .fileInconsistent,
            "a model of the type WordPiece, but the tokenizer_class RobertaTokenizer needs BPE"
        ) {
            $0.files["tokenizer.json"] = Array(#"{"model": {"type": "WordPiece", "unk_token": "a", "vocab": {"a": 0}}}"#.utf8)
            $0.setTokenizerClass("RobertaTokenizer")
        },
        settings("side-unknown", .fileMalformed, "'truncation_side' is not 'left' or 'right'", #"{"truncation_side": "middle"}"#),
        settings("side-number", .fileMalformed, "truncation_side", #"{"truncation_side": 1}"#),
        settings(
            "input-names-string", .fileMalformed, "'model_input_names' is 'token_type_ids'",
            #"{"model_input_names": "token_type_ids"}"#),
        settings("split-special-string", .fileMalformed, "split_special_tokens", #"{"split_special_tokens": "yes"}"#),
        settings("extra-tokens-number", .fileMalformed, "'extra_special_tokens' is 3", #"{"extra_special_tokens": 3}"#),
        settings(
            "extra-tokens-inside", .fileMalformed, "extra_special_tokens is not a token", #"{"extra_special_tokens": [["<e1>"]]}"#),
        settings("extra-tokens-names", .fileMalformed, "'a' is 1", #"{"extra_special_tokens": {"a": 1}}"#),
        settings("extra-tokens-empty", nil, "", #"{"extra_special_tokens": ["", "a", "[CLS]"]}"#),
        settings(
            "extra-tokens-over-rows", .fileInconsistent, "12 ids, but the model's vocabulary has 11",
            #"{"extra_special_tokens": ["<1>", "<2>", "<3>", "<4>", "<5>", "<6>", "<7>"]}"#),
        settings("special-token-array", .fileMalformed, "'mask_token' is an array", #"{"mask_token": ["[MASK]"]}"#),
        settings("special-token-no-content", .fileMalformed, "content", #"{"mask_token": {"lstrip": true}}"#),
        settings("decoder-array", .fileMalformed, "'added_tokens_decoder' is an array", #"{"added_tokens_decoder": []}"#),
        settings(
            "decoder-other-id", .fileInconsistent, "has the id 9, expected 5",
            #"{"added_tokens_decoder": {"9": {"content": "x y"}}}"#),
        beside("map-array", .fileMalformed, "special_tokens_map.json: the top level is an array", "special_tokens_map.json", "[]"),
        beside(
            "map-number", .fileMalformed, "special_tokens_map.json: 'cls_token' is 2", "special_tokens_map.json",
            #"{"cls_token": 2}"#),
        beside(
            "map-missing", .fileInconsistent, "the special token \"[START]\"", "special_tokens_map.json",
            #"{"unk_token": "[START]"}"#),
        beside(
            "map-deep", .fileMalformed, "special_tokens_map.json", "special_tokens_map.json",
            String(repeating: #"{"a":"#, count: 10_000) + "1" + String(repeating: "}", count: 10_000)),
        beside("added-array", .fileMalformed, "added_tokens.json: the top level is an array", "added_tokens.json", #"["<e1>"]"#),
        beside("added-id-string", .fileMalformed, "added_tokens.json: '<e1>' is '5'", "added_tokens.json", #"{"<e1>": "5"}"#),
        beside("added-id-negative", .fileUnsupported, "has the id -1", "added_tokens.json", #"{"<e1>": -1}"#),
        beside("added-id-huge", .fileUnsupported, "has the id 4000000000", "added_tokens.json", #"{"<e1>": 4000000000}"#),
        beside("added-id-in-use", .fileInconsistent, "has the id 4, expected 5", "added_tokens.json", #"{"<e1>": 4}"#),
        beside(
            "added-many", .fileInconsistent, "100005 ids, but the model's vocabulary has 11", "added_tokens.json",
            "{" + (0..<100_000).map { "\"<\($0)>\": \($0 + 5)" }.joined(separator: ",") + "}"),
        .init("added-many-twice", .fileInconsistent, "50011 ids, but the model's vocabulary has 11") { sample in
            let vocabulary = words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
            let tokens = (0..<50_000).map { #"{"id": \#($0 + words.count), "content": "<\#($0)>"}"# }.joined(separator: ",")
            sample.files["tokenizer.json"] = Array(
                #"{"added_tokens": [\#(tokens)], "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {\#(vocabulary)}}}"#
                    .utf8)
            sample.files["added_tokens.json"] = Array(
                ("{" + (0..<50_000).map { "\"<\($0)>\": \($0 + words.count)" }.joined(separator: ",") + "}").utf8)
        },
    ]
}
