/// llama.cpp's tensor names, and today's names in transformers without the base model's prefix.
struct GGUFNames {
    private let layers: String
    private let parts: [(gguf: String, transformers: String)]

    private static let embeddings = [
        (gguf: "token_embd", transformers: "embeddings.word_embeddings"),
        (gguf: "position_embd", transformers: "embeddings.position_embeddings"),
        (gguf: "token_types", transformers: "embeddings.token_type_embeddings"),
        (gguf: "token_embd_norm", transformers: "embeddings.LayerNorm"),
    ]

    init(_ family: Family) {
        if family == .distilBERT {
            layers = "transformer.layer."
            parts = [
                ("attn_q", "attention.q_lin"), ("attn_k", "attention.k_lin"),
                ("attn_v", "attention.v_lin"), ("attn_output", "attention.out_lin"),
                ("attn_output_norm", "sa_layer_norm"), ("ffn_up", "ffn.lin1"),
                ("ffn_down", "ffn.lin2"), ("layer_output_norm", "output_layer_norm"),
            ]
        } else {
            layers = "encoder.layer."
            parts = [
                ("attn_q", "attention.self.query"), ("attn_k", "attention.self.key"),
                ("attn_v", "attention.self.value"), ("attn_output", "attention.output.dense"),
                ("attn_output_norm", "attention.output.LayerNorm"),
                ("ffn_up", "intermediate.dense"), ("ffn_down", "output.dense"),
                ("layer_output_norm", "output.LayerNorm"),
            ]
        }
    }

    /// "blk.3.ffn_up.weight" becomes "encoder.layer.3.intermediate.dense.weight". Other names stay unchanged.
    func canonical(_ written: String) -> String {
        let words = written.utf8Parts(between: UInt8(ascii: "."))
        func found(_ list: [(gguf: String, transformers: String)], _ index: Int) -> String? {
            let word = words[index]
            return list.first { $0.gguf == word }?.transformers
        }
        if words.count == 2, let name = found(GGUFNames.embeddings, 0) {
            return "\(name).\(words[1])"
        }
        if words.count == 4, words[0] == "blk", let name = found(parts, 2) {
            return "\(layers)\(words[1]).\(name).\(words[3])"
        }
        return written
    }
}
