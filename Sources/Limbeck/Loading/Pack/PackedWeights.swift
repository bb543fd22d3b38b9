import KernelInterface

extension Weights {
    func write(_ c: Configuration, to contents: inout PackContents, _ json: inout JSONWriter) {
        func steps(_ key: String?, _ name: String, _ steps: [Step<Packed>], _ json: inout JSONWriter) {
            json.array(key) { json in
                for (index, step) in steps.enumerated() { step.write("\(name).\(index)", c, to: &contents, &json) }
            }
        }
        steps("embeddings", "embeddings", embeddings, &json)
        json.array("blocks") { json in
            for (index, block) in blocks.enumerated() { steps(nil, "blocks.\(index)", block, &json) }
        }
        json.array("layers") { json in
            for layer in layers { json.array { json in for block in layer { json.write(nil, block) } } }
        }
        json.array("rotaries") { json in
            for (index, angles) in angles.enumerated() {
                angles.write("rotaries.\(index)", positions: c.maxPositions, to: &contents, &json)
            }
        }
        distanceBias?.write("relative_bias", heads: c.attentionHeads, to: &contents, &json)
        pooler?.write("pooler", "pooler", to: &contents, &json)
        writeExits(to: &contents, &json)
        if !vector.isPlain { json.object("vector") { json in vector.write(to: &contents, &json) } }
    }

    /// The weights in place in the file; completes the configuration from the steps.
    convenience init(_ file: __shared PackFile, _ configuration: inout Configuration) throws(LimbeckError) {
        let reader = PartsReader(file, configuration)
        try reader.read()
        configuration.widths = reader.widths
        configuration.layers = reader.parts.layers.count
        self.init(reader.parts, mappings: [file.mapping])
    }
}

/// Reads the parts of a model from a pack. Regardless of the description, no step that is read exceeds its buffers and tables.
final class PartsReader {
    let root: JSONValue
    let tensors: PackTensors
    let c: Configuration
    let parts: ModelParts<Packed>
    private(set) var widths = BufferWidths()

    init(_ file: PackFile, _ configuration: Configuration) {
        (root, tensors, c) = (file.root, file.tensors, configuration)
        parts = ModelParts(hidden: configuration.hiddenSize)
    }

    func read() throws(LimbeckError) {
        try readSteps(root.list("embeddings")) { parts, step in parts.embeddings.append(step) }
        for block in try root.list("blocks") {
            parts.blocks.append([])
            try readSteps(block.elements) { parts, step in parts.blocks[parts.blocks.count - 1].append(step) }
        }
        for layer in try root.list("layers") { try readLayer(layer) }
        guard 1...PartsReader.maxLayers ~= parts.layers.count else {
            throw root.mismatch("a model of \(parts.layers.count) layers", expected: "1 to \(PartsReader.maxLayers)")
        }
        for rotary in try root.list("rotaries") {
            parts.angles.append(try PackedRotary(rotary, positions: c.positionRows, tensors))
        }
        try checkSteps()
        try readDistanceBias()
        try readPooler()
        parts.vector = try VectorSteps(root, hidden: c.hiddenSize, tensors)
        try readExits()
    }

    /// A layer may be listed several times, so the size of the file does not bound their number.
    private static let maxLayers = 1 << 14

    // Not inlined: a call that may throw releases everything that its caller holds.

    @inline(never)
    private func readSteps(_ list: JSONElements, _ take: (ModelParts<Packed>, Step<Packed>) -> Void) throws(LimbeckError) {
        for json in list {
            let step = try Step(json, c, tensors)
            widths.widen(step.output)
            take(parts, step)
        }
    }

    @inline(never) private func readLayer(_ layer: JSONValue) throws(LimbeckError) {
        parts.layers.append([])
        for block in layer.elements {
            guard let index = block.int, parts.blocks.indices.contains(index) else {
                throw block.mismatch("a block", expected: "one of \(parts.blocks.count)")
            }
            parts.layers[parts.layers.count - 1].append(index)
        }
    }

    @inline(never) private func checkSteps() throws(LimbeckError) {
        func check(_ steps: [Step<Packed>]) throws(LimbeckError) {
            guard Step.fit(steps, widths, parts.angles) else {
                throw root.mismatch("a step that leaves its buffers", expected: "none")
            }
        }
        try check(parts.embeddings)
        for block in parts.blocks { try check(block) }
        // The heads read rows of this width.
        guard widths[.hidden] == c.hiddenSize else {
            throw root.mismatch("a state of \(widths[.hidden]) numbers", expected: "\(c.hiddenSize)")
        }
    }

    @inline(never) private func readDistanceBias() throws(LimbeckError) {
        guard let value = root.optional("relative_bias") else { return }
        parts.distanceBias = try RelativeBias(value, heads: c.attentionHeads, positions: c.maxPositions, tensors)
        for block in parts.blocks {
            for case .attention(let step) in block where step.heads > c.attentionHeads {
                throw value.mismatch("a bias of \(c.attentionHeads) heads", expected: "\(step.heads), those of a step")
            }
        }
    }

    @inline(never) private func readPooler() throws(LimbeckError) {
        guard let value = root.optional("pooler") else { return }
        let pooler = try Dense(value, hidden: c.hiddenSize, limit: c.hiddenSize, tensors)
        guard pooler.linear.outputs == c.hiddenSize else {
            throw root.mismatch("a pooler of \(pooler.linear.outputs) outputs", expected: "\(c.hiddenSize)")
        }
        parts.pooler = pooler
    }
}
