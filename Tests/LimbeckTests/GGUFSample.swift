import Foundation

/// A GGUF file to corrupt: the tensors of a `Sample` without its heads, with llama.cpp's names.
struct GGUFSample {
    /// Each value is preceded by its type code.
    var values: [(key: [UInt8], value: [UInt8])] = []
    var tensors: [Tensor] = []
    var magic: [UInt8] = Array("GGUF".utf8)
    var version: UInt32 = 3
    /// nil: the actual number.
    var valueCount: UInt64?
    var tensorCount: UInt64?
    /// The bytes after the tensors.
    var tail: [UInt8] = []

    struct Tensor {
        var name: [UInt8]
        /// The row length first.
        var sizes: [UInt64]
        var type: UInt32 = 0
        var bytes: [UInt8]
        /// nil: the actual offset.
        var offset: UInt64?
    }

    // MARK: - Values

    static func uint32(_ value: UInt32) -> [UInt8] { littleEndian(UInt32(4)) + littleEndian(value) }
    static func int32(_ value: Int32) -> [UInt8] { littleEndian(UInt32(5)) + littleEndian(value) }
    static func float(_ value: Float) -> [UInt8] {
        littleEndian(UInt32(6)) + littleEndian(value.bitPattern)
    }
    static func bool(_ value: UInt8) -> [UInt8] { littleEndian(UInt32(7)) + [value] }
    static func bare(_ text: [UInt8]) -> [UInt8] { littleEndian(UInt64(text.count)) + text }
    static func text(_ text: String) -> [UInt8] { littleEndian(UInt32(8)) + bare(Array(text.utf8)) }

    static func array(_ type: UInt32, _ elements: [[UInt8]], count: UInt64? = nil) -> [UInt8] {
        littleEndian(UInt32(9)) + littleEndian(type) + littleEndian(count ?? UInt64(elements.count))
            + elements.joined()
    }

    static func texts(_ texts: [String]) -> [UInt8] { array(8, texts.map { bare(Array($0.utf8)) }) }
    static func ints(_ ints: [Int32]) -> [UInt8] { array(5, ints.map { littleEndian($0) }) }

    /// Sets, adds or (nil) removes a value.
    mutating func set(_ key: String, _ value: [UInt8]?) {
        values.removeAll { $0.key == Array(key.utf8) }
        if let value { values.append((Array(key.utf8), value)) }
    }

    mutating func edit(_ name: String, _ change: (inout Tensor) -> Void) {
        for index in tensors.indices where tensors[index].name == Array(name.utf8) {
            change(&tensors[index])
        }
    }

    // MARK: - The file

    static let tokens = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "▁a", "▁b", "b", "▁,", "▁c", "d",
    ]

    init(_ sample: Sample) {
        set("general.architecture", GGUFSample.text("bert"))
        for (key, value) in [
            ("block_count", 1), ("context_length", 16), ("embedding_length", 8),
            ("feed_forward_length", 12), ("attention.head_count", 2), ("pooling_type", 1),
        ] as [(String, UInt32)] {
            set("bert.\(key)", GGUFSample.uint32(value))
        }
        set("bert.attention.layer_norm_epsilon", GGUFSample.float(1e-12))
        set("bert.attention.causal", GGUFSample.bool(0))
        set("tokenizer.ggml.model", GGUFSample.text("bert"))
        set("tokenizer.ggml.tokens", GGUFSample.texts(GGUFSample.tokens))
        set("tokenizer.ggml.token_type", GGUFSample.ints([3, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1]))
        set("tokenizer.ggml.token_type_count", GGUFSample.uint32(2))
        for (id, name) in ["padding", "unknown", "bos", "seperator", "mask"].enumerated() {
            set("tokenizer.ggml.\(name)_token_id", GGUFSample.uint32(UInt32(id)))
        }
        for tensor in sample.tensors {
            guard let name = GGUFSample.name(tensor.name) else { continue }
            tensors.append(
                Tensor(
                    name: Array(name.utf8), sizes: tensor.shape.reversed().map { UInt64($0) },
                    bytes: tensor.contents))
        }
    }

    private static func name(_ name: String) -> String? {
        let names = [
            "embeddings.word_embeddings": "token_embd",
            "embeddings.position_embeddings": "position_embd",
            "embeddings.token_type_embeddings": "token_types",
            "embeddings.LayerNorm": "token_embd_norm",
            "encoder.layer.0.attention.self.query": "blk.0.attn_q",
            "encoder.layer.0.attention.self.key": "blk.0.attn_k",
            "encoder.layer.0.attention.self.value": "blk.0.attn_v",
            "encoder.layer.0.attention.output.dense": "blk.0.attn_output",
            "encoder.layer.0.attention.output.LayerNorm": "blk.0.attn_output_norm",
            "encoder.layer.0.intermediate.dense": "blk.0.ffn_up",
            "encoder.layer.0.output.dense": "blk.0.ffn_down",
            "encoder.layer.0.output.LayerNorm": "blk.0.layer_output_norm",
        ]
        guard let dot = name.lastIndex(of: "."), let found = names[String(name[..<dot])] else {
            return nil
        }
        return found + name[dot...]
    }

    var bytes: [UInt8] {
        var head = magic + littleEndian(version)
        head += littleEndian(tensorCount ?? UInt64(tensors.count))
        head += littleEndian(valueCount ?? UInt64(values.count))
        for (key, value) in values { head += GGUFSample.bare(key) + value }
        var data: [UInt8] = []
        for tensor in tensors {
            data += [UInt8](repeating: 0, count: (32 - data.count % 32) % 32)
            head += GGUFSample.bare(tensor.name) + littleEndian(UInt32(tensor.sizes.count))
            for size in tensor.sizes { head += littleEndian(size) }
            head += littleEndian(tensor.type) + littleEndian(tensor.offset ?? UInt64(data.count))
            data += tensor.bytes
        }
        head += [UInt8](repeating: 0, count: (32 - head.count % 32) % 32)
        return head + data + tail
    }
}

extension Sample {
    /// model.gguf in place of everything else.
    mutating func gguf(_ spoil: (inout GGUFSample) -> Void) {
        var gguf = GGUFSample(self)
        spoil(&gguf)
        missing = ["model.safetensors", "config.json"]
        files["model.gguf"] = gguf.bytes
    }
}
