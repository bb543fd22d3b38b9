import KernelInterface

/// The settings in the files of sentence-transformers, and in the tokenizer's configuration, for turning
/// texts into vectors and scores.
struct SentenceModules {
    private(set) var steps: VectorSteps<Stored>
    private(set) var settings: SentenceSettings
    /// The mapped files of the modules' weights.
    private(set) var mappings: [MappedFile] = []

    /// A GGUF file only specifies the pooling. llama.cpp's programs normalise vectors to unit length, so its users expect that.
    init(_ gguf: __shared GGUFFile, hidden: Int) throws(LimbeckError) {
        settings = SentenceSettings()
        steps = VectorSteps(hidden: hidden)
        guard let pooling = try gguf.pooling() else { return }
        (steps.poolings, steps.stages) = (Poolings(pooling), [.unitLength])
    }

    /// `config` is the whole config.json.
    init(_ folder: __shared ModelFolder, _ configuration: __shared Configuration, config: __shared JSONValue) throws(LimbeckError) {
        settings = try SentenceSettings(folder, configuration, config: config)
        steps = VectorSteps(hidden: configuration.hiddenSize)
        guard let modules = folder.modules else { return }
        for (index, module) in modules.enumerated() { try read(module, index, folder) }
        guard isPooled || settings.isCrossEncoder else {
            throw LimbeckError(.fileUnsupported, "modules.json: no Pooling, expected one after the Transformer")
        }
        if let kept = settings.kept { steps.kept = min(kept, steps.width) }
    }

    /// Whether the states have been pooled to a vector.
    private var isPooled = false

    private mutating func read(_ module: ModelFolder.Module, _ index: Int, _ folder: ModelFolder) throws(LimbeckError) {
        let reason: Message? =
            if settings.isCrossEncoder {
                "expected none after a cross-encoder's Transformer"
            } else if JSONFile(module: module.type) == nil {
                "which is not supported, expected Pooling, Dense, Normalize, LayerNorm or Dropout"
            } else if module.type == "Pooling" {
                isPooled ? "expected only one" : nil
            } else {
                isPooled ? nil : "expected a Pooling before it"
            }
        if let reason {
            throw LimbeckError(.fileUnsupported, "modules.json: module \(index + 1) is '\(module.type)', \(reason)")
        }
        isPooled = true
        let root = try folder.json(of: module)
        if module.type == "Dropout" { return }
        if module.type == "Normalize" { return steps.stages.append(.unitLength) }
        guard let root else {
            throw LimbeckError(
                .fileNotFound,
                "\(module.folder.prefix)config.json: no such file, but modules.json names its folder for a \(module.type)")
        }
        let reader = MemberReader(root)
        switch module.type {
        case "Pooling": try pool(reader)
        case "Dense": try addDense(reader, folder, module)
        default: try addNorm(reader, folder, module)
        }
        guard steps.width <= VectorSteps<Stored>.maxWidth else {
            reader.fail(.fileUnsupported, "vectors of \(steps.width) numbers, expected at most \(VectorSteps<Stored>.maxWidth)")
            return try reader.check()
        }
        steps.kept = steps.width
    }

    /// Checks a size in a file against the current width.
    @inline(never) private func check(_ reader: MemberReader, _ key: String, _ what: Message) {
        guard let size = reader.size(key), size != steps.width else { return }
        reader.fail(.fileInconsistent, "\(key) is \(size), but \(what) has \(steps.width)")
    }

    // MARK: Pooling

    private mutating func pool(_ reader: MemberReader) throws(LimbeckError) {
        check(reader, "word_embedding_dimension", "the model's hidden size")
        check(reader, "embedding_dimension", "the model's hidden size")
        steps.leavesPromptOut = reader.bool("include_prompt") == false
        steps.poolings = Poolings()
        if let mode = reader.root.optional("pooling_mode") {
            // Since sentence-transformers 5.4: one name, or a list of names.
            if mode.kind != .array { add(mode, reader) }
            for element in mode.elements { add(element, reader) }
        } else {
            addFlagged(reader)
        }
        if steps.poolings.count == 0 { reader.fail(.fileMalformed, "no pooling, expected one") }
        try reader.check()
        steps.width *= steps.poolings.count
    }

