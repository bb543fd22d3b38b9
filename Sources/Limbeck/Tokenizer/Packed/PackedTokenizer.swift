extension Tokenizer {
    /// The tokenizer of a pack, with its tables in place in the file.
    convenience init(_ pack: __shared PackFile) throws(LimbeckError) {
        guard let json = pack.root.optional("tokenizer") else {
            throw LimbeckError(.fileNotFound, "\(pack.mapping.name): a pack without a tokenizer")
        }
        try self.init(pack.tensors, json, owner: pack.mapping)
    }
}
