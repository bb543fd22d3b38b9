extension Tokenizer {
    /// Opens a tokenizer. `path` is a model folder, a pack, a GGUF file, a tokenizer.json, a vocab.txt, a .model file, or a
    /// vocab.json with a merges.txt beside it. In a folder with several of these, tokenizer.json is used. In a folder, and for the
    /// last three kinds of file, the settings of the other files there, such as tokenizer_config.json, apply. The path of a
    /// tokenizer.json opens that file alone.
    public convenience init(path: String) throws(LimbeckError) {
        do throws(LimbeckError) { try self.init(at: path) } catch { throw error.opening(path) }
    }

    private convenience init(at path: String) throws(LimbeckError) {
        let kind = fileKind(path)
        guard kind != .missing else {
            throw Mistakes.missing(path)
        }
        guard kind != .folder else {
            try self.init(ModelFiles(path, anyModules: true))
            return
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
        var start = 0
        while let slash = path.utf8Offset(of: UInt8(ascii: "/"), from: start) { start = slash + 1 }
        let name = path.utf8Part(start..<path.utf8.count)
        let folder = ModelFolder(filesIn: start > 0 ? path.utf8Part(0..<start) : ".")
        let isAlone = name.hasUTF8Suffix(".json") && name != "vocab.json"
        try self.init(file, name, in: folder, isAlone ? TokenizerSettings() : TokenizerSettings(folder))
    }

    convenience init(_ files: __shared ModelFiles) throws(LimbeckError) {
        switch files {
        case .folder(let folder): try self.init(folder)
        case .gguf(let gguf):
            try self.init(TokenizerParts(gguf))
            withExtendedLifetime(gguf.mapping) {}
        case .pack(let pack): try self.init(pack)
        }
    }

    /// Opens the tokenizer of a model folder.
    package convenience init(_ folder: __shared ModelFolder) throws(LimbeckError) {
        guard let name = folder.tokenizerFile else {
            throw LimbeckError(.fileNotFound, "\(folder.path): no tokenizer, which may be \(ModelFolder.listOfTokenizerFiles)")
        }
        try self.init(folder.map(name), name, in: folder, TokenizerSettings(folder))
    }

    /// Opens the file `name` of this folder.
    private convenience init(
        _ file: __shared MappedFile, _ name: __shared String, in folder: __shared ModelFolder,
        _ settings: __shared TokenizerSettings
    ) throws(LimbeckError) {
        let parts: TokenizerParts
        if name == "vocab.json" {
            try settings.check(name, reads: [.roberta, .gpt2])
            let document = try JSONDocument(file, as: .vocabulary)
            guard document.root.kind == .object else { throw LimbeckError(.fileMalformed, "\(file.name): not a JSON object") }
            let vocabulary = try Vocabulary(
                Vocabulary.Builder(TokenizerComponent("the vocabulary", document.root, file: file.name)))
            let lines = try folder.map("merges.txt")
            try Tokenizer.checkLength(of: lines)
            let merges = try MergeTable(lines: lines.bytes, file: lines.name, vocabulary)
            parts = try TokenizerParts(bytePairs: vocabulary, merges, file: file.name, settings)
            withExtendedLifetime(lines) {}
        } else if name.hasUTF8Suffix(".model") {
            settings.readClass(ofModel: name)
            let asTrained: [TokenizerClass] = settings.readsModelsAsTrained ? [.file] : []
            try settings.check(name, reads: [.xlmRoberta, .camembert, .albert, .debertaV2] + asTrained)
            parts = try TokenizerParts(sentencePiece: file.bytes, file: file.name, settings)
        } else if name.hasUTF8Suffix(".json") {
            parts = try TokenizerParts(json: JSONDocument(file, as: .tokenizer, folder.notes), settings)
        } else {
            try settings.check(name, reads: [.bert, .distilBERT, .mpnet, .fastBERT])
            try Tokenizer.checkLength(of: file)
            parts = try TokenizerParts(wordPiece: Vocabulary(lines: file.bytes, file.name), file: file.name, settings)
        }
        parts.finish(settings)
        try self.init(parts)
        withExtendedLifetime(file) {}
    }

    /// The maximum size of a vocab.txt or merges.txt: the maximum size of all tokens, and as much again for white space.
    private static let textBytes = 2 * Vocabulary.maximumBytes

    private static func checkLength(of file: MappedFile) throws(LimbeckError) {
        guard file.bytes.count <= textBytes else {
            throw LimbeckError(.fileUnsupported, "\(file.name): \(file.bytes.count) bytes, expected at most \(textBytes)")
        }
    }
}

extension TokenizerSettings {
    /// Refuses a vocabulary file that the tokenizer's class does not read.
    fileprivate func check(_ file: String, reads classes: [TokenizerClass]) throws(LimbeckError) {
        guard let tokenizerClass, !classes.contains(where: { $0 == tokenizerClass }) else { return }
        let name = className ?? "of the model's type"
        throw LimbeckError(
            .fileUnsupported,
            """
            \(file): the tokenizer_class \(name) is not supported with this file, which it reads in another way or not at all; \
            expected its tokenizer.json
            """)
    }
}

extension TokenizerParts {
    /// The steps common to all kinds of file.
    fileprivate func finish(_ settings: TokenizerSettings) {
        if settings.lowersFirst { lowerFirst() }
        // Without a class, the file decides.
        guard !(settings.givesTypes ?? settings.tokenizerClass?.givesTypes ?? true), template.hasTypes else { return }
        template = template.withoutTypes
        if settings.givesTypes == nil {
            settings.note(
                """
                \(TokenizerSettings.file): without 'model_input_names' its class gives no token types, so those of \(file) are 0, \
                as in transformers 5
                """)
        }
    }

    /// Puts a Lowercase before the normalizer, as sentence-transformers does, unless the normalizer has one.
    private func lowerFirst() {
        switch normalizer {
        case .none: normalizer = .steps([.lowercase], name: "Lowercase")
        case .bert(var options):
            // The order does not matter: lower-casing does not change what cleaning and decomposition do to a character.
            options.lowers = true
            normalizer = .bert(options)
        case .steps(let steps, let name):
            for step in steps { if case .lowercase = step { return } }
            normalizer = .steps([.lowercase] + steps, name: name)
        }
    }
}
