extension Model {
    /// Opens a folder in the layout of the Hugging Face ecosystem: `config.json`, the weights (`model.safetensors`,
    /// `pytorch_model.bin`, or several of either with their index), and `tokenizer.json` or `vocab.txt`. Also opens a pack, or a
    /// GGUF file from llama.cpp.
    ///
    /// Everything is checked here: a model that opens does not fail later because of its files. The message of an error names the
    /// file, the key or the tensor, what was found and what was expected.
    public convenience init(path: String) throws(LimbeckError) {
        do throws(LimbeckError) { try self.init(ModelFiles(path)) } catch { throw error.opening(path) }
    }

    convenience init(_ files: __shared ModelFiles) throws(LimbeckError) {
        switch files {
        case .pack(let pack):
            var configuration = try Configuration(pack.root.required("model"))
            if let sentences = pack.root.optional("sentences") { try configuration.readSentences(sentences) }
            let weights = try Weights(pack, &configuration)
            if let json = pack.root.optional("exit_default") { try configuration.readExitDefault(json) }
            let tokenizer = try pack.hasTokenizer ? Tokenizer(pack) : nil
            self.init(
                configuration, weights, tokenizer, mappedBytes: pack.mapping.bytes.count,
                parameters: try pack.root.required("model").integer("parameters", 0...Int.max), notes: [])
            if let tokenizer { try checkRows(of: tokenizer, file: pack.mapping.name) }
        case .folder(let folder): try self.init(LoadedModel.load(folder), files)
        case .gguf(let gguf): try self.init(LoadedModel.load(gguf), files)
        }
    }

    convenience init(_ loaded: __shared LoadedModel, _ files: __shared ModelFiles, interruption: __shared Interruption? = nil)
        throws(LimbeckError)
    {
        let (weights, parameters) = try Weights.packed(
            loaded.tensors, loaded.configuration, mappings: loaded.mappings, interruption: interruption)
        var mapped = 0
        for mapping in loaded.mappings { mapped += mapping.bytes.count }
        let file = files.tokenizerFile
        if file == nil, case .folder(let folder) = files {
            folder.notes.add("\(folder.path): no tokenizer, which may be \(ModelFolder.listOfTokenizerFiles): only ids can go in")
        }
        let tokenizer = try file != nil ? Tokenizer(files) : nil
        self.init(
            loaded.configuration, weights, tokenizer, mappedBytes: mapped,
            parameters: parameters, notes: files.notes)
        if let file, let tokenizer { try checkRows(of: tokenizer, file: file) }
    }

    /// All ids and token types that the tokenizer can give for a single text must have rows in the model's tables. A pair may need
    /// one more token type, which is checked by each call.
    private func checkRows(of tokenizer: Tokenizer, file: String) throws(LimbeckError) {
        @inline(never) func inconsistent(_ message: __owned Message) -> LimbeckError {
            LimbeckError(.fileInconsistent, "\(file): \(message)")
        }
        let c = configuration
        guard tokenizer.vocabularySize <= c.vocabSize else {
            throw inconsistent("\(tokenizer.vocabularySize) ids, but the model's vocabulary has \(c.vocabSize)")
        }
        let specials = tokenizer.specialTokenCount(pair: false)
        guard specials <= c.maxPositions else {
            throw inconsistent("\(specials) special tokens, but the model has \(c.maxPositions) positions")
        }
        for piece in tokenizer.templatePieces(pair: false) where c.typeVocabSize > 0 {
            let type =
                switch piece {
                case .token(_, let type), .text(_, let type): type
                }
            guard Int(type) < c.typeVocabSize else {
                throw inconsistent("token type \(type), but the model has \(c.typeVocabSize)")
            }
        }
    }
}
