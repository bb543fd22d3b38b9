import KernelInterface

extension Model {
    /// Packs a model folder or a GGUF file into one file, which is memory-mapped and not read when it is opened: its tensors are in
    /// the layout of the kernels.
    ///
    /// The file is written completely or not at all, and an existing file stays until it is replaced. Every tensor of the source is
    /// used, or listed in the pack with the reason why it is not. A tensor without a known reason is refused.
    public static func pack(_ source: String, to path: String, options: PackOptions = PackOptions()) throws(LimbeckError) {
        let interruption = Interruption(options.interrupt)
        options.progress?(.reading, 0)
        let model: Model
        let dropped: [DroppedTensor]
        do throws(LimbeckError) {
            let files = try ModelFiles(source)
            let (loaded, rest) = try LoadedModel.accounted(files)
            try interruption.check()
            (model, dropped) = (try Model(loaded, files, interruption: interruption), rest)
        } catch {
            throw error.opening(source)
        }
        try interruption.check()
        options.progress?(.quantizing, 0)
        let packed = try model.converted(options)
        options.progress?(.references, 0)
        let session = try Session(
            packed, options: SessionOptions(threads: 1, maxTokens: Reference.maxTokens, interrupt: options.interrupt))
        let references = try Reference.all(of: options.references, session)
        options.progress?(.writing, 0)
        try packed.write(to: path, dropped, references, interruption)
        options.progress?(.writing, 1)
    }

    /// Recomputes a pack's references and checks its checksums: throws `.fileMalformed` unless everything is as it was written.
    public static func verify(path: String) throws(LimbeckError) {
        guard case .pack(let pack) = try ModelFiles(path) else { throw LimbeckError(.fileUnsupported, "\(path): not a pack") }
        try pack.verifyChecksums()
        let model = try Model(.pack(pack))
        let session = try Session(model, options: SessionOptions(threads: 1, maxTokens: Reference.maxTokens))
        for (index, json) in try pack.root.list("references").enumerated() {
            let stored = try Reference(json, pack, hidden: model.hiddenSize, vector: model.embeddingSize)
            var again = stored
            if let text = stored.text, let tokenizer = model.tokenizer { again = try Reference(text, session, tokenizer) }
            try again.compute(session)
            guard again.agrees(with: stored) else {
                throw LimbeckError(.fileMalformed, "\(path): reference \(index) does not match its packed answer")
            }
        }
    }

    /// The model converted to the requested precision.
    private func converted(_ options: PackOptions) throws(LimbeckError) -> Model {
        guard options.precision != .float32 else { return self }
        let weights = try weights.quantized(
            to: options.precision, of: self, calibration: options.calibration.isEmpty ? nil : options.calibration,
            options: SessionOptions(interrupt: options.interrupt)
        ) { options.progress?(.quantizing, $0) }
        var configuration = configuration
        configuration.precision = options.precision
        return Model(configuration, weights, tokenizer, mappedBytes: mappedBytes, parameters: parameters, notes: notes)
    }

    private func write(
        to path: String, _ dropped: [DroppedTensor], _ references: [Reference], _ interruption: Interruption
    ) throws(LimbeckError) {
        var contents = PackContents()
        var json = JSONWriter()
        var failure: LimbeckError?
        func attempt(_ body: () throws(LimbeckError) -> Void) {
            do throws(LimbeckError) { try body() } catch { failure = error }
        }
        json.object { json in
            json.object("model") { json in
                configuration.write(to: &json, parameters: parameters)
                if weights.vector.isPlain { weights.vector.writePlain(to: &json) }
            }
            if !configuration.isPlain { json.object("sentences") { json in configuration.writeSentences(to: &json) } }
            weights.write(configuration, to: &contents, &json)
            if let tokenizer { json.object("tokenizer") { json in tokenizer.write(to: &contents, &json) } }
            json.array("dropped") { json in for tensor in dropped { tensor.write(to: &json) } }
            json.array("references") { json in
                for (index, reference) in references.enumerated() {
                    attempt { () throws(LimbeckError) in try reference.write("references.\(index)", to: &contents, &json) }
                }
            }
        }
        if let failure { throw failure }
        if !weights.vector.isPlain || !configuration.isPlain || !configuration.isHeadPlain { contents.needs(format: 2) }
        if !weights.hasPlainExits { contents.needs(format: 3) }
        try PackFile.write(contents, description: json.text, to: path, interruption)
    }
}
