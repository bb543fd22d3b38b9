/// Adapters: small matrices that peft and `adapters` train on top of a model's weights. They must be merged into the weights before
/// a folder is opened: without them, the folder would give the answers of the base model.
enum Adapters {
    /// The advice at the end of an error message.
    static var advice: Message {
        ": merge it into the model's weights, with merge_and_unload() in Python, and save the whole with save_pretrained()"
    }

    /// peft's files.
    private static var files: [String] { ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"] }

    /// Refuses a folder that contains an adapter, with or without weights.
    static func refuse(in folder: ModelFolder) throws(LimbeckError) {
        guard let file = files.first(where: { folder.has($0) }) else { return }
        let base = file.hasUTF8Suffix(".json") ? try folder.json(file)?.optional("base_model_name_or_path") : nil
        let what: Message = base.map { "of \($0.described), which is not supported" } ?? "is not supported"
        throw LimbeckError(.fileUnsupported, "\(file): an adapter \(what)\(advice), to a folder without this file")
    }

    /// Refuses a config.json in which the library `adapters` has recorded adapters.
    static func refuse(in root: JSONValue) throws(LimbeckError) {
        guard let value = root.optional("adapters") else { return }
        guard !value.asksForNothing else { return }
        throw LimbeckError(.fileUnsupported, "\(root.document.file): 'adapters' names an adapter, which is not supported\(advice)")
    }
}
