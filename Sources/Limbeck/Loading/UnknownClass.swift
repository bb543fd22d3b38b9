extension LoadedModel {
    /// An unknown class may compute anything with tensors that no encoder has. If there are none, the model is read as
    /// transformers' `AutoModel` reads it: by `model_type`.
    static func checkUnknownClass(
        _ declared: DeclaredConfiguration, _ checkpoint: Checkpoint, layers: Int
    ) throws(LimbeckError) {
        guard let name = declared.architectures.first, declared.isClassUnknown else { return }
        if let tensor = checkpoint.unused.first(where: { !checkpoint.isRest($0.canonical, layers: layers) }) {
            throw LimbeckError(
                .fileUnsupported,
                """
                \(declared.file): architecture '\(name)' is not supported for model_type '\(declared.modelType)', and what it does \
                with tensor '\(tensor.written)' is not known; for the encoder alone, name '\(declared.rules.heads[0].architecture)'
                """)
        }
        declared.notes.add(
            "\(declared.file): architecture '\(name)' is unknown; opened as '\(declared.rules.heads[0].architecture)'")
    }
}
