import Limbeck

/// The files of sentence-transformers.
extension HostileCase {
    private static let modules = "sentence_transformers.models."

    static let sentenceFiles: [HostileCase] = sentenceModules + sentenceStages + sentenceSettings

    private static let sentenceModules: [HostileCase] = [
        .file(
            "modules-other", .fileUnsupported, "module 2 is 'LSTM', which is not supported", "modules.json",
            #"[{"path": "", "type": "\#(modules)Transformer"}, {"path": "1_Pooling", "type": "\#(modules)Pooling"}, {"path": "2_LSTM", "type": "\#(modules)LSTM"}]"#
        ),
        .file(
            "modules-before-pooling", .fileUnsupported, "module 1 is 'Dense', expected a Pooling before it", "modules.json",
            #"[{"path": "", "type": "\#(modules)Transformer"}, {"path": "1_Dense", "type": "\#(modules)Dense"}]"#),
        .file(
            "modules-pooling-twice", .fileUnsupported, "module 2 is 'Pooling', expected only one", "modules.json",
            #"[{"path": "", "type": "\#(modules)Transformer"}, {"path": "1_Pooling", "type": "\#(modules)Pooling"}, {"path": "1_Pooling", "type": "\#(modules)Pooling"}]"#
        ),
        .file(
            "modules-no-pooling", .fileUnsupported, "no Pooling", "modules.json",
            #"[{"path": "", "type": "\#(modules)Transformer"}]"#),
        .file(
            "modules-transformer-twice", .fileUnsupported, "module 1 is 'Transformer', which is not supported", "modules.json",
            #"[{"path": "", "type": "\#(modules)Transformer"}, {"path": "", "type": "\#(modules)Transformer"}]"#),
        .file(
            "modules-name-twice", .fileMalformed, "duplicate name '1'", "modules.json",
            #"[{"name": "0", "path": "", "type": "\#(modules)Transformer"}, {"name": "1", "path": "1_Pooling", "type": "\#(modules)Pooling"}, {"name": "1", "path": "2_Normalize", "type": "\#(modules)Normalize"}]"#
        ),
        .init("modules-many", .fileMalformed, "a list of 66 modules") {
            $0.modules([("1_Pooling", "Pooling")] + [(String, String)](repeating: ("2_Normalize", "Normalize"), count: 64))
        },
        .file("modules-deep", .fileMalformed, "64 levels", "modules.json", String(repeating: "[", count: 1_000_000)),
        .file(
            "modules-pooling-in-root", .fileNotFound, "config.json: no such file, but modules.json names its folder for a Pooling",
            "modules.json",
            #"[{"path": "", "type": "\#(modules)Transformer"}, {"path": "", "type": "\#(modules)Pooling"}]"#),
        .file(
            "modules-plain-name", .fileUnsupported, "module 0 is 'Transformer2'", "modules.json",
            #"[{"path": "", "type": "Transformer2"}]"#),
        .file(
            "pooling-none", .fileMalformed, "no pooling, expected one", "1_Pooling/config.json",
            #"{"pooling_mode": []}"#),
        .file(
            "pooling-many", .fileUnsupported, "more than 16 poolings", "1_Pooling/config.json",
            #"{"pooling_mode": ["# + [String](repeating: #""mean""#, count: 5000).joined(separator: ",") + "]}"),
        .file(
            "pooling-other", .fileUnsupported, "pooling 'attention' is not supported", "1_Pooling/config.json",
            #"{"pooling_mode": "attention"}"#),
        .file(
            "pooling-pooler", .fileUnsupported, "pooling 'pooler' is not supported", "1_Pooling/config.json",
            #"{"pooling_mode": "pooler"}"#),
        .file(
            "pooling-number", .fileMalformed, "'pooling_mode' is 3", "1_Pooling/config.json",
            #"{"pooling_mode": 3}"#),
        .file(
            "pooling-list-number", .fileMalformed, "'pooling_mode' is 3", "1_Pooling/config.json",
            #"{"pooling_mode": ["mean", 3]}"#),
        .file(
            "pooling-prompt-string", .fileMalformed, "'include_prompt' is 'no'", "1_Pooling/config.json",
            #"{"include_prompt": "no"}"#),
        .file(
            "pooling-key", .fileUnsupported, "'pooling_mode_first' is not known", "1_Pooling/config.json",
            #"{"pooling_mode_first": true}"#),
    ]

    private static let sentenceStages: [HostileCase] = [
        .init("dense-fits", nil, "") {
            $0.dense(
                #"{"in_features": 8, "out_features": 4, "bias": true, "activation_function": "torch.nn.modules.activation.Tanh"}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-no-weights", .fileNotFound, "2_Dense/: no weights of the module") {
            $0.dense(#"{"in_features": 8, "out_features": 4}"#)
        },
        .init("dense-inputs-other", .fileInconsistent, "in_features is 16, but the vector before it has 8") {
            $0.dense(#"{"in_features": 16, "out_features": 4}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-outputs-other", .fileInconsistent, "'linear.weight' has shape [4, 8], expected [5, 8]") {
            $0.dense(#"{"in_features": 8, "out_features": 5}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-outputs-zero", .fileMalformed, "'out_features' is 0") {
            $0.dense(#"{"in_features": 8, "out_features": 0}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-outputs-huge", .fileInconsistent, "expected [2147483647, 8]") {
            $0.dense(#"{"in_features": 8, "out_features": 2147483647}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-bias-missing", .fileInconsistent, "no tensor 'linear.bias'") {
            $0.dense(#"{"in_features": 8, "out_features": 4}"#)
            $0.linear("2_Dense", out: 4, in: 8, bias: false)
        },
        .init("dense-bias-left", .fileInconsistent, "tensor 'linear.bias' is not part of the module") {
            $0.dense(#"{"in_features": 8, "out_features": 4, "bias": false}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init(
            "dense-activation-other", .fileUnsupported,
            "activation_function 'torch.nn.modules.activation.Hardswish' is not supported"
        ) {
            $0.dense(#"{"in_features": 8, "out_features": 4, "activation_function": "torch.nn.modules.activation.Hardswish"}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-activation-own", .fileUnsupported, "activation_function 'my.Tanh' is not supported") {
            $0.dense(#"{"in_features": 8, "out_features": 4, "activation_function": "my.Tanh"}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-activation-null", .fileUnsupported, "activation_function 'null' is not supported") {
            $0.dense(#"{"in_features": 8, "out_features": 4, "activation_function": null}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-softmax", .fileUnsupported, "activation_function 'Softmax' is not supported") {
            $0.dense(#"{"in_features": 8, "out_features": 4, "activation_function": "torch.nn.Softmax"}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-of-tokens", .fileUnsupported, "'module_input_name' is 'token_embeddings'") {
            $0.dense(#"{"in_features": 8, "out_features": 4, "module_input_name": "token_embeddings"}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-residual-missing", .fileInconsistent, "no tensor 'residual.weight'") {
            $0.dense(#"{"in_features": 8, "out_features": 4, "use_residual": true}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-key", .fileUnsupported, "'use_gate' is not known") {
            $0.dense(#"{"in_features": 8, "out_features": 4, "use_gate": true}"#)
            $0.linear("2_Dense", out: 4, in: 8)
        },
        .init("dense-widest", .fileUnsupported, "vectors of 65537 numbers, expected at most 65536") {
            $0.dense(#"{"in_features": 8}"#)
            $0.linear("2_Dense", out: 65537, in: 8)
        },
    ]

    private static let sentenceSettings: [HostileCase] = [
        .file(
            "prompts-array", .fileMalformed, "'prompts' is an array", "config_sentence_transformers.json",
            #"{"prompts": ["a"]}"#),
        .file(
            "prompts-number", .fileMalformed, "the prompt 'query' is 3", "config_sentence_transformers.json",
            #"{"prompts": {"query": 3}}"#),
        .file(
            "prompts-null", nil, "", "config_sentence_transformers.json",
            #"{"prompts": {"query": null, "x": ""}}"#),
        .file(
            "prompt-megabyte", .fileUnsupported, "a prompt of 1048576 bytes after 2 others", "config_sentence_transformers.json",
            #"{"prompts": {"query": ""# + String(repeating: "a", count: 1 << 20) + #""}}"#),
        .file(
            "prompt-name-megabyte", .fileUnsupported, "of 16384 bytes", "config_sentence_transformers.json",
            #"{"prompts": {""# + String(repeating: "a", count: 1 << 20) + #"": "a"}}"#),
        .file(
            "prompts-many", .fileUnsupported, "after 1024 others, expected at most 1024", "config_sentence_transformers.json",
            #"{"prompts": {"# + (0..<5000).map { #""\#($0)": "a""# }.joined(separator: ",") + "}}"),
        .file(
            "default-prompt-missing", .fileInconsistent, "default_prompt_name is 'a', and the prompts are 'query', 'document', 'b'",
            "config_sentence_transformers.json",
            #"{"prompts": {"b": "b: "}, "default_prompt_name": "a"}"#),
        .file(
            "default-prompt-number", .fileMalformed, "'default_prompt_name' is 1", "config_sentence_transformers.json",
            #"{"default_prompt_name": 1}"#),
        .file(
            "truncate-zero", .fileMalformed, "'truncate_dim' is 0", "config_sentence_transformers.json",
            #"{"truncate_dim": 0}"#),
        .file(
            "truncate-negative", .fileMalformed, "'truncate_dim' is -1", "config_sentence_transformers.json",
            #"{"truncate_dim": -1}"#),
        .file(
            "truncate-wide", nil, "", "config_sentence_transformers.json",
            #"{"truncate_dim": 100000}"#),
        .file(
            "model-type-sparse", .fileUnsupported, "model_type 'SparseEncoder' is not supported",
            "config_sentence_transformers.json",
            #"{"model_type": "SparseEncoder"}"#),
        .file(
            "similarity-other", .fileUnsupported, "similarity_fn_name 'maxsim' is not supported",
            "config_sentence_transformers.json",
            #"{"similarity_fn_name": "maxsim"}"#),
        .file(
            "sentence-model-key", .fileUnsupported, "'embedding_prompt' is not known", "config_sentence_transformers.json",
            #"{"embedding_prompt": "a"}"#),
        .file(
            "cross-encoder-modules", .fileUnsupported, "module 1 is 'Pooling', expected none after a cross-encoder's Transformer",
            "config_sentence_transformers.json",
            #"{"model_type": "CrossEncoder"}"#),
        .init("cross-encoder-without-head", .fileInconsistent, "weights without a classifier") {
            $0.set("architectures", #"["BertModel"]"#)
            $0.modules([])
            $0.files["config_sentence_transformers.json"] = Array(#"{"model_type": "CrossEncoder"}"#.utf8)
        },
        .init(
            "cross-encoder-by-its-task", .fileInconsistent,
            "sentence_bert_config.json: a cross-encoder, and weights without a classifier"
        ) {
            $0.set("architectures", #"["BertModel"]"#)
            $0.modules([])
            $0.files["sentence_bert_config.json"] = Array(#"{"transformer_task": "sequence-classification"}"#.utf8)
        },
        .init("cross-encoder-fits", nil, "") {
            $0.modules([])
            $0.files["config_sentence_transformers.json"] = Array(
                #"{"model_type": "CrossEncoder", "activation_fn": "torch.nn.modules.activation.Sigmoid"}"#.utf8)
        },
        .init("cross-encoder-activation", .fileUnsupported, "activation_fn 'torch.nn.modules.activation.Tanh' is not supported") {
            $0.modules([])
            $0.files["config_sentence_transformers.json"] = Array(
                #"{"model_type": "CrossEncoder", "activation_fn": "torch.nn.modules.activation.Tanh"}"#.utf8)
        },
        .init("cross-encoder-activation-number", .fileMalformed, "'activation_fn' is 1") {
            $0.modules([])
            $0.files["config_sentence_transformers.json"] = Array(#"{"model_type": "CrossEncoder", "activation_fn": 1}"#.utf8)
        },
        .config(
            "cross-encoder-old-other", .fileUnsupported, "sbert_ce_default_activation_function 'my.Own' is not supported",
            "sbert_ce_default_activation_function", #""my.Own""#),
        .config(
            "cross-encoder-old-number", .fileMalformed, "'sentence_transformers' is 5", "sentence_transformers", #"5"#),
        .file(
            "length-huge", .fileMalformed, "'max_seq_length' is 99999999999999999999", "sentence_bert_config.json",
            #"{"max_seq_length": 99999999999999999999}"#),
        .file(
            "length-old-name", .fileMalformed, "sentence_roberta_config.json: 'max_seq_length' is 'a'",
            "sentence_roberta_config.json",
            #"{"max_seq_length": "a"}"#),
        .init("task-of-another-model", .fileInconsistent, "the task of another model") {
            $0.sentenceTransformers()
            $0.files["config_sentence_transformers.json"] = Array(#"{"model_type": "SentenceTransformer"}"#.utf8)
            $0.files["sentence_bert_config.json"] = Array(#"{"transformer_task": "sequence-classification"}"#.utf8)
        },
        .file(
            "modality-method", .fileUnsupported, "'method' is 'encode'", "sentence_bert_config.json",
            #"{"modality_config": {"text": {"method": "encode"}}}"#),
        .file(
            "length-arguments", .fileMalformed, "'model_max_length' is 0", "sentence_bert_config.json",
            #"{"tokenizer_args": {"model_max_length": 0}}"#),
        .file(
            "arguments-other", .fileUnsupported, "'num_hidden_layers' is not known", "sentence_bert_config.json",
            #"{"config_args": {"num_hidden_layers": 1}}"#),
        .file(
            "arguments-array", .fileMalformed, "'model_args' is an array", "sentence_bert_config.json",
            #"{"model_args": []}"#),
        .file(
            "task-other", .fileUnsupported, "'transformer_task' is 'fill-mask', which is not supported",
            "sentence_bert_config.json",
            #"{"transformer_task": "fill-mask"}"#),
        .file(
            "modality-image", .fileUnsupported, "'image' is not known and may change answers", "sentence_bert_config.json",
            #"{"modality_config": {"image": {"method": "get_image_features", "method_output_name": null}}}"#),
        .file(
            "modality-output", .fileUnsupported, "'method_output_name' is an array", "sentence_bert_config.json",
            #"{"modality_config": {"text": {"method": "forward", "method_output_name": ["hidden_states", -2]}}}"#),
        .file(
            "modality-array", .fileMalformed, "'modality_config' is an array", "sentence_bert_config.json",
            #"{"modality_config": []}"#),
        .file(
            "tokenizer-elsewhere", .fileUnsupported, "'tokenizer_name_or_path' is '../other'", "sentence_bert_config.json",
            #"{"tokenizer_name_or_path": "../other"}"#),
        .file(
            "processing-other", .fileUnsupported, "'processing_kwargs' is an object", "sentence_bert_config.json",
            #"{"processing_kwargs": {"text": {"max_length": 3}}}"#),
        .file(
            "length-old-key", .fileMalformed, "'max_len' is 0", "tokenizer_config.json",
            #"{"max_len": 0}"#),
    ]
}

extension Sample {
    /// A modules.json of these folders and classes after the Transformer.
    fileprivate mutating func modules(_ modules: [(path: String, type: String)]) {
        let all = [("", "Transformer")] + modules
        let entries = all.map { #"{"path": "\#($0.0)", "type": "sentence_transformers.models.\#($0.1)"}"# }
        sentenceTransformers(modules: "[" + entries.joined(separator: ", ") + "]")
    }

    fileprivate mutating func dense(_ config: String) {
        modules([("1_Pooling", "Pooling"), ("2_Dense", "Dense")])
        files["2_Dense/config.json"] = Array(config.utf8)
    }

    /// The weights of a module's matrix.
    fileprivate mutating func linear(_ folder: String, out: Int, in inputs: Int, bias: Bool = true) {
        var module = Sample(config: [], tensors: [SampleTensor(name: "linear.weight", shape: [out, inputs])])
        if bias { module.tensors.append(SampleTensor(name: "linear.bias", shape: [out])) }
        files["\(folder)/model.safetensors"] = module.weights
    }
}
