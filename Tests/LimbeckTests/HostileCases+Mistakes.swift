import Foundation
import Limbeck

/// What users have in place of a model folder, or of a file in one: each case is recognised, and the message says what to do.
extension HostileCase {
    private static let pointer = """
        version https://git-lfs.github.com/spec/v1
        oid sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
        size 90868376

        """
    private static let page = "\u{FEFF}\r\n  <!DOCTYPE html>\n<html><body>Sign in</body></html>"

    /// The folder with this file in place of the one of that name.
    private static func with(_ name: String, _ words: String, _ file: String, _ contents: String) -> HostileCase {
        HostileCase(name, .fileMalformed, words) { $0.files[file] = Array(contents.utf8) }
    }

    /// The folder without weights, and with these files.
    private static func without(_ name: String, _ words: String, _ files: [String]) -> HostileCase {
        HostileCase(name, .fileNotFound, words) { sample in
            sample.missing = ["model.safetensors"]
            for file in files { sample.files[file] = [0] }
        }
    }

    /// A folder of these files alone.
    private static func only(_ name: String, _ words: String, _ files: [String: String]) -> HostileCase {
        HostileCase(name, .fileNotFound, words) { sample in
            sample.missing = ["model.safetensors", "config.json"]
            for (file, contents) in files { sample.files[file] = Array(contents.utf8) }
        }
    }

    static let mistakes: [HostileCase] = [
        .with("lfs-weights", "model.safetensors: a pointer of git-lfs, not the file itself", "model.safetensors", pointer),
        .with("lfs-config", "config.json: a pointer of git-lfs", "config.json", pointer),
        .with("lfs-tokenizer", "tokenizer.json: a pointer of git-lfs", "tokenizer.json", pointer),
        .with("lfs-vocabulary", "vocab.txt: a pointer of git-lfs", "vocab.txt", pointer),
        .with("page-weights", "model.safetensors: a web page or a server's reply", "model.safetensors", page),
        .with("page-config", "config.json: a web page", "config.json", "<HTML>"),
        .with("page-vocabulary", "vocab.txt: a web page", "vocab.txt", page),
        .with("page-error", "tokenizer.json: a web page", "tokenizer.json", "<?xml version='1.0'?><Error/>"),
        .with("page-not-found", "model.safetensors: a web page", "model.safetensors", "Entry not found"),
        .with("page-of-spaces", "config.json: not JSON", "config.json", String(repeating: " ", count: 64) + "<html>"),
        .without("weights-renamed", "'bert.safetensors' has another name: if it is the whole model", ["bert.safetensors"]),
        .without("weights-renamed-torch", "'model.pt' has another name: if it is the state_dict", ["model.pt", "optimizer.pt"]),
        .without("weights-part", "'model-00001-of-00002.safetensors' is one of several", ["model-00001-of-00002.safetensors"]),
        .without("weights-part-torch", "'pytorch_model-00002-of-00002.bin' is one", ["pytorch_model-00002-of-00002.bin"]),
        .without("weights-unfinished", "'model.safetensors.tmp' is left from an incomplete", ["model.safetensors.tmp"]),
        .without("weights-onnx", "'model.onnx' is a graph of operations", ["model.onnx", "zzz.bin"]),
        .without("weights-onnx-folder", "'onnx' is a graph of operations", ["onnx/model.onnx"]),
        .without("weights-openvino", "'openvino_model.xml' is a graph of operations", ["openvino_model.xml"]),
        .without("weights-tensorflow", "'tf_model.h5' is TensorFlow's or Flax's", ["tf_model.h5"]),
        .without("weights-flax", "'flax_model.msgpack' is TensorFlow's or Flax's", ["flax_model.msgpack"]),
        .without("weights-training", "or the index of one", ["training_args.bin", "optimizer.pt", "readme-of-it.txt"]),
        .only("config-inside", "/inner' has one: open that folder", ["inner/config.json": "{}", "a.txt": ""]),
        .only(
            "snapshot", "/snapshots/b2' has one: open that folder",
            ["refs/main": "b2\n", "snapshots/a1/config.json": "{}", "snapshots/b2/config.json": "{}", "blobs/x": ""]),
        .only(
            "snapshot-unnamed", "/snapshots/a1' has one: open that folder",
            ["refs/main": "c3", "snapshots/b2/config.json": "{}", "snapshots/a1/config.json": "{}"]),
        .only(
            "snapshot-outside", "config.json: no such file",
            ["refs/main": "../inner", "snapshots/x": "", "inner/a/config.json": ""]),
        .only("snapshot-endless", "config.json: no such file", ["refs/main": String(repeating: "a", count: 100_000)]),
        .init("checkpoint-of-a-trainer", nil) { sample in
            for file in ["optimizer.pt", "scheduler.pt", "rng_state.pth", "training_args.bin", "trainer_state.json"] {
                sample.files[file] = [0]
            }
        },
    ]

    static let adapters: [HostileCase] = [
        .init(
            "adapter-beside", .fileUnsupported,
            "adapter_config.json: an adapter of 'bert-base-uncased', which is not supported: merge"
        ) {
            $0.files["adapter_config.json"] = Array(#"{"peft_type": "LORA", "base_model_name_or_path": "bert-base-uncased"}"#.utf8)
            $0.files["adapter_model.safetensors"] = [0]
        },
        .init("adapter-alone", .fileUnsupported, "adapter_model.safetensors: an adapter is not supported: merge it") {
            $0.missing = ["model.safetensors", "config.json"]
            $0.files["adapter_model.safetensors"] = [0]
        },
        .init("adapter-torch", .fileUnsupported, "adapter_model.bin: an adapter is not supported") {
            $0.files["adapter_model.bin"] = [0]
        },
        .init("adapter-config-array", .fileMalformed, "adapter_config.json: the top level is an array") {
            $0.files["adapter_config.json"] = Array("[]".utf8)
        },
        .init("adapter-config-number", .fileUnsupported, "adapter_config.json: an adapter of 7, which is") {
            $0.files["adapter_config.json"] = Array(#"{"base_model_name_or_path": 7}"#.utf8)
        },
        .config(
            "adapters-named", .fileUnsupported, "config.json: 'adapters' names an adapter", "adapters",
            #"{"adapters": {"sst-2": "9076f36a74755ac4"}, "config_map": {}, "fusions": {}}"#),
        .config("adapters-fused", .fileUnsupported, "'adapters' names an adapter", "adapters", #"{"fusions": {"a,b": "dynamic"}}"#),
        .config("adapters-array", .fileUnsupported, "'adapters' names an adapter", "adapters", #"["sst-2"]"#),
        .config(
            "adapters-none", nil, "", "adapters", #"{"adapters": {}, "config_map": {}, "fusion_config_map": {}, "fusions": {}}"#),
    ]
}
