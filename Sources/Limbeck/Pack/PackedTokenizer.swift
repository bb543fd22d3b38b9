extension PackFile {
    var hasTokenizer: Bool { root.optional("tokenizer") != nil }
}

extension Tokenizer {
    /// The tokenizer of a pack.
    convenience init(_ pack: PackFile) throws(LimbeckError) {
        throw LimbeckError(.fileUnsupported, "\(pack.mapping.name): a pack's tokenizer is not read yet")
    }

    static var isPacked: Bool { false }

    /// Adds its tables, and what they are.
    func write(to contents: inout PackContents, _ json: inout JSONWriter) throws(LimbeckError) {}
}
