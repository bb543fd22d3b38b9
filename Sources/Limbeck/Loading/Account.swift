/// A tensor of the source that is not in the pack.
package struct DroppedTensor {
    /// As in the source.
    package let name: String
    package let reason: String

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.write("name", name)
            json.write("reason", reason)
        }
    }
}

extension LoadedModel {
    /// A model, and the tensors of its files that it does not use.
    static func accounted(_ files: ModelFiles) throws(LimbeckError) -> (LoadedModel, [DroppedTensor]) {
        let loaded: LoadedModel
        switch files {
        case .folder(let folder): loaded = try load(folder)
        case .gguf(let gguf): loaded = try load(gguf)
        case .pack(let pack): throw LimbeckError(.fileUnsupported, "\(pack.mapping.name): a pack already")
        }
        return (loaded, try loaded.checkpoint.dropped(layers: loaded.configuration.layers))
    }
}

extension Checkpoint {
    /// The unused tensors, each with the reason; these are tensors that training frameworks leave in their files.
    func dropped(layers: Int) throws(LimbeckError) -> [DroppedTensor] {
        var dropped: [DroppedTensor] = []
        for tensor in unused {
            guard let reason = reason(for: tensor.canonical, layers: layers) else {
                throw LimbeckError(
                    .fileUnsupported, "\(file): tensor '\(tensor.written)' is unknown and would be lost")
            }
            dropped.append(DroppedTensor(name: tensor.written, reason: reason))
        }
        return dropped
    }

    private func reason(for name: String, layers: Int) -> String? {
        for prefix in Checkpoint.heads where name.hasUTF8Prefix(prefix) { return "a head that the model's class does not have" }
        if name.hasUTF8Prefix("fit_dense") { return "a projection to the teacher's width, of TinyBERT's training" }
        return reasonInEncoder(for: name, layers: layers)
    }

    /// Whether an unused tensor belongs to the encoder.
    func isRest(_ name: String, layers: Int) -> Bool { reasonInEncoder(for: name, layers: layers) != nil }

    private func reasonInEncoder(for name: String, layers: Int) -> String? {
        for (suffix, reason) in Checkpoint.buffers where name.hasUTF8Suffix(suffix) { return reason }
        if name.hasUTF8Prefix("pooler.") { return "a pooler that the model's class does not have" }
        for prefix in Checkpoint.options where name.hasUTF8Prefix(prefix) { return Checkpoint.switchedOff }
        for prefix in Checkpoint.exits {
            if let index = layerIndex(of: name, prefix), index >= layers { return "an exit past the layers of the configuration" }
        }
        guard let prefix = layerPrefix, let index = layerIndex(of: name, prefix) else { return nil }
        if index >= layers { return "a layer past those of the configuration" }
        return name.hasUTF8Prefix("\(prefix)\(index).bottleneck.attention.") ? Checkpoint.switchedOff : nil
    }

    private static var buffers: [(suffix: String, reason: String)] {
        [
            ("position_ids", "a buffer of positions"), ("token_type_ids", "a buffer of token types"),
            ("inv_freq", "a buffer of rotary positions"),
        ]
    }

    /// The prefixes of exits, before the layer's index.
    private static var exits: [String] { ["encoder.highway.", "encoder.pooler.", "classifiers."] }

    private static var switchedOff: String { "a part that the configuration switches off" }

    /// Parts that classes of transformers have even if they are unused: DeBERTa's positions and MobileBERT's trigrams. The layers
    /// of MobileBERT may also have an unused bottleneck for the queries.
    private static var options: [String] { ["embeddings.position_embeddings.", "embeddings.embedding_transformation."] }

    /// The prefixes of the tensors of heads, in all families, without the base model's prefix.
    private static var heads: [String] {
        [
            "cls.", "lm_head.", "lm_predictions.", "mask_predictions.", "predictions.", "sop_classifier.", "generator_predictions.",
            "generator_lm_head.", "discriminator_predictions.", "vocab_transform.", "vocab_layer_norm.", "vocab_projector.",
            "qa_outputs.", "classifier.", "pre_classifier.", "sequence_summary.", "head.", "decoder.", "target.",
        ]
    }
}
