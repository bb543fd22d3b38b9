import KernelInterface

// The steps of the encoder in a pack: how each is written, and beside it how it is read and checked. What a step reads and writes is
// bounded by how wide the steps themselves make the buffers, as `StepBuilder` has it; nothing that the description says of it is believed.

extension Step<Packed> {
    func write(_ name: String, _ c: Configuration, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.object { json in
            switch self {
            case .embed(let tables, let into, let norm):
                json.write("step", "embed")
                tables.word?.write("word", "\(name).word", count: c.vocabSize, to: &contents, &json)
                tables.position?.write("position", "\(name).position", count: c.positionRows, to: &contents, &json)
                tables.type?.write("type", "\(name).type", count: c.typeVocabSize, to: &contents, &json)
                json.write("into", into)
                norm?.write("norm", name, to: &contents, &json)
            case .trigrams(let word, let into):
                json.write("step", "trigrams")
                word.write("word", "\(name).word", count: c.vocabSize, to: &contents, &json)
                json.write("into", into)
            case .product(let matrix, let from, let into, let column, let activation, let gate, let residual, let norm):
                json.write("step", "product")
                matrix.write("matrix", name, to: &contents, &json)
                json.write("from", from)
                json.write("into", into)
                json.write("column", column)
                json.write("activation", activation)
                gate?.write("gate", "\(name).gate", to: &contents, &json)
                if let residual { json.write("residual", residual) }
                norm?.write("norm", name, to: &contents, &json)
            case .normalize(let norm, let from, let into):
                json.write("step", "normalize")
                norm.write("norm", name, to: &contents, &json)
                json.write("from", from)
                json.write("into", into)
            case .rotate(let table):
                json.write("step", "rotate")
                json.write("table", table)
            case .attention(let window, let positions):
                json.write("step", "attention")
                if let window { json.write("window", window) }
                positions?.write("positions", name, c, to: &contents, &json)
            }
        }
    }

    /// Also notes how wide the step makes its buffers.
    init(
        _ json: __shared JSONValue, _ c: __shared Configuration, widths: inout BufferWidths, _ tensors: __shared PackTensors
    ) throws(LimbeckError) {
        switch try json.choice("step", "embed trigrams product normalize rotate attention") {
        case 0:
            func table(_ key: String, _ rows: Int) throws(LimbeckError) -> PackedTable? {
                guard let value = json.optional(key) else { return nil }
                guard rows > 0 else { throw value.mismatch("a table of '\(key)'", expected: "none") }
                return try PackedTable(value, least: rows, tensors)
            }
            let tables = EmbeddingTables(
                word: try table("word", c.vocabSize), position: try table("position", c.positionRows),
                type: try table("type", c.typeVocabSize))
            let into = try json.buffer("into"), norm = try PackedNorm("norm", of: json, tensors)
            let width = tables.width
            guard width > 0, norm == nil || norm?.width == width else {
                throw json.mismatch("embeddings of several widths, or none", expected: "one")
            }
            widths.widen(into, to: width)
            self = .embed(tables, into: into, norm: norm)
        case 1:
            guard c.paddingId == nil else { throw json.mismatch("trigrams", expected: "positions from 0 with them") }
            let word = try PackedTable(json.required("word"), least: c.vocabSize, tensors)
            let into = try json.buffer("into")
            widths.widen(into, to: 3 * word.width)
            self = .trigrams(word: word, into: into)
        case 2:
            let matrix = try PackedLinear(json.required("matrix"), tensors)
            let (from, into) = (try json.buffer("from"), try json.buffer("into"))
            let column = try json.integer("column", 0...Int(Int32.max))
            let gate = try json.optional("gate").map { (value) throws(LimbeckError) in try PackedLinear(value, tensors) }
            let residual = json.optional("residual") == nil ? nil : try json.buffer("residual")
            widths.widen(into, to: BufferWidths.width(of: matrix.columns, from: column))
            self = .product(
                matrix, from: from, into: into, column: column, activation: try json.activation("activation"), gate: gate,
                residual: residual, norm: try PackedNorm("norm", of: json, tensors))
        case 3:
            let norm = try PackedNorm(json.required("norm"), tensors)
            let into = try json.buffer("into")
            widths.widen(into, to: norm.width)
            self = .normalize(norm, from: try json.buffer("from"), into: into)
        case 4:
            self = .rotate(table: try json.integer("table", 0...Int(Int32.max)))
        default:
            widths.widen(.context, to: c.attentionHeads * c.headSize)
            self = .attention(
                window: json.optional("window") == nil ? nil : try json.integer("window", 0...Int(Int32.max)),
                positions: try json.optional("positions").map { (value) throws(LimbeckError) in
                    try PackedDisentangled(value, c, tensors)
                })
        }
    }

    /// Whether the step stays inside the buffers, which all steps together have made so wide.
    func fits(_ c: Configuration, _ widths: BufferWidths, _ rotaries: [PackedRotary]) -> Bool {
        /// Rows of both are as far apart, and `width` numbers are in each.
        func areAlike(_ a: Buffer, _ b: Buffer, _ width: Int) -> Bool {
            rowStride(widths[a]) == rowStride(widths[b]) && width <= min(widths[a], widths[b])
        }
        let attention = c.attentionHeads * c.headSize
        switch self {
        case .embed, .trigrams: return true
        case .product(let matrix, let from, let into, let column, _, let gate, let residual, let norm):
            if let gate {
                guard gate.depth == matrix.depth, gate.columns == matrix.columns, gate.panels.takesInputs(of: matrix.panels) else {
                    return false
                }
            }
            if let residual, !areAlike(residual, into, matrix.columns) { return false }
            // The kernel writes rows that others still read, if they are the same.
            return from != into && matrix.depth <= widths[from] && column + matrix.columns <= widths[into]
                && (norm == nil || norm?.width == matrix.columns)
        case .normalize(let norm, let from, let into): return areAlike(from, into, norm.width)
        case .rotate(let table):
            return table < rotaries.count && 2 * rotaries[table].pairs <= c.headSize && 2 * attention <= widths[.projected]
        case .attention: return attention <= widths[.projected] / 3
        }
    }
}

extension EmbeddingTables<PackedTable> {
    /// Of all the tables there are; 0 if they differ.
    var width: Int {
        var width: Int?
        for case let table? in [word, position, type] {
            guard width == nil || width == table.width else { return 0 }
            width = table.width
        }
        return width ?? 0
    }
}
