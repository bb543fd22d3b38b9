import KernelInterface

// The steps of the encoder in a pack, each with writing, reading and checking next to each other. Reads and writes of
// a step are bounded by the buffer widths that follow from the steps themselves, as in `StepBuilder`; the
// description's own claims are not trusted.

extension Step<Packed> {
    func write(_ name: String, _ c: Configuration, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.object { json in
            switch self {
            case .embed(let step):
                let tables = step.tables
                json.write("step", "embed")
                tables.word?.write("word", "\(name).word", count: c.vocabSize, to: &contents, &json)
                tables.position?.write("position", "\(name).position", count: c.positionRows, to: &contents, &json)
                tables.type?.write("type", "\(name).type", count: c.typeVocabSize, to: &contents, &json)
                json.write("into", step.into)
                step.norm?.write("norm", name, to: &contents, &json)
            case .trigrams(let step):
                json.write("step", "trigrams")
                step.word.write("word", "\(name).word", count: c.vocabSize, to: &contents, &json)
                json.write("into", step.into)
            case .product(let step):
                json.write("step", "product")
                step.matrix.write("matrix", name, to: &contents, &json)
                json.write("from", step.from)
                json.write("into", step.into)
                json.write("column", step.column)
                json.write("activation", step.activation)
                step.gate?.write("gate", "\(name).gate", to: &contents, &json)
                if let residual = step.residual { json.write("residual", residual) }
                step.norm?.write("norm", name, to: &contents, &json)
            case .normalize(let step):
                json.write("step", "normalize")
                step.norm.write("norm", name, to: &contents, &json)
                json.write("from", step.from)
                json.write("into", step.into)
            case .rotate(let step):
                json.write("step", "rotate")
                json.write("table", step.table)
            case .attention(let step):
                json.write("step", "attention")
                if step.heads != c.attentionHeads || step.headSize != c.headSize {
                    json.write("heads", step.heads)
                    json.write("head_size", step.headSize)
                }
                if let window = step.window { json.write("window", window) }
                step.positions?.write("positions", name, step, c, to: &contents, &json)
            }
        }
    }

    init(_ json: __shared JSONValue, _ c: __shared Configuration, _ tensors: __shared PackTensors) throws(LimbeckError) {
        switch StepKind(rawValue: try json.choice("step", PackNames.steps)) {
        case .embed: self = .embed(try EmbeddingStep(json, c, tensors))
        case .trigrams:
            guard c.paddingId == nil else { throw json.mismatch("trigrams", expected: "positions from 0 with them") }
            let word = try PackedTable(json.required("word"), least: c.vocabSize, tensors)
            self = .trigrams(TrigramStep(word: word, width: word.width, into: try json.buffer("into")))
        case .product: self = .product(try ProductStep(json, tensors))
        case .normalize:
            let norm = try PackedNorm(json.required("norm"), tensors)
            self = .normalize(
                NormalizationStep(norm: norm, width: norm.width, from: try json.buffer("from"), into: try json.buffer("into")))
        case .rotate:
            self = .rotate(
                RotationStep(table: try json.integer("table", 0...Int(Int32.max)), heads: c.attentionHeads, headSize: c.headSize))
        case .attention:
            let window = json.optional("window") == nil ? nil : try json.integer("window", 0...Int(Int32.max))
            var step = AttentionStep<Packed>(heads: c.attentionHeads, headSize: c.headSize, window: window)
            if json.optional("heads") != nil {
                step.heads = try json.size("heads")
                step.headSize = try json.integer("head_size", 1...Int(Int32.max) / step.heads)
            }
            if let value = json.optional("positions") { step.positions = try PackedDisentangled(value, step, c, tensors) }
            self = .attention(step)
        case nil: throw json.mismatch("a step without a reader", expected: "one of \(PackNames.steps)")
        }
    }

    /// Whether the step stays within the buffers, whose widths follow from all steps together.
    func fits(_ widths: BufferWidths, _ angles: [PackedRotary]) -> Bool {
        /// Both have the same row stride, and at least `width` columns.
        func areAlike(_ a: Buffer, _ b: Buffer, _ width: Int) -> Bool {
            rowStride(widths[a]) == rowStride(widths[b]) && width <= min(widths[a], widths[b])
        }
        switch self {
        case .embed, .trigrams: return true
        case .product(let step):
            if let gate = step.gate {
                guard gate.depth == step.depth, gate.columns == step.columns, gate.panels.takesInputs(of: step.matrix.panels) else {
                    return false
                }
            }
            if let residual = step.residual, !areAlike(residual, step.into, step.columns) { return false }
            // The kernel writes rows that other work items still read, if the buffers are the same.
            return step.from != step.into && step.depth <= widths[step.from] && step.column + step.columns <= widths[step.into]
                && (step.norm == nil || step.norm?.width == step.columns)
        case .normalize(let step): return areAlike(step.from, step.into, step.width)
        case .rotate(let step):
            return step.table < angles.count && 2 * angles[step.table].pairs <= step.headSize
                && 2 * step.heads * step.headSize <= widths[.projected]
        case .attention(let step): return step.width <= widths[.projected] / 3
        }
    }
}

/// In the order of `PackNames.steps`.
private enum StepKind: Int { case embed, trigrams, product, normalize, rotate, attention }

extension EmbeddingStep<Packed> {
    fileprivate init(
        _ json: __shared JSONValue, _ c: __shared Configuration, _ tensors: __shared PackTensors
    ) throws(LimbeckError) {
        func table(_ key: String, _ rows: Int) throws(LimbeckError) -> PackedTable? {
            guard let value = json.optional(key) else { return nil }
            guard rows > 0 else { throw value.mismatch("a table of '\(key)'", expected: "none") }
            return try PackedTable(value, least: rows, tensors)
        }
        tables = EmbeddingTables(
            word: try table("word", c.vocabSize), position: try table("position", c.positionRows),
            type: try table("type", c.typeVocabSize))
        (into, norm) = (try json.buffer("into"), try PackedNorm("norm", of: json, tensors))
        width = tables.width
        guard width > 0, norm == nil || norm?.width == width else {
            throw json.mismatch("embeddings of several widths, or none", expected: "one")
        }
    }
}

extension ProductStep<Packed> {
    fileprivate init(_ json: __shared JSONValue, _ tensors: __shared PackTensors) throws(LimbeckError) {
        matrix = try PackedLinear(json.required("matrix"), tensors)
        (depth, columns) = (matrix.depth, matrix.columns)
        (from, into) = (try json.buffer("from"), try json.buffer("into"))
        column = try json.integer("column", 0...Int(Int32.max))
        gate = try json.optional("gate").map { (value) throws(LimbeckError) in try PackedLinear(value, tensors) }
        residual = json.optional("residual") == nil ? nil : try json.buffer("residual")
        activation = try json.activation("activation")
        norm = try PackedNorm("norm", of: json, tensors)
    }
}

extension EmbeddingTables<PackedTable> {
    /// The width of all tables that are present; 0 if they differ.
    var width: Int {
        var width: Int?
        for case let table? in [word, position, type] {
            guard width == nil || width == table.width else { return 0 }
            width = table.width
        }
        return width ?? 0
    }
}
