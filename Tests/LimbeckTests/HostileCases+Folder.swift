import Foundation
import Limbeck

/// The files beside the weights and the configuration: those of sentence-transformers and of the tokenizer, and any file too long.
extension HostileCase {
    private static let modules = "sentence_transformers.models."

    static let sentences: [HostileCase] = [
        .file("modules-object", .fileMalformed, "modules.json: the top level is an object", "modules.json", "{}"),
        .file("modules-none", .fileMalformed, "1 to 64 modules", "modules.json", "[]"),
        .file("modules-no-type", .fileMalformed, "an object with 'type' and 'path'", "modules.json", #"[{"path": ""}]"#),
        .file(
            "modules-own-code", .fileUnsupported, "module 0 is 'custom.Transformer'", "modules.json",
            #"[{"path": "", "type": "custom.Transformer"}]"#),
        .file(
            "modules-order", .fileUnsupported, "module 0 is 'Pooling'", "modules.json",
            #"[{"path": "1_Pooling", "type": "\#(modules)Pooling"}]"#),
        .file(
            "modules-path-up", .fileMalformed, "leads out of the model folder", "modules.json",
            #"[{"path": "a/../../b", "type": "\#(modules)Transformer"}]"#),
        .file(
            "modules-path-absolute", .fileMalformed, "leads out of the model folder", "modules.json",
            #"[{"path": "/etc", "type": "\#(modules)Transformer"}]"#),
        .file(
            "modules-path-nul", .fileMalformed, "leads out of the model folder", "modules.json",
            #"[{"path": "a\u0000b", "type": "\#(modules)Transformer"}]"#),
        .file(
            "modules-path-nowhere", .fileNotFound, "3_Pooling/config.json: no such file", "modules.json",
            #"[{"path": "", "type": "\#(modules)Transformer"}, {"path": "3_Pooling", "type": "\#(modules)Pooling"}]"#),
        .file(
            "pooling-string", .fileMalformed, "1_Pooling/config.json: 'pooling_mode_cls_token' is 'yes'", "1_Pooling/config.json",
            #"{"pooling_mode_cls_token": "yes"}"#),
        .file(
            "pooling-other-size", .fileInconsistent, "word_embedding_dimension is 384", "1_Pooling/config.json",
            #"{"word_embedding_dimension": 384}"#),
        .file("length-zero", .fileMalformed, "'max_seq_length' is 0", "sentence_bert_config.json", #"{"max_seq_length": 0}"#),
        .file("length-negative", .fileMalformed, "'model_max_length' is -1", "tokenizer_config.json", #"{"model_max_length": -1}"#),
        .file(
            "length-string", .fileMalformed, "'model_max_length' is 'long'", "tokenizer_config.json",
            #"{"model_max_length": "long"}"#),
        .file("length-endless", nil, "", "tokenizer_config.json", #"{"model_max_length": 1e30}"#),
        .file("length-over-positions", nil, "", "sentence_bert_config.json", #"{"max_seq_length": 100000}"#),
    ]
}

extension HostileCase {
    static let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "e", "f"]

    /// A tokenizer.json with this post-processor, in a folder whose model has eleven rows, two token types and sixteen positions.
    static func template(_ name: String, _ status: LimbeckError.Status?, _ words: String, _ template: String) -> HostileCase {
        HostileCase(name, status, words) { sample in
            let vocabulary = HostileCase.words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
            sample.files["tokenizer_config.json"] = Array(
                #"{"tokenizer_class":"PreTrainedTokenizerFast","model_input_names":["input_ids","token_type_ids"]}"#.utf8)
            sample.files["tokenizer.json"] = Array(
                """
                {"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {\(vocabulary)}},
                 "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": {"type": "TemplateProcessing",
                  "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}], \(template)}}
                """.utf8)
        }
    }

    static let tokenizers: [HostileCase] = [
        .init("tokenizer-fits", nil) { $0.files["vocab.txt"] = Array(words.joined(separator: "\n").utf8) },
        .init("tokenizer-knows-more", .fileInconsistent, "vocab.txt: 12 ids, but the model's vocabulary has 11") {
            $0.files["vocab.txt"] = Array((words + ["g"]).joined(separator: "\n").utf8)
        },
        .template(
            "template-fits", nil, "",
            #""special_tokens": {"x": {"ids": [10]}}, "single": [{"Sequence": {"id": "A", "type_id": 1}}, {"SpecialToken": {"id": "x", "type_id": 0}}]"#
        ),
        .template(
            "template-id-without-row", .fileInconsistent, "tokenizer.json: 2000001 ids, but the model's vocabulary has 11",
            #""special_tokens": {"x": {"ids": [2000000]}}, "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "x", "type_id": 0}}]"#
        ),
        .template(
            "template-type-without-row", .fileInconsistent, "token type 65535, but the model has 2",
            #""special_tokens": {}, "single": [{"Sequence": {"id": "A", "type_id": 65535}}]"#),
        .template(
            "template-over-positions", .fileInconsistent, "17 special tokens, but the model has 16 positions",
            #""special_tokens": {"x": {"ids": [\#([String](repeating: "2", count: 17).joined(separator: ","))]}}, "single": [{"SpecialToken": {"id": "x", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]"#
        ),
    ]
}

extension HostileCase {
    /// A file that is too long to be read.
    static func long(_ name: String, _ file: String, _ length: Int, _ words: String, _ contents: String = "") -> HostileCase {
        HostileCase(name, .fileUnsupported, words) { sample in
            sample.sentenceTransformers()
            if file != "config.json" { sample.files[file] = Array(contents.utf8) }
            sample.lengths[file] = length
        }
    }

    /// A tokenizer.json with this last token in its vocabulary, and these added tokens and template.
    static func json(_ token: String = "f", added: String = "[]", post: String = "null") -> [UInt8] {
        let vocabulary = (words.dropLast() + [token]).enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",")
        return Array(TokenizerTests.json(vocabulary: vocabulary, added: added, post: post).utf8)
    }

    /// A template of a single text with these pieces.
    static func post(_ single: String, special: String) -> String {
        #"{"type":"TemplateProcessing","single":[\#(single)],"pair":[{"Sequence":{"id":"A","type_id":0}},"#
            + #"{"Sequence":{"id":"B","type_id":0}}],"special_tokens":{\#(special)}}"#
    }

    static let sizes: [HostileCase] = [
        .long("config-long", "config.json", 16 << 20 + 1, "config.json: a JSON text of 16777217 bytes, expected at most 16777216"),
        .long("modules-long", "modules.json", 1 << 40, "modules.json: a JSON text of 1099511627776 bytes"),
        .long("pooling-long", "1_Pooling/config.json", 1 << 32, "1_Pooling/config.json: a JSON text of 4294967296 bytes"),
        .long("length-long", "sentence_bert_config.json", 1 << 30, "sentence_bert_config.json: a JSON text of 1073741824 bytes"),
        .long("tokenizer-config-long", "tokenizer_config.json", 1 << 30, "tokenizer_config.json: a JSON text of 1073741824 bytes"),
        .long(
            "tokenizer-long", "tokenizer.json", 64 << 20 + 1,
            "tokenizer.json: a JSON text of 67108865 bytes, expected at most 67108864"),
        .long("vocabulary-long", "vocab.txt", 32 << 20 + 1, "vocab.txt: 33554433 bytes, expected at most 33554432"),
        .init("vocabulary-long-token", .fileUnsupported, "vocab.txt: tokens of more than 16777216 bytes in all") {
            let long = String(repeating: "f", count: 16 << 20)
            $0.files["vocab.txt"] = Array((words.dropLast() + [long]).joined(separator: "\n").utf8)
        },
        .init("tokenizer-long-token", .fileUnsupported, "tokenizer.json: tokens of more than 16777216 bytes in all") {
            $0.files["tokenizer.json"] = json(String(repeating: "f", count: 16 << 20))
        },
        .init("tokenizer-long-added-token", .fileUnsupported, "tokenizer.json: added tokens of more than 16777216 bytes in all") {
            let long = String(repeating: "f", count: 16 << 20 + 1)
            $0.files["tokenizer.json"] = json(added: #"[{"id":10,"content":"\#(long)","normalized":false}]"#)
        },
        .init("template-many-pieces", .fileUnsupported, "post_processor.single has more than 64 pieces") {
            let pieces = [String](repeating: #"{"SpecialToken":{"id":"x","type_id":0}}"#, count: 100_000)
            let single = pieces.joined(separator: ",") + #",{"Sequence":{"id":"A","type_id":0}}"#
            $0.setTokenizerClass("PreTrainedTokenizerFast")
            $0.files["tokenizer.json"] = json(post: post(single, special: #""x":{"ids":[]}"#))
        },
        .init("template-many-ids", .fileUnsupported, "post_processor.single has more than 64 pieces") {
            let ids = [String](repeating: "2", count: 1_000_000).joined(separator: ",")
            let single = #"{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"x","type_id":0}}"#
            $0.setTokenizerClass("PreTrainedTokenizerFast")
            $0.files["tokenizer.json"] = json(post: post(single, special: #""x":{"ids":[\#(ids)]}"#))
        },
        .init("labels-many", .fileUnsupported, "config.json: 65537 labels, expected at most 65536") { sample in
            sample.set("id2label", nil)
            for (name, shape) in [("classifier.weight", [65_537, 8]), ("classifier.bias", [65_537])] {
                sample.edit(name) { $0.shape = shape }
            }
        },
    ]
}
