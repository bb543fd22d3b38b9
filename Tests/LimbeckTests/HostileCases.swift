import Foundation
import Limbeck
import Testing

/// Corrupt folders, one case per idea: each is refused with this status and a message that contains these words, or (status nil)
/// opens. `Tests/hostile/README.md` lists them.
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

    /// A weight file with this header and this many bytes of data.
    static func header(
        _ name: String, _ words: String, _ header: String, data: Int = 0, status: LimbeckError.Status = .fileMalformed
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            sample.files["model.safetensors"] = safetensors(header, data: [UInt8](repeating: 0, count: data))
        }
    }

    /// config.json with a key set to a JSON text; nil removes the key.
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

    static let all =
        weights + headers + configurations + keys + tensors + sentences + sentenceFiles + tokenizers + classes + bytePairs
        + characters
        + unigram
        + sentencePiece
        + sizes
        + pickles + views + archives + shards + ggufHeaders + ggufTensors + ggufValues + mistakes + adapters
        + exits
}

extension HostileCase {
    static let weights: [HostileCase] = [
        .init("weights-missing", .fileNotFound, "model.safetensors") { $0.missing = ["model.safetensors"] },
        .init("weights-pickle", .fileMalformed, "pytorch_model.bin: a pickle without the magic number") {
            $0.missing = ["model.safetensors"]
            $0.files["pytorch_model.bin"] = [0x80]
        },
        .init("weights-sharded", .fileMalformed, "model.safetensors.index.json: no 'weight_map'") { $0.shards("{}") },
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
        .init("header-over-bound", .fileMalformed, "100000001 bytes, expected at most 100000000") {
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
            "tensor-twice", "duplicate name 'a'", tensor("a", "[0, 4]") + "," + tensor("a", "[0, 4]"), braces: true,
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
        .init("config-missing", .fileNotFound, "config.json: no such file; get it from the source of 'model.safetensors'") {
            $0.missing = ["config.json"]
        },
        .init("config-empty", .fileMalformed, "config.json: an empty file, 0 bytes") { $0.files["config.json"] = [] },
        .init("config-array", .fileMalformed, "the top level is an array at byte 0, expected an object") {
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
        .config("model-type-other", .fileUnsupported, "model_type 'gpt2' is not supported", "model_type", "\"gpt2\""),
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
        .config("decoder", .fileUnsupported, "'is_decoder' is true, which is not supported: encoders only", "is_decoder", "true"),
        .config("cross-attention", .fileUnsupported, "'add_cross_attention' is true", "add_cross_attention", "true"),
        .config(
            "positions-relative", .fileUnsupported, "'position_embedding_type' is 'relative_key'", "position_embedding_type",
            "\"relative_key\""),
        .config("heads-pruned", .fileUnsupported, "'pruned_heads'", "pruned_heads", #"{"0": [1]}"#),
        .config(
            "architecture-other", .fileUnsupported, "architecture 'BertForPoetry'", "architectures",
            "[\"BertForPoetry\"]"),
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
        .config("labels-number", nil, "", "id2label", #"{"0": "a", "1": 5, "2": true}"#),
        .config("labels-null", .fileMalformed, "'id2label' 1 is null", "id2label", #"{"0": "a", "1": null, "2": "c"}"#),
        .config("labels-object", .fileMalformed, "'id2label' 1 is an object", "id2label", #"{"0": "a", "1": {}, "2": "c"}"#),
        .init("labels-of-another-number", nil) {
            $0.set("num_labels", "3")
            $0.set("id2label", #"{"0": "a", "1": "b"}"#)
        },
        .init("labels-of-neither-number", .fileInconsistent, "2 labels, but the classifier has 3 rows") {
            $0.set("num_labels", "4")
            $0.set("id2label", #"{"0": "a", "1": "b"}"#)
        },
        .config("labels-counted-by-a-string", .fileMalformed, "'num_labels' is 'three'", "num_labels", "\"three\""),
        .config("labels-array", .fileMalformed, "'id2label' is an array", "id2label", #"["a", "b", "c"]"#),
        .config("labels-missing", nil, "", "id2label", nil),
        .config("problem-type-other", .fileUnsupported, "'problem_type' is 'ranking'", "problem_type", "\"ranking\""),
    ]

    static let tensors: [HostileCase] = [
        .init("tensor-missing", .fileInconsistent, "no tensor 'encoder.layer.0.output.dense.bias'") {
            $0.remove("encoder.layer.0.output.dense.bias")
        },
        .init("head-missing", nil) { $0.remove("classifier") },
        .init("head-half", .fileInconsistent, "no tensor 'classifier.weight', but 'classifier.bias', both of the head") {
            $0.remove("classifier.weight")
        },
        .init("head-of-another-class", nil) { $0.set("architectures", "[\"BertForMaskedLM\"]") },
        .init("architectures-many", nil) {
            $0.set("architectures", "[\"BertForMaskedLM\", \"BertForPoetry\", \"BertForSequenceClassification\"]")
        },
        .init("architecture-other-alone", nil) {
            $0.remove("classifier")
            $0.set("architectures", "[\"BertForPoetry\"]")
        },
        .init("architecture-other-with-tensors", .fileUnsupported, "what it does with tensor 'poems.weight' is not known") {
            $0.remove("classifier")
            $0.set("architectures", "[\"BertForPoetry\"]")
            $0.tensors.append(.init(name: "poems.weight", shape: [8]))
        },
        .init("tensor-of-an-adapter", .fileUnsupported, "is an adapter's: merge it") {
            $0.tensors.append(.init(name: "bert.encoder.layer.0.attention.self.query.lora_A.default.weight", shape: [2, 8]))
        },
        .init("tensor-wrapped", nil) { sample in
            for index in sample.tensors.indices {
                sample.tensors[index].name = "_orig_mod.module." + sample.tensors[index].name
            }
        },
        .init("tensor-wrapped-and-not", .fileInconsistent, "are one tensor under two names") {
            $0.tensors.append(.init(name: "_orig_mod.pooler.dense.bias", shape: [8]))
        },
        .init("pooler-missing", .fileInconsistent, "no tensor 'pooler.dense.weight'") { $0.remove("pooler") },
        .init("pooler-half", .fileInconsistent, "no tensor 'pooler.dense.bias'") { $0.remove("pooler.dense.bias") },
        .init("pooler-missing-unused", nil) {
            $0.remove("pooler")
            $0.remove("classifier")
            $0.set("architectures", "[\"BertModel\"]")
        },
        .init("decoder-untied-missing", .fileInconsistent, "no tensor 'cls.predictions.decoder.weight'") {
            $0.predictions()
            $0.set("tie_word_embeddings", "false")
        },
        .init("decoder-tied", nil) { $0.predictions() },
        .init("decoder-bias-missing", .fileInconsistent, "no tensor 'cls.predictions.bias'") {
            $0.predictions()
            $0.remove("cls.predictions.bias")
        },
        .init("decoder-two-biases", nil) {
            $0.predictions()
            $0.tensors.append(.init(name: "cls.predictions.decoder.bias", shape: [11]))
        },
        .init("decoder-bias-short", .fileInconsistent, "'cls.predictions.decoder.bias' has shape [10], expected [11]") {
            $0.predictions()
            $0.tensors.append(.init(name: "cls.predictions.decoder.bias", shape: [10]))
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
        .init("tensor-integers", .fileUnsupported, "dtype 'I64', expected F32, F16, BF16 or F64") {
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
}
