import Foundation
import Limbeck
import Testing

/// Folders that somebody spoilt, a case per idea: each is refused with this status and a message with these words, or (status nil)
/// opens all the same. `Tests/hostile/README.md` is the list for people.
struct HostileCase: CustomTestStringConvertible, Sendable {
    let name: String
    let status: LimbeckError.Status?
    let words: String
    let spoil: @Sendable (inout Sample) -> Void

    init(_ name: String, _ status: LimbeckError.Status?, _ words: String = "", _ spoil: @escaping @Sendable (inout Sample) -> Void)
    {
        self.name = name
        self.status = status
        self.words = words
        self.spoil = spoil
    }

    /// A weight file with this header and so many bytes of data.
    static func header(
        _ name: String, _ words: String, _ header: String, data: Int = 0, status: LimbeckError.Status = .fileMalformed
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            sample.files["model.safetensors"] = safetensors(header, data: [UInt8](repeating: 0, count: data))
        }
    }

    /// config.json with a key set to a JSON text; nil takes the key away.
    static func config(
        _ name: String, _ status: LimbeckError.Status?, _ words: String, _ key: String, _ json: String?
    ) -> HostileCase {
        HostileCase(name, status, words) { $0.set(key, json) }
    }

    static func file(
        _ name: String, _ status: LimbeckError.Status?, _ words: String, _ file: String, _ contents: String
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            sample.sentenceTransformers()
            sample.files[file] = Array(contents.utf8)
        }
    }

    var testDescription: String { name }

    static let all = weights + headers + configurations + tensors + sentences + tokenizers + sizes
}

extension HostileCase {
    static let weights: [HostileCase] = [
        .init("weights-missing", .fileNotFound, "model.safetensors") { $0.missing = ["model.safetensors"] },
        .init("weights-pickle", .fileUnsupported, "pytorch_model.bin: Python pickles") {
            $0.missing = ["model.safetensors"]
            $0.files["pytorch_model.bin"] = [0x80]
        },
        .init("weights-sharded", .fileUnsupported, "several files") {
            $0.missing = ["model.safetensors"]
            $0.files["model.safetensors.index.json"] = [0x7B, 0x7D]
        },
        .init("weights-folder", .fileUnreadable, "model.safetensors: Is a directory") {
            $0.missing = ["model.safetensors"]
            $0.files["model.safetensors/x"] = []
        },
        .init("weights-fifo", .fileUnreadable, "model.safetensors") {
            $0.missing = ["model.safetensors"]
            $0.fifos = ["model.safetensors"]
        },
        .init("weights-empty", .fileMalformed, "0 bytes") { $0.files["model.safetensors"] = [] },
        .init("weights-seven-bytes", .fileMalformed, "7 bytes") { $0.files["model.safetensors"] = [0, 0, 0, 0, 0, 0, 0] },
        .init("weights-cut", .fileMalformed, "cut short") { $0.files["model.safetensors"] = $0.weights.dropLast() },
        .init("weights-longer", .fileMalformed, "the tensors end at byte") { $0.files["model.safetensors"] = $0.weights + [0] },
        .init("weights-nan", nil) { $0.edit("pooler.dense.weight") { $0.bytes = [UInt8](repeating: 0xFF, count: 256) } },
    ]

