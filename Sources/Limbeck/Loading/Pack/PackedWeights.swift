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
        json.object("head") { json in head.write(to: &contents, &json) }
        if !vector.isPlain { json.object("vector") { json in vector.write(to: &contents, &json) } }
    }

    /// The weights where they stand in the file; completes the configuration by what the steps tell. Whatever the description says, no
    /// step of what is read here leaves its buffers and tables.
    convenience init(_ file: __shared PackFile, _ configuration: inout Configuration) throws(LimbeckError) {
        let (root, tensors, c) = (file.root, file.tensors, configuration)
        var widths = BufferWidths()
        func steps(_ list: JSONElements) throws(LimbeckError) -> [Step<Packed>] {
            var steps: [Step<Packed>] = []
            for json in list {
                let step = try Step(json, c, tensors)
                widths.widen(step.output)
                steps.append(step)
            }
            return steps
        }
        let parts = ModelParts<Packed>(hidden: c.hiddenSize)
        parts.embeddings = try steps(root.list("embeddings"))
        for block in try root.list("blocks") { parts.blocks.append(try steps(block.elements)) }
        for layer in try root.list("layers") {
            var list: [Int] = []
            for block in layer.elements {
                guard let index = block.int, parts.blocks.indices.contains(index) else {
                    throw block.mismatch("a block", expected: "one of \(parts.blocks.count)")
                }
                list.append(index)
            }
            parts.layers.append(list)
        }
        guard 1...Weights.mostLayers ~= parts.layers.count else {
            throw root.mismatch("a model of \(parts.layers.count) layers", expected: "1 to \(Weights.mostLayers)")
        }
        for rotary in try root.list("rotaries") {
            parts.angles.append(try PackedRotary(rotary, positions: c.positionRows, tensors))
        }
        for step in parts.embeddings + parts.blocks.joined() where !step.fits(widths, parts.angles) {
            throw root.mismatch("a step that leaves its buffers", expected: "none")
        }
        // The heads read rows of this width.
        guard widths[.hidden] == c.hiddenSize else {
            throw root.mismatch("a state of \(widths[.hidden]) numbers", expected: "\(c.hiddenSize)")
        }
        parts.distanceBias = try root.optional("relative_bias").map { (value) throws(LimbeckError) in
            try RelativeBias(value, heads: c.attentionHeads, positions: c.maxPositions, tensors)
        }
        parts.pooler = try root.optional("pooler").map { (value) throws(LimbeckError) in
            try Dense(value, hidden: c.hiddenSize, most: c.hiddenSize, tensors)
        }
        if let outputs = parts.pooler?.linear.outputs, outputs != c.hiddenSize {
            throw root.mismatch("a pooler of \(outputs) outputs", expected: "\(c.hiddenSize)")
        }
        parts.vector = try VectorSteps(root, hidden: c.hiddenSize, tensors)
        parts.head = try Head<Packed>(root.required("head"), c, tensors)
        configuration.widths = widths
        configuration.layers = parts.layers.count
        self.init(parts, mappings: [file.mapping])
    }

    /// A layer may be there several times, so that the file does not bound them.
    private static let mostLayers = 1 << 14
}
