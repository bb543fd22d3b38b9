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
            var (heads, headSize) = (c.attentionHeads, c.headSize)
            if json.optional("heads") != nil {
                heads = try json.size("heads")
                headSize = try json.integer("head_size", 1...Int(Int32.max) / heads)
            }
            var step = AttentionStep<Packed>(heads: heads, headSize: headSize, window: window)
            if let value = json.optional("positions") { step.positions = try PackedDisentangled(value, step, c, tensors) }
            self = .attention(step)
        case nil: throw json.mismatch("a step without a reader", expected: "one of \(PackNames.steps)")
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
