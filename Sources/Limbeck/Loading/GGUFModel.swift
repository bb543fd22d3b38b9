/// llama.cpp's conversion of a BERT or DistilBERT: `general.architecture` "bert". It keeps only what embedding needs, and no
/// activation name: nearly all such models have the exact GELU.
extension GGUFFile {
    private var family: Family {
        // DistilBERT is converted to a BERT without token types.
        tensors.contains { $0.name == "token_types.weight" } ? .bert : .distilBERT
    }

    /// The contents of config.json, in JSON.
    private func configuration() throws(LimbeckError) -> String {
        let architecture = try string("general.architecture")
        guard architecture == "bert" else {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): general.architecture '\(architecture)' is not supported, expected 'bert'")
        }
        if let parts = try optionalInt("split.count"), parts > 1 {
            throw LimbeckError(
                .fileUnsupported, "\(file): one of \(parts) files of a model, expected a whole one")
        }
        if try optionalBool("bert.attention.causal") == true {
            throw LimbeckError(
                .fileUnsupported, "\(file): bert.attention.causal is true: encoders only")
        }
        if let head = tensors.first(where: { $0.name.hasUTF8Prefix("cls.") }) {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): tensor '\(head.name)': heads are not supported in GGUF files")
        }
        let rules = family.rules
        var members: [(key: String, value: Int)] = [
            (rules.sizes.hidden, try size("bert.embedding_length")),
            (rules.sizes.layers, try size("bert.block_count")),
            (rules.sizes.attentionHeads, try size("bert.attention.head_count")),
            (rules.sizes.intermediate, try size("bert.feed_forward_length")),
            ("max_position_embeddings", try size("bert.context_length")),
        ]
        if family == .bert, let types = try optionalSize("tokenizer.ggml.token_type_count") {
            members.append(("type_vocab_size", types))
        }
        var json = "{\"model_type\": \"" + rules.modelTypes[0] + "\""
        for (key, value) in members { json += ", \"" + key + "\": " + String(value) }
        return json + "}"
    }

    /// LayerNorm's epsilon, passed separately because JSON would need it as text.
    private func layerNormEps() throws(LimbeckError) -> Float {
        let key = "bert.attention.layer_norm_epsilon"
        guard let eps = try optionalDouble(key), eps >= 0, eps < 1 else {
            throw mismatch(key, expected: "a fraction from 0 to below 1")
        }
        return Float(eps)
    }

    /// nil: not specified.
    func pooling() throws(LimbeckError) -> Pooling? {
        switch try optionalInt("bert.pooling_type") {
        case nil, 0: return nil
        case 1: return .mean
        case 2: return .cls
        case let other?:
            throw LimbeckError(
                .fileUnsupported,
                "\(file): bert.pooling_type \(other) is not supported, expected 1 (mean) or 2 (cls)"
            )
        }
    }

    func withConfiguration<Result>(
        _ body: (DeclaredConfiguration) throws(LimbeckError) -> Result
    ) throws(LimbeckError) -> Result {
        let eps = try layerNormEps()
        let json = Array(try configuration().utf8)
        return try json.withUnsafeBufferPointer { json throws(LimbeckError) in
            let bytes = UnsafeRawBufferPointer(json)
            let declared = try DeclaredConfiguration(JSONDocument(bytes, file: file).root, Notes())
            declared.layerNormEps = eps
            return try body(declared)
        }
    }
}