    private mutating func add(_ value: JSONValue, _ reader: MemberReader) {
        guard let name = value.string else {
            return reader.fail(value.mismatch("'pooling_mode'", expected: "a string, or several"))
        }
        guard let pooling = Pooling(name: name) else { return reader.unsupported("pooling", name) }
        if !steps.poolings.append(pooling) { reader.fail(.fileUnsupported, "more than \(Poolings.limit) poolings") }
    }

    /// Before 5.4: a flag for each pooling, in the order of concatenation; the mean if none is set.
    private mutating func addFlagged(_ reader: MemberReader) {
        let flags: StaticString = "cls_token max_tokens mean_tokens mean_sqrt_len_tokens weightedmean_tokens lasttoken"
        let poolings = Poolings(.cls, .max, .mean, .meanSqrtLenTokens, .weightedMean, .lastToken)
        for place in 0..<poolings.count where reader.bool("pooling_mode_" + word(place, in: flags)) == true {
            _ = steps.poolings.append(poolings[place])
        }
        if steps.poolings.count == 0 { steps.poolings = Poolings(.mean) }
    }

    // MARK: Stages

    private mutating func addDense(
        _ reader: MemberReader, _ folder: ModelFolder, _ module: ModelFolder.Module
    ) throws(LimbeckError) {
        check(reader, "in_features", "the vector before it")
        let (inputs, outputs, hasBias) = (steps.width, reader.size("out_features"), reader.bool("bias") ?? true)
        let function = reader.torchFunction("activation_function") ?? .tanh
        let addsInputs = reader.bool("use_residual") == true
        if function == .softmax { reader.unsupported("activation_function", "Softmax") }
        // The library has no function for null.
        if reader.root["activation_function"]?.isNull == true { reader.unsupported("activation_function", "null") }
        try reader.check()

        let weights = try weights(folder, module)
        func layer(_ name: String, _ outputs: Int?, _ hasBias: Bool) throws(LimbeckError) -> DenseTensors {
            DenseTensors(
                linear: try weights.linear(name, in: inputs, out: outputs, bias: hasBias),
                activation: hasBias || name == "linear" ? function.activation : .identity)
        }
        let dense = try layer("linear", outputs, hasBias)
        steps.width = dense.linear.weight.shape[0]
        let adds = try addsInputs && inputs != steps.width ? layer("residual", steps.width, false) : nil
        try checkAllUsed(weights)
        steps.stages.append(
            .dense(dense, isSigmoid: function == .sigmoid, addsInputs: addsInputs && adds == nil, adds: adds))
    }

    private mutating func addNorm(
        _ reader: MemberReader, _ folder: ModelFolder, _ module: ModelFolder.Module
    ) throws(LimbeckError) {
        check(reader, "dimension", "the vector before it")
        try reader.check()
        let weights = try weights(folder, module)
        // torch's default epsilon, which the module does not change.
        steps.stages.append(.norm(try weights.norm("norm", steps.width, eps: 1e-5, bias: true)))
        try checkAllUsed(weights)
    }

    private mutating func weights(_ folder: ModelFolder, _ module: ModelFolder.Module) throws(LimbeckError) -> Checkpoint {
        let files = try WeightFiles(folder, module)
        mappings += files.mappings
        return try Checkpoint(files)
    }

    private func checkAllUsed(_ weights: Checkpoint) throws(LimbeckError) {
        guard let tensor = weights.unused.first else { return }
        throw LimbeckError(.fileInconsistent, "\(weights.file): tensor '\(tensor.written)' is not part of the module")
    }
}
