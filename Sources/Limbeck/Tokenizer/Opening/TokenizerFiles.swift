extension Tokenizer {
    /// Opens a tokenizer: `path` is a model folder, a GGUF file, a tokenizer.json, or a vocab.txt, or a vocab.json with a merges.txt
    /// beside it; the last two with a tokenizer_config.json beside them, if there is one. In a folder with several, tokenizer.json
    /// counts.
    public convenience init(path: String) throws(LimbeckError) {
        let kind = fileKind(path)
        guard kind != .missing else {
            throw LimbeckError(.fileNotFound, "\(path): there is no such file or folder")
        }
        if kind == .folder {
            try self.init(ModelFiles(path, anyModules: true))
        } else {
            let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
            let folder = slash.map { String(Substring(path.utf8[...$0])) } ?? ""
            let name = slash.map { String(Substring(path.utf8[path.utf8.index(after: $0)...])) } ?? path
            func beside(_ name: String) throws(LimbeckError) -> MappedFile {
                try MappedFile(folder + name, name: name)
            }
            let file = try MappedFile(path, name: path)
            if file.bytes.starts(with: GGUFFile.magic) {
                try self.init(ModelFiles.gguf(GGUFFile(file)))
                return
            }
            if PackFile.isPack(file.bytes) {
                try self.init(ModelFiles.pack(PackFile(file)))
                return
            }
            let isAlone = name.hasUTF8Suffix(".json") && name != "vocab.json"
            let hasConfig = !isAlone && fileKind(folder + "tokenizer_config.json") == .file
            try self.init(
                file, name, config: hasConfig ? try beside("tokenizer_config.json") : nil, beside)
        }
    }

    convenience init(_ files: ModelFiles) throws(LimbeckError) {
        switch files {
        case .folder(let folder): try self.init(folder)
        case .gguf(let gguf):
            try self.init(TokenizerParts(gguf))
            withExtendedLifetime(gguf.mapping) {}
        case .pack(let pack): try self.init(pack)
        }
    }

    /// Opens the tokenizer of a model folder.
    package convenience init(_ folder: ModelFolder) throws(LimbeckError) {
        guard let name = folder.tokenizerFile else {
            throw LimbeckError(
                .fileNotFound, "\(folder.path): there is neither tokenizer.json nor vocab.txt nor vocab.json nor a .model file")
        }
        let file = try folder.map(name)
        let config = folder.contains("tokenizer_config.json") ? try folder.map("tokenizer_config.json") : nil
        try self.init(file, name, config: config) { name throws(LimbeckError) in try folder.map(name) }
    }

    /// Opens the file `name`; `beside` opens another of its folder.
    private convenience init(
        _ file: MappedFile, _ name: String, config: MappedFile?,
        _ beside: (String) throws(LimbeckError) -> MappedFile
    ) throws(LimbeckError) {
        if name == "vocab.json" {
            try self.init(vocabulary: file, merges: try beside("merges.txt"), config: config)
        } else if name.hasUTF8Suffix(".model") {
            let root = try Tokenizer.root(of: config)
            let bytes = Table(file)
            try self.init(try TokenizerParts(sentencePiece: bytes, file: file.name, name: name, config: root))
            withExtendedLifetime((file, config)) {}
        } else if name.hasUTF8Suffix(".json") {
            try self.init(json: file, config: config)
        } else {
            try self.init(vocabulary: file, config: config)
        }
    }

    /// The most bytes of a tokenizer.json; XLM-RoBERTa's, with 250,000 tokens and their scores, has 17 MB.
    private static let jsonBytes = 64 << 20
    /// The most bytes of a vocab.txt or merges.txt: room for white space beside as many bytes of tokens as there may be.
    private static let textBytes = 2 * Vocabulary.maximumBytes

    private convenience init(json: MappedFile, config: MappedFile?) throws(LimbeckError) {
        var names = SpecialNames()
        if let config { names.read(try JSONDocument(config.bytes, file: config.name).root) }
        try self.init(try TokenizerParts(json: try JSONDocument(json, mostBytes: Tokenizer.jsonBytes), names))
        withExtendedLifetime((json, config)) {}
    }

    private convenience init(vocabulary: MappedFile, config: MappedFile?) throws(LimbeckError) {
        try Tokenizer.checkLength(of: vocabulary)
        let root = try Tokenizer.root(of: config)
        try self.init(try TokenizerParts(text: vocabulary.bytes, file: vocabulary.name, config: root))
        withExtendedLifetime((vocabulary, config)) {}
    }

    private convenience init(
        vocabulary: MappedFile, merges: MappedFile, config: MappedFile?
    ) throws(LimbeckError) {
        try Tokenizer.checkLength(of: merges)
        let document = try JSONDocument(vocabulary, mostBytes: Tokenizer.jsonBytes)
        try self.init(
            try TokenizerParts(
                vocabulary: document, merges: merges.bytes, mergesFile: merges.name,
                config: try Tokenizer.root(of: config)))
        withExtendedLifetime((vocabulary, merges, config)) {}
    }

    private static func checkLength(of file: MappedFile) throws(LimbeckError) {
        guard file.bytes.count <= textBytes else {
            throw LimbeckError(.fileUnsupported, "\(file.name): \(file.bytes.count) bytes, the most is \(textBytes)")
        }
    }

    private static func root(of config: MappedFile?) throws(LimbeckError) -> JSONValue? {
        guard let config else { return nil }
        return try JSONDocument(config.bytes, file: config.name).root
    }
}
