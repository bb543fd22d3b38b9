import Foundation
import Limbeck

/// A small model folder to corrupt: hidden size 8, one layer, two heads, all weights zero.
struct Sample {
    struct SampleTensor {
        var name: String
        var dtype = "F32"
        var shape: [Int]
        var bytes: [UInt8]?

        var contents: [UInt8] {
            if let bytes { return bytes }
            let size = ["F32": 4, "F16": 2, "BF16": 2, "I64": 8][dtype] ?? 1
            return [UInt8](repeating: 0, count: shape.reduce(size, *))
        }
    }

    /// Keys and JSON texts of config.json.
    var config: [(key: String, json: String)]
    var tensors: [SampleTensor]
    /// Files in addition to those two, or instead of them.
    var files: [String: [UInt8]] = [:]
    var missing: Set<String> = []
    /// Files that are extended to this many bytes, with zeros that take no room on the disk.
    var lengths: [String: Int] = [:]
    /// Named pipes without a writer.
    var fifos: [String] = []

    /// Sets the class of transformers that reads the tokenizer; by default it is that of the model.
    mutating func setTokenizerClass(_ name: String) {
        files["tokenizer_config.json"] = Array(#"{"tokenizer_class":"\#(name)"}"#.utf8)
    }

    static var bert: Sample {
        var tensors = [
            SampleTensor(name: "embeddings.word_embeddings.weight", shape: [11, 8]),
            SampleTensor(name: "embeddings.position_embeddings.weight", shape: [16, 8]),
            SampleTensor(name: "embeddings.token_type_embeddings.weight", shape: [2, 8]),
        ]
        func add(_ name: String, _ out: Int, _ width: Int? = nil) {
            tensors.append(SampleTensor(name: name + ".weight", shape: width.map { [out, $0] } ?? [out]))
            tensors.append(SampleTensor(name: name + ".bias", shape: [out]))
        }
        add("embeddings.LayerNorm", 8)
        for name in ["self.query", "self.key", "self.value", "output.dense"] { add("encoder.layer.0.attention.\(name)", 8, 8) }
        add("encoder.layer.0.attention.output.LayerNorm", 8)
        add("encoder.layer.0.intermediate.dense", 12, 8)
        add("encoder.layer.0.output.dense", 8, 12)
        add("encoder.layer.0.output.LayerNorm", 8)
        add("pooler.dense", 8, 8)
        add("classifier", 3, 8)
        return Sample(
            config: [
                ("model_type", "\"bert\""), ("architectures", "[\"BertForSequenceClassification\"]"), ("hidden_size", "8"),
                ("num_hidden_layers", "1"), ("num_attention_heads", "2"), ("intermediate_size", "12"), ("vocab_size", "11"),
                ("max_position_embeddings", "16"), ("type_vocab_size", "2"), ("hidden_act", "\"gelu\""),
                ("layer_norm_eps", "1e-12"), ("id2label", #"{"0": "a", "1": "b", "2": "c"}"#),
            ], tensors: tensors)
    }

    /// Sets, adds or (nil) removes a key of config.json.
    mutating func set(_ key: String, _ json: String?) {
        config.removeAll { $0.key == key }
        if let json { config.append((key, json)) }
    }

    mutating func edit(_ name: String, _ change: (inout SampleTensor) -> Void) {
        for index in tensors.indices where tensors[index].name == name { change(&tensors[index]) }
    }

    mutating func remove(_ prefix: String) { tensors.removeAll { $0.name.hasPrefix(prefix) } }

    /// A head for masked tokens in place of the classifier, tied to the word embeddings.
    mutating func predictions() {
        remove("classifier")
        set("architectures", "[\"BertForMaskedLM\"]")
        for (name, shape) in [
            ("transform.dense.weight", [8, 8]), ("transform.dense.bias", [8]), ("transform.LayerNorm.weight", [8]),
            ("transform.LayerNorm.bias", [8]), ("bias", [11]),
        ] {
            tensors.append(SampleTensor(name: "cls.predictions.\(name)", shape: shape))
        }
    }

    mutating func sentenceTransformers(pooling: String = #"{"pooling_mode_mean_tokens": true}"#, modules: String? = nil) {
        let type = "sentence_transformers.models."
        files["modules.json"] = Array(
            (modules
                ?? """
                [{"idx": 0, "path": "", "type": "\(type)Transformer"}, {"idx": 1, "path": "1_Pooling", "type": "\(type)Pooling"},
                 {"idx": 2, "path": "2_Normalize", "type": "\(type)Normalize"}]
                """).utf8)
        files["1_Pooling/config.json"] = Array(pooling.utf8)
    }

    var configBytes: [UInt8] { Array(("{" + config.map { "\"\($0.key)\": \($0.json)" }.joined(separator: ",\n") + "}").utf8) }

    var weights: [UInt8] {
        var header: [String] = []
        var data: [UInt8] = []
        for tensor in tensors {
            let start = data.count
            data += tensor.contents
            header.append(
                #""\#(tensor.name)":{"dtype":"\#(tensor.dtype)","shape":\#(tensor.shape),"data_offsets":[\#(start),\#(data.count)]}"#
            )
        }
        return safetensors("{" + header.joined(separator: ",") + "}", data: data)
    }

    /// Writes the folder, reads it, and deletes it.
    func load() throws -> LoadedModel { try withFolder { try LoadedModel.load(ModelFolder($0)) } }

    /// The same for the whole model, tokenizer and all.
    func open() throws -> Model { try withFolder { try Model(path: $0) } }

    func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("limbeck-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var all = files
        if all["config.json"] == nil { all["config.json"] = configBytes }
        if all["model.safetensors"] == nil { all["model.safetensors"] = weights }
        for (name, bytes) in all where !missing.contains(name) {
            let file = URL(fileURLWithPath: path).appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        for (name, length) in lengths { truncate("\(path)/\(name)", off_t(length)) }
        for name in fifos { mkfifo("\(path)/\(name)", 0o600) }
        return try body(path)
    }
}

/// The bytes of a safetensors file with this header.
func safetensors(_ header: String, data: [UInt8] = []) -> [UInt8] { safetensors(Array(header.utf8), data: data) }

func safetensors(_ header: [UInt8], length: UInt64? = nil, data: [UInt8] = []) -> [UInt8] {
    withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian) { Array($0) } + header + data
}