    static let headers: [HostileCase] = [
        .init("header-over-bound", .fileMalformed, "100000001 bytes, the most is 100000000") {
            $0.files["model.safetensors"] = safetensors(Array("{}".utf8), length: 100_000_001)
        },
        .init("header-length-all-ones", .fileMalformed, "18446744073709551615 bytes") {
            $0.files["model.safetensors"] = safetensors(Array("{}".utf8), length: .max)
        },
        .init("header-longer-than-file", .fileMalformed, "a header of 3 bytes in a file of 10") {
            $0.files["model.safetensors"] = safetensors(Array("{}".utf8), length: 3)
        },
        .init("header-cut", .fileMalformed, "(header): not JSON: it ends") {
            $0.files["model.safetensors"] = safetensors(Array("{}".utf8), length: 1)
        },
        .header("header-empty", "does not start with '{'", ""),
        .header("header-space-first", "does not start with '{'", " {}"),
        .header("header-array", "does not start with '{'", "[]"),
        .header("header-two-values", "expected the end of the text", "{}{}"),
        .header("header-deep", "64 levels", "{\"a\":" + String(repeating: "[", count: 1_000_000)),
        .init("header-not-utf8", .fileMalformed, "expected UTF-8") {
            $0.files["model.safetensors"] = safetensors(Array("{\"".utf8) + [0xC3, 0x28] + Array("\":1}".utf8))
        },
        .header("header-lone-surrogate", "surrogates in pairs", #"{"\ud800": 1}"#),
        .header("header-no-tensors", "no tensor 'embeddings.word_embeddings.weight'", "{}", status: .fileInconsistent),
        .header("metadata-array", "__metadata__ is not an object", #"{"__metadata__": []}"#),
        .header("metadata-number", "__metadata__ 'a' is not a string", #"{"__metadata__": {"a": 1}}"#),
        .header("tensor-number", "tensor 'a': expected an object", #"{"a": 1}"#),
        .header(
            "tensor-twice", "the name 'a' is there twice", tensor("a", "[0, 4]") + "," + tensor("a", "[0, 4]"), braces: true,
            data: 4),
        .header(
            "tensor-field-twice", "expected one dtype",
            #"{"a": {"dtype": "F32", "dtype": "F16", "shape": [], "data_offsets": [0, 4]}}"#),
        .header("dtype-missing", "expected a dtype", #"{"a": {"shape": [], "data_offsets": [0, 4]}}"#),
        .header("dtype-number", "expected a dtype", #"{"a": {"dtype": 32, "shape": [], "data_offsets": [0, 4]}}"#),
        .header("dtype-unknown", "dtype 'F31'", #"{"a": {"dtype": "F31", "shape": [], "data_offsets": [0, 4]}}"#, data: 4),
        .header("dtype-half-byte", "last byte", #"{"a": {"dtype": "F4", "shape": [3], "data_offsets": [0, 1]}}"#, data: 1),
        .header("shape-missing", "expected a shape", #"{"a": {"dtype": "F32", "data_offsets": [0, 4]}}"#),
        .header("shape-number", "expected a shape", tensor("a", "[0, 4]", shape: "1"), braces: true),
        .header("shape-negative", "integers from 0", tensor("a", "[0, 4]", shape: "[-1, -1]"), braces: true, data: 4),
        .header("shape-fraction", "integers from 0", tensor("a", "[0, 4]", shape: "[1.0]"), braces: true, data: 4),
        .header(
            "shape-beyond-64-bits", "integers from 0", tensor("a", "[0, 4]", shape: "[18446744073709551617]"), braces: true, data: 4
        ),
        .header("shape-overflow", "overflows", tensor("a", "[0, 4]", shape: "[4294967296, 4294967296]"), braces: true, data: 4),
        .header(
            "shape-overflow-then-zero", "overflows", tensor("a", "[0, 0]", shape: "[4294967296, 4294967296, 0]"), braces: true),
        .header("shape-not-its-bytes", "has 4 bytes, expected 8", tensor("a", "[0, 4]", shape: "[2]"), braces: true, data: 4),
        .header("offsets-one", "two data_offsets", tensor("a", "[0]"), braces: true),
        .header("offsets-three", "two data_offsets", tensor("a", "[0, 4, 8]"), braces: true),
        .header("offsets-negative", "integers from 0", tensor("a", "[-4, 0]"), braces: true),
        .header("offsets-minus-zero", "integers from 0", tensor("a", "[-0, 4]"), braces: true, data: 4),
        .header("offsets-backwards", "expected it to begin at 0", tensor("a", "[4, 0]"), braces: true, data: 4),
        .header("offsets-huge", "expected 4 for", tensor("a", "[0, 9223372036854775807]"), braces: true, data: 4),
        .header(
            "offsets-hole", "expected it to begin at 4", tensor("a", "[0, 4]") + "," + tensor("b", "[8, 12]"), braces: true,
            data: 12),
        .header("offsets-hole-first", "expected it to begin at 0", tensor("a", "[4, 8]"), braces: true, data: 8),
        .header(
            "offsets-overlap", "expected it to begin at 4", tensor("a", "[0, 4]") + "," + tensor("b", "[2, 6]"), braces: true,
            data: 6),
        .header(
            "offsets-shared", "expected it to begin at 4", tensor("a", "[0, 4]") + "," + tensor("b", "[0, 4]"), braces: true,
            data: 4),
    ]

    private static func tensor(_ name: String, _ offsets: String, shape: String = "[1]") -> String {
        #""\#(name)": {"dtype": "F32", "shape": \#(shape), "data_offsets": \#(offsets)}"#
    }

    private static func header(_ name: String, _ words: String, _ members: String, braces: Bool, data: Int = 0) -> HostileCase {
        .header(name, words, "{" + members + "}", data: data)
    }

    static let configurations: [HostileCase] = [
        .init("config-missing", .fileNotFound, "config.json: no such file") { $0.missing = ["config.json"] },
        .init("config-empty", .fileMalformed, "config.json: not JSON: it ends at byte 0") { $0.files["config.json"] = [] },
        .init("config-array", .fileMalformed, "the whole is an array at byte 0, expected an object") {
            $0.files["config.json"] = Array("[]".utf8)
        },
        .init("config-byte-order-mark", .fileMalformed, "not JSON at byte 0") {
            $0.files["config.json"] = [0xEF, 0xBB, 0xBF] + $0.configBytes
        },
        .init("config-not-utf8", .fileMalformed, "expected UTF-8") {
            $0.files["config.json"] = Array("{\"a\": \"".utf8) + [0xE4] + Array("\"}".utf8)
        },
        .init("config-deep", .fileMalformed, "64 levels") {
            $0.files["config.json"] = Array(String(repeating: "[", count: 1_000_000).utf8)
        },
        .config("config-nan", .fileMalformed, "expected a value", "layer_norm_eps", "NaN"),
        .config("model-type-other", .fileUnsupported, "model_type 'roberta' is not supported", "model_type", "\"roberta\""),
        .config("model-type-number", .fileMalformed, "'model_type' is 1 at byte", "model_type", "1"),
        .init("model-type-missing-albert", .fileUnsupported, "no 'model_type'") {
            $0.set("model_type", nil)
            $0.set("embedding_size", "4")
        },
        .config("model-type-missing", nil, "", "model_type", nil),
        .config("heads-zero", .fileMalformed, "'num_attention_heads' is 0 at byte", "num_attention_heads", "0"),
        .config("heads-negative", .fileMalformed, "'num_attention_heads' is -2 at byte", "num_attention_heads", "-2"),
        .config("heads-three-of-eight", .fileInconsistent, "3 attention heads do not divide", "num_attention_heads", "3"),
        .config("heads-huge", .fileInconsistent, "2147483647 attention heads do not divide", "num_attention_heads", "2147483647"),
        .config(
            "heads-beyond-32-bits", .fileMalformed, "expected an integer from 1 to 2147483647", "num_attention_heads", "2147483648"),
        .config("heads-string", .fileMalformed, "'num_attention_heads' is '2'", "num_attention_heads", "\"2\""),
        .config("heads-fraction", .fileMalformed, "'num_attention_heads' is 2.0", "num_attention_heads", "2.0"),
        .config("heads-missing", .fileMalformed, "no 'num_attention_heads'", "num_attention_heads", nil),
        .config("hidden-zero", .fileMalformed, "'hidden_size' is 0", "hidden_size", "0"),
        .config("hidden-other", .fileInconsistent, "has shape [11, 8], expected [11, 16]", "hidden_size", "16"),
        .config("hidden-huge", .fileInconsistent, "expected [11, 2147483647]", "hidden_size", "2147483647"),
        .config("layers-zero", .fileMalformed, "'num_hidden_layers' is 0", "num_hidden_layers", "0"),
        .config(
            "layers-one-too-many", .fileInconsistent, "no tensor 'encoder.layer.1.attention.self.query.weight'",
            "num_hidden_layers", "2"),
        .config("layers-huge", .fileInconsistent, "no tensor 'encoder.layer.1.", "num_hidden_layers", "2147483647"),
        .config("layers-undeclared", nil, "", "num_hidden_layers", nil),
        .config("vocabulary-other", .fileInconsistent, "has shape [11, 8], expected [12, 8]", "vocab_size", "12"),
        .config("positions-other", .fileInconsistent, "has shape [16, 8], expected [512, 8]", "max_position_embeddings", "512"),
        .config("types-other", .fileInconsistent, "has shape [2, 8], expected [1, 8]", "type_vocab_size", "1"),
        .config("intermediate-other", .fileInconsistent, "has shape [12, 8], expected [32, 8]", "intermediate_size", "32"),
        .config("activation-other", .fileUnsupported, "hidden_act 'mish' is not supported", "hidden_act", "\"mish\""),
        .config("epsilon-negative", .fileMalformed, "'layer_norm_eps' (negative)", "layer_norm_eps", "-1e-12"),
        .config("epsilon-string", .fileMalformed, "'layer_norm_eps' is 'small'", "layer_norm_eps", "\"small\""),
        .config("epsilon-infinite", .fileMalformed, "expected a finite number", "layer_norm_eps", "1e999"),
        .config("decoder", .fileUnsupported, "'is_decoder' is not supported", "is_decoder", "true"),
        .config("cross-attention", .fileUnsupported, "'add_cross_attention' is not supported", "add_cross_attention", "true"),
        .config(
            "positions-relative", .fileUnsupported, "position_embedding_type 'relative_key'", "position_embedding_type",
            "\"relative_key\""),
        .config("heads-pruned", .fileUnsupported, "'pruned_heads'", "pruned_heads", #"{"0": [1]}"#),
        .config(
            "architecture-other", .fileUnsupported, "architecture 'BertForMultipleChoice'", "architectures",
            "[\"BertForMultipleChoice\"]"),
        .config(
            "architecture-of-another-family", .fileUnsupported, "architecture 'DistilBertModel'", "architectures",
            "[\"DistilBertModel\"]"),
        .config("architectures-string", .fileMalformed, "'architectures' is 'BertModel'", "architectures", "\"BertModel\""),
        .config("architectures-number", .fileMalformed, "'architectures' 0 is 7", "architectures", "[7]"),
        .config(
            "labels-too-few", .fileInconsistent, "2 labels, but the classifier has 3 rows", "id2label", #"{"0": "a", "1": "b"}"#),
        .config("labels-hole", .fileMalformed, "each of 0 to 2 once", "id2label", #"{"0": "a", "1": "b", "3": "c"}"#),
        .config("labels-twice", .fileMalformed, "each of 0 to 2 once", "id2label", #"{"0": "a", "1": "b", "1": "c"}"#),
        .config("labels-key-padded", .fileMalformed, "the key '01'", "id2label", #"{"0": "a", "01": "b", "2": "c"}"#),
        .config(
            "labels-key-huge", .fileMalformed, "the key '99999999999999999999'", "id2label",
            #"{"0": "a", "1": "b", "99999999999999999999": "c"}"#),
        .config("labels-number", .fileMalformed, "'id2label' 1 is 5", "id2label", #"{"0": "a", "1": 5, "2": "c"}"#),
        .config("labels-array", .fileMalformed, "'id2label' is an array", "id2label", #"["a", "b", "c"]"#),
        .config("labels-missing", nil, "", "id2label", nil),
        .config("problem-type-other", .fileUnsupported, "problem_type 'ranking'", "problem_type", "\"ranking\""),
    ]

    static let tensors: [HostileCase] = [
        .init("tensor-missing", .fileInconsistent, "no tensor 'encoder.layer.0.output.dense.bias'") {
            $0.remove("encoder.layer.0.output.dense.bias")
        },
        .init("head-missing", .fileInconsistent, "no tensor 'classifier.weight'") { $0.remove("classifier") },
        .init("pooler-missing", .fileInconsistent, "no tensor 'pooler.dense.weight'") { $0.remove("pooler") },
        .init("pooler-half", .fileInconsistent, "no tensor 'pooler.dense.bias'") { $0.remove("pooler.dense.bias") },
        .init("pooler-missing-unused", nil) {
            $0.remove("pooler")
            $0.remove("classifier")
            $0.set("architectures", "[\"BertModel\"]")
        },
        .init("decoder-untied-missing", .fileInconsistent, "no tensor 'cls.predictions.decoder.weight'") {
            $0.set("architectures", "[\"BertForMaskedLM\"]")
            $0.set("tie_word_embeddings", "false")
        },
        .init(
            "tensor-transposed", .fileInconsistent,
            "'encoder.layer.0.intermediate.dense.weight' has shape [8, 12], expected [12, 8]"
        ) {
            $0.edit("encoder.layer.0.intermediate.dense.weight") { $0.shape = [8, 12] }
        },
        .init("tensor-flat", .fileInconsistent, "'pooler.dense.weight' has shape [64], expected [8, 8]") {
            $0.edit("pooler.dense.weight") { $0.shape = [64] }
        },
        .init("tensor-zero-rows", .fileInconsistent, "'classifier.weight' has shape [0, 8], expected [any, 8]") {
            $0.edit("classifier.weight") { $0.shape = [0, 8] }
        },
        .init("tensor-no-rows-but-huge", .fileInconsistent, "has shape [0, 1099511627776]") {
            $0.set("hidden_size", nil)
            $0.set("vocab_size", nil)
            $0.edit("embeddings.word_embeddings.weight") {
                $0.shape = [0, 1 << 40]
                $0.bytes = []
            }
        },
        .init("tensor-integers", .fileUnsupported, "dtype 'I64', expected F32, F16 or BF16") {
            $0.edit("embeddings.word_embeddings.weight") { $0.dtype = "I64" }
        },
        .init("tensor-under-two-names", .fileInconsistent, "are one tensor under two names") {
            $0.tensors.append(.init(name: "module.bert.pooler.dense.bias", shape: [8]))
        },
        .init("tensor-layer-index-huge", nil) {
            $0.tensors.append(.init(name: "encoder.layer.99999999999999999999.x", shape: [1]))
        },
        .init("tensors-of-another-family", .fileInconsistent, "no tensor 'embeddings.word_embeddings.weight'") { sample in
            for index in sample.tensors.indices { sample.tensors[index].name = "roberta." + sample.tensors[index].name }
        },
        .init("tensors-unused", nil) { sample in
            sample.tensors.append(.init(name: "bert.embeddings.position_ids", dtype: "I64", shape: [1, 16]))
            sample.tensors.append(.init(name: "embeddings.position_ids", dtype: "I64", shape: [1, 16]))
            sample.tensors.append(.init(name: "cls.seq_relationship.weight", shape: [2, 8]))
            sample.tensors.append(.init(name: "encoder.layer.1.output.dense.bias", shape: [0, 0, 0]))
        },
    ]

    private static let modules = "sentence_transformers.models."

    static let sentences: [HostileCase] = [
        .file("modules-object", .fileMalformed, "modules.json: the whole is an object", "modules.json", "{}"),
        .file("modules-none", .fileMalformed, "at least one module", "modules.json", "[]"),
        .file("modules-no-type", .fileMalformed, "an object with 'type' and 'path'", "modules.json", #"[{"path": ""}]"#),
        .file(
            "modules-dense", .fileUnsupported, "module 1 is 'Dense'", "modules.json",
            #"[{"path": "", "type": "\#(modules)Transformer"}, {"path": "1_Dense", "type": "\#(modules)Dense"}]"#),
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
            "pooling-two", .fileUnsupported, "pooling 'cls + mean' is not supported", "1_Pooling/config.json",
            #"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}"#),
        .file(
            "pooling-weighted", .fileUnsupported, "pooling 'weightedmean'", "1_Pooling/config.json",
            #"{"pooling_mode_weightedmean_tokens": true}"#),
        .file(
            "pooling-named-other", .fileUnsupported, "pooling 'lasttoken'", "1_Pooling/config.json",
            #"{"pooling_mode": "lasttoken"}"#),
        .file(
            "pooling-named-two", .fileUnsupported, "pooling 'mean + max'", "1_Pooling/config.json",
            #"{"pooling_mode": ["mean", "max"]}"#),
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
    /// A file with so many bytes that nobody should read them.
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
        .long("config-long", "config.json", 16 << 20 + 1, "config.json: a JSON text of 16777217 bytes, the most is 16777216"),
        .long("modules-long", "modules.json", 1 << 40, "modules.json: a JSON text of 1099511627776 bytes"),
        .long("pooling-long", "1_Pooling/config.json", 1 << 32, "1_Pooling/config.json: a JSON text of 4294967296 bytes"),
        .long("length-long", "sentence_bert_config.json", 1 << 30, "sentence_bert_config.json: a JSON text of 1073741824 bytes"),
        .long("tokenizer-config-long", "tokenizer_config.json", 1 << 30, "tokenizer_config.json: a JSON text of 1073741824 bytes"),
        .long("tokenizer-long", "tokenizer.json", 64 << 20 + 1, "tokenizer.json: a JSON text of 67108865 bytes, the most is 67108864"),
        .long("vocabulary-long", "vocab.txt", 32 << 20 + 1, "vocab.txt: 33554433 bytes, the most is 33554432"),
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
            $0.files["tokenizer.json"] = json(post: post(single, special: #""x":{"ids":[]}"#))
        },
        .init("template-many-ids", .fileUnsupported, "post_processor.single has more than 64 pieces") {
            let ids = [String](repeating: "2", count: 1_000_000).joined(separator: ",")
            let single = #"{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"x","type_id":0}}"#
            $0.files["tokenizer.json"] = json(post: post(single, special: #""x":{"ids":[\#(ids)]}"#))
        },
        .init("labels-many", .fileUnsupported, "config.json: 65537 labels, the most is 65536") { sample in
            sample.set("id2label", nil)
            for (name, shape) in [("classifier.weight", [65_537, 8]), ("classifier.bias", [65_537])] {
                sample.edit(name) { $0.shape = shape }
            }
        },
    ]
}

@Suite struct HostileFilesTests {
    @Test(arguments: HostileCase.all) func refused(_ hostile: HostileCase) {
        var sample = Sample.bert
        hostile.spoil(&sample)
        do {
            let model = try sample.open()
            #expect(hostile.status == nil, "it opened")
            #expect(model.configuration.maxLength <= model.configuration.maxPositions)
        } catch {
            let error = error as? LimbeckError
            #expect(error?.status == hostile.status)
            #expect(error?.message.contains(hostile.words) == true, "\(error?.message ?? "another error")")
        }
    }

    @Test func theUnspoiltSampleOpens() throws { _ = try Sample.bert.load() }

    @Test func namesAreDistinctAndListed() throws {
        #expect(Set(HostileCase.all.map(\.name)).count == HostileCase.all.count)
        let list = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../hostile/README.md")
        let text = try String(contentsOf: list, encoding: .utf8)
        for hostile in HostileCase.all {
            #expect(text.contains("`\(hostile.name)`"), "Tests/hostile/README.md lacks \(hostile.name)")
        }
    }

    @Test func foldersThatAreNone() {
        for (path, status) in [
            ("/nowhere/at/all", .fileNotFound), ("/dev/null", .fileUnreadable), ("", .fileNotFound), ("a\0b", .fileNotFound),
        ]
            as [(String, LimbeckError.Status)]
        {
            do throws(LimbeckError) {
                _ = try ModelFolder(path)
                Issue.record("'\(path)' opened")
            } catch {
                #expect(error.status == status)
            }
        }
    }

    /// Random damage either changes nothing that matters or is refused; it never traps.
    @Test func damage() {
        let seed = UInt64.random(in: 0 ... .max)
        print("damage seed \(seed)")
        var random = Random(seed: seed)
        let weights = Sample.bert.weights
        let headerEnd = weights.count - Sample.bert.tensors.reduce(0) { $0 + $1.contents.count }
        for _ in 0..<3000 {
            var bytes = weights
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<headerEnd, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            bytes.withUnsafeBytes { _ = try? Safetensors($0, file: "damaged") }
        }
        let config = Sample.bert.configBytes
        for _ in 0..<3000 {
            var bytes = config
            let alphabet = Array("{}[]\":,\\u0d8e+-. truefalsenull".utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = alphabet.randomElement(using: &random) ?? 0
            }
            bytes.withUnsafeBytes { buffer in
                guard let root = try? JSONDocument(buffer, file: "damaged").root else { return }
                for (key, value) in root.members { _ = (key.string, value.int, value.double, value.string, value["0"]?.string) }
            }
        }
    }
}
