extension Tokenizer {
    /// Opens a tokenizer: `path` is a model folder, a tokenizer.json, or a vocab.txt with a tokenizer_config.json beside it,
    /// if there is one. In a folder with both, tokenizer.json counts.
    public convenience init(path: String) throws(LimbeckError) {
        let kind = fileKind(path)
        guard kind != .missing else {
            throw LimbeckError(.fileNotFound, "\(path): there is no such file or folder")
        }
        if kind == .folder {
            try self.init(ModelFolder(path, anyModules: true))
        } else if path.hasSuffix(utf8: ".json") {
            try self.init(json: try MappedFile(path, name: path), config: nil)
        } else {
            let name = path.utf8.lastIndex(of: UInt8(ascii: "/"))
            let folder = name.map { String(path[...$0]) } ?? ""
            let beside = folder + "tokenizer_config.json"
            let config = fileKind(beside) == .file ? try MappedFile(beside, name: "tokenizer_config.json") : nil
            try self.init(vocabulary: try MappedFile(path, name: path), config: config)
        }
    }

    /// Opens the tokenizer of a model folder.
    package convenience init(_ folder: ModelFolder) throws(LimbeckError) {
        guard let name = folder.tokenizerFile else {
            throw LimbeckError(.fileNotFound, "\(folder.path): there is neither tokenizer.json nor vocab.txt")
        }
        let file = try folder.map(name)
        let config = folder.contains("tokenizer_config.json") ? try folder.map("tokenizer_config.json") : nil
        if name.hasSuffix(utf8: ".json") {
            try self.init(json: file, config: config)
        } else {
            try self.init(vocabulary: file, config: config)
        }
    }

    /// The most bytes of a tokenizer.json; XLM-RoBERTa's, with 250,000 tokens and their scores, has 17 MB.
    private static let jsonBytes = 64 << 20
    /// The most bytes of a vocab.txt: room for white space beside as many bytes of tokens as there may be.
    private static let textBytes = 2 * Vocabulary.maximumBytes

    private convenience init(json: MappedFile, config: MappedFile?) throws(LimbeckError) {
        var names = SpecialNames()
        if let config { names.read(try JSONDocument(config.bytes, file: config.name).root) }
        try self.init(try TokenizerParts(json: try JSONDocument(json, mostBytes: Tokenizer.jsonBytes), names))
        withExtendedLifetime((json, config)) {}
    }

    private convenience init(vocabulary: MappedFile, config: MappedFile?) throws(LimbeckError) {
        guard vocabulary.bytes.count <= Tokenizer.textBytes else {
            throw LimbeckError(
                .fileUnsupported, "\(vocabulary.name): \(vocabulary.bytes.count) bytes, the most is \(Tokenizer.textBytes)")
        }
        var root: JSONValue?
        if let config { root = try JSONDocument(config.bytes, file: config.name).root }
        try self.init(try TokenizerParts(text: vocabulary.bytes, file: vocabulary.name, config: root))
        withExtendedLifetime((vocabulary, config)) {}
    }
}

extension String {
    fileprivate func hasSuffix(utf8 suffix: String) -> Bool {
        utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}
