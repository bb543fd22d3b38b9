// The steps from states to vectors, and the prompts, in a pack. A model that only needs one pooling and optionally normalisation to
// unit length has two members of its configuration for it, as in format 1. All others have their own objects, and the file is in
// format 2.

extension VectorSteps<Packed> {
    /// Whether format 1 can express it.
    var isPlain: Bool {
        poolings.count == 1 && poolings[0].rawValue <= Pooling.max.rawValue && !leavesPromptOut && kept == width
            && stages.count <= 1 && trailingUnitLengths == stages.count
    }

    /// Writes it as members of the model's object.
    func writePlain(to json: inout JSONWriter) {
        json.write("pooling", poolings[0].name)
        json.write("normalize", !stages.isEmpty)
    }

    func write(to contents: inout PackContents, _ json: inout JSONWriter) {
        json.array("poolings") { json in for place in 0..<poolings.count { json.write(nil, poolings[place].name) } }
        json.write("leaves_prompt_out", leavesPromptOut)
        json.array("stages") { json in
            for (index, stage) in stages.enumerated() {
                let name = "vector.\(index)"
                json.object { json in
                    switch stage {
                    case .dense(let layer, let isSigmoid, let addsInputs, let adds):
                        layer.write("layer", name, to: &contents, &json)
                        json.write("sigmoid", isSigmoid)
                        json.write("adds_inputs", addsInputs)
                        adds?.write("adds", name + ".adds", to: &contents, &json)
                    case .norm(let norm): norm.write("norm", name, to: &contents, &json)
                    case .unitLength: json.write("unit_length", true)
                    }
                }
            }
        }
        json.write("kept", kept)
    }

    /// `root` is the whole description.
    init(_ root: __shared JSONValue, hidden: Int, _ tensors: __shared PackTensors) throws(LimbeckError) {
        self.init(hidden: hidden)
        guard let json = root.optional("vector") else {
            let model = try root.required("model")
            if let name = model.optional("pooling") { poolings = Poolings(try Pooling(name)) }
            if try model.flag("normalize") { stages = [.unitLength] }
            return
        }
        poolings = Poolings()
        var fits = true
        for name in try json.list("poolings") { fits = poolings.append(try Pooling(name)) && fits }
        guard fits, poolings.count > 0 else { throw json.mismatch("its list of poolings", expected: "1 to \(Poolings.limit)") }
        leavesPromptOut = try json.flag("leaves_prompt_out")
        width = poolings.count * hidden
        for stage in try json.list("stages") { try add(stage, tensors) }
        kept = try json.integer("kept", 1...width)
    }

    private mutating func add(_ json: JSONValue, _ tensors: PackTensors) throws(LimbeckError) {
        let inputs = width
        func layer(_ key: String) throws(LimbeckError) -> Dense? {
            guard let value = json.optional(key) else { return nil }
            return try Dense(value, hidden: inputs, limit: VectorSteps.maxWidth, tensors)
        }
        var isSound = stages.count < ModelFolder.maxModules
        if let dense = try layer("layer") {
            width = dense.linear.outputs
            let (adds, addsInputs) = (try layer("adds"), try json.flag("adds_inputs"))
            if let adds { isSound = isSound && adds.linear.outputs == width }
            if addsInputs { isSound = isSound && inputs == width }
            stages.append(.dense(dense, isSigmoid: try json.flag("sigmoid"), addsInputs: addsInputs, adds: adds))
        } else if let norm = try PackedNorm("norm", of: json, tensors) {
            isSound = isSound && norm.width == width
            stages.append(.norm(norm))
        } else {
            if try !json.flag("unit_length") { isSound = false }
            stages.append(.unitLength)
        }
        guard isSound else {
            throw json.mismatch("a stage whose widths differ, or one too many", expected: "at most \(ModelFolder.maxModules)")
        }
    }
}

extension Pooling {
    fileprivate init(_ json: __shared JSONValue) throws(LimbeckError) {
        guard let name = json.string, let pooling = Pooling(name: name) else {
            throw json.mismatch("a pooling", expected: "the name of one")
        }
        self = pooling
    }
}

extension Configuration {
    /// Whether format 1 can express everything.
    var isPlain: Bool { prompts.areUsual && similarity == .cosine && crossEncoderScores == nil }

    /// Writes what format 1 cannot express.
    func writeSentences(to json: inout JSONWriter) {
        json.array("prompts") { json in
            for prompt in prompts.list {
                json.object { json in
                    json.write("name", prompt.name)
                    json.write("text", prompt.text)
                }
            }
        }
        if let standard = prompts.standard { json.write("default_prompt", standard) }
        json.write("similarity", similarity.name)
        if let scores = crossEncoderScores { json.write("scores", word(Int(scores.rawValue) - 1, in: PackNames.scores)) }
    }

    mutating func readSentences(_ json: JSONValue) throws(LimbeckError) {
        prompts = Prompts()
        for prompt in try json.list("prompts") { try prompts.set(prompt.text("name"), prompt.text("text"), prompt) }
        if json.optional("default_prompt") != nil {
            prompts.standard = try json.integer("default_prompt", 0...max(0, prompts.list.count - 1))
            if prompts.list.isEmpty { prompts.standard = nil }
        }
        similarity = Similarity(place: try json.choice("similarity", Similarity.names)) ?? .cosine
        if json.optional("scores") != nil {
            crossEncoderScores = Scores(rawValue: UInt32(try json.choice("scores", PackNames.scores)) + 1)
        }
    }
}
