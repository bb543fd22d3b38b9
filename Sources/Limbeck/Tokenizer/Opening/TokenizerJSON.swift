/// tokenizer.json: what the Hugging Face `tokenizers` library writes. Each component is read in a file of its own; what is not known
/// is refused by name, for a tokenizer that is nearly right is wrong. Its settings for truncation and padding are left to the caller.
extension TokenizerParts {
    init(json: JSONDocument, _ names: SpecialNames) throws(LimbeckError) {
        file = json.file
        let root = json.root
        guard root.kind == .object else { throw LimbeckError(.fileMalformed, "\(file): not a JSON object") }
        guard let modelPart = root["model"] else { throw LimbeckError(.fileMalformed, "\(file): there is no \"model\"") }
        self.names = names
        // What comes before a BPE says what its letters are.
        if let part = TokenizerComponent("pre_tokenizer", of: root, file: file) { preTokenizer = try PreTokenizer(part) }
        (vocabulary, model) = try Model.read(TokenizerComponent("model", modelPart, file: file), preTokenizer, &self.names)
        if let part = component("normalizer", root) { normalizer = try Normalizer(part) }
        // Where there are no spaces it cuts nothing.
        if case .spaces = preTokenizer, normalizer.replacesSpaces { preTokenizer = .none }
        if let part = component("added_tokens", root) { addedTokens = try AddedToken.read(part, vocabulary) }
        if let part = component("post_processor", root) { try readPostProcessor(part) }
    }

    private func component(_ key: String, _ root: JSONValue) -> TokenizerComponent? {
        TokenizerComponent(key, of: root, file: file)
    }
}
