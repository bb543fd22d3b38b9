/// Adapters: small matrices that peft and `adapters` train and add to a model's own. They are merged into those before a folder is
/// opened: read without them, a folder would give the answers of the model that was adapted.
enum Adapters {
    /// What there is to do, at the end of a sentence.
    static var advice: Message {
        ": merge it into the model's weights, with merge_and_unload() in Python, and save the whole with save_pretrained()"
    }

    /// peft's files.
    private static var files: [String] { ["adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"] }

    /// Refuses a folder with an adapter in it, beside the weights or alone.
    static func refuse(in folder: ModelFolder) throws(LimbeckError) {
        guard let file = files.first(where: { folder.has($0) }) else { return }
        let base = file.hasUTF8Suffix(".json") ? try folder.json(file)?.optional("base_model_name_or_path") : nil
        let what: Message = base.map { "of \($0.described), which is not supported" } ?? "is not supported"
        throw LimbeckError(.fileUnsupported, "\(file): an adapter \(what)\(advice), to a folder without this file")
    }

    /// Refuses config.json if the library `adapters` says there that the model has some.
    static func refuse(in root: JSONValue) throws(LimbeckError) {
        guard let value = root.optional("adapters") else { return }
        guard !value.asksForNothing else { return }
        throw LimbeckError(.fileUnsupported, "\(root.document.file): 'adapters' names an adapter, which is not supported\(advice)")
    }
}
