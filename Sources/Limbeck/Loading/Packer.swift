import KernelInterface

/// Brings checked tensors into the form of `Weights`. Run twice over the same tensors: to measure, and to write.
struct Packer {
    var layout: Layout
    let writes: Bool

    /// A tensor that is used twice, such as a decoder tied to the embeddings, is converted once.
    private var converted: [(Tensor, UnsafePointer<Float>)] = []
    /// What remains to be computed, and where it goes.
    private(set) var positions: [(DisentangledTensors, PackedDisentangled)] = []
    private var distanceRows: (buckets: DistanceBuckets, zero: UnsafePointer<Int32>)?

    init(layout: Layout, writes: Bool) {
        self.layout = layout
        self.writes = writes
    }

    mutating func pack(
        _ t: ModelTensors, _ configuration: Configuration, interruption: Interruption? = nil
    ) throws(LimbeckError) -> Weights.Parts {
        let parts = Weights.Parts(hidden: configuration.hiddenSize)
        parts.embeddings = t.embeddings.map { packed($0, configuration) }
        for block in t.blocks {
            try interruption?.check()
            parts.blocks.append(block.map { packed($0, configuration) })
        }
        parts.layers = t.layers
        parts.relativeBias = t.relativeBias.map { relativeBias($0, configuration) }
        parts.rotaries = t.rotaries.map { rotary($0, configuration) }
        parts.pooler = t.pooler.map { Dense(linear: linear($0), activation: .tanh) }
        parts.head = head(t.head)
        parts.vector = vector(t.vector)
        return parts
    }

    private mutating func packed(_ step: Step<Stored>, _ configuration: Configuration) -> Step<Packed> {
        switch step {
        case .embed(let tables, let into, let norm):
            .embed(
                EmbeddingTables(
                    word: tables.word.map { table($0) }, position: tables.position.map { table($0) },
                    type: tables.type.map { table($0) }), into: into, norm: norm.map { self.norm($0) })
        case .trigrams(let word, let into): .trigrams(word: table(word), into: into)
        case .product(let matrices, let from, let into, let column, let activation, let gate, let residual, let norm):
            .product(
                packed(matrices), from: from, into: into, column: column, activation: activation, gate: gate.map { packed($0) },
                residual: residual, norm: norm.map { self.norm($0) })
        case .normalize(let norm, let from, let into): .normalize(self.norm(norm), from: from, into: into)
        case .rotate(let table): .rotate(table: table)
        case .attention(let window, let positions):
            .attention(window: window, positions: positions.map { disentangled($0, configuration) })
        }
    }

    private mutating func head(_ head: HeadTensors) -> Weights.Head {
        switch head {
        case .none: .none
        case .sequence(let dense, let classifier):
            .sequence(dense: dense.map { self.dense($0) }, classifier: linear(classifier))
        case .token(let dense, let classifier): .token(tokenClassifier(dense, classifier))
        case .span(let dense, let classifier): .span(tokenClassifier(dense, classifier))
        case .maskedLM(let transform, let decoder, let bias):
            .maskedLM(transform: dense(transform), decoder: linear(decoder, bias: bias))
        case .detection(let dense, let classifier): .detection(tokenClassifier(dense, classifier))
        }
    }

    private mutating func vector(_ tensors: VectorSteps<Stored>) -> VectorSteps<Packed> {
        var steps = VectorSteps<Packed>(tensors)
        for stage in tensors.stages {
            let packed: VectorStage<Packed> =
                switch stage {
                case .dense(let layer, let isSigmoid, let addsInputs, let adds):
                    .dense(dense(layer), isSigmoid: isSigmoid, addsInputs: addsInputs, adds: adds.map { dense($0) })
                case .norm(let tensors): .norm(norm(tensors))
                case .unitLength: .unitLength
                }
            steps.stages.append(packed)
        }
        return steps
    }

    private mutating func tokenClassifier(_ dense: DenseTensors?, _ classifier: LinearTensors) -> TokenClassifier {
        TokenClassifier(dense: dense.map { self.dense($0) }, linear: linear(classifier))
    }

    @inline(never) private mutating func dense(_ tensors: DenseTensors) -> Dense {
        Dense(
            linear: linear(tensors.linear), activation: tensors.activation, relu: tensors.relu,
            norm: tensors.norm.map { norm($0) })
    }

    private mutating func disentangled(_ tensors: DisentangledTensors, _ configuration: Configuration) -> PackedDisentangled {
        let panels = configuration.positionPanels
        let count = configuration.attentionHeads * panels * panelColumns * configuration.headSize
        let keys = tensors.key.map { _ in layout.take(Float.self, count) }
        let queries = tensors.query.map { _ in layout.take(Float.self, count) }
        let rows = distanceRows(tensors.buckets, configuration)
        let packed = PackedDisentangled(keys: keys, queries: queries, panels: panels, rows: rows)
        if writes { positions.append((tensors, packed)) }
        return packed
    }

    /// The embedding of every distance that a sequence of the model has: the same for all layers.
    private mutating func distanceRows(_ buckets: DistanceBuckets, _ configuration: Configuration) -> UnsafePointer<Int32> {
        if let rows = distanceRows, rows.buckets == buckets { return rows.zero }
        let span = configuration.maxPositions
        let zero = layout.take(Int32.self, 2 * span - 1) + (span - 1)
        if writes {
            for distance in 1 - span..<span { zero[distance] = Int32(truncatingIfNeeded: buckets.row(distance)) }
        }
        distanceRows = (buckets, UnsafePointer(zero))
        return UnsafePointer(zero)
    }

    /// The angles of every position that a sequence of the model has.
    private mutating func rotary(_ rotary: Rotary, _ configuration: Configuration) -> PackedRotary {
        let positions = configuration.maxPositions
        let table = layout.take(Float.self, rotary.count(positions: positions))
        if writes { rotary.fill(table, positions: positions) }
        return PackedRotary(table: UnsafePointer(table), pairs: rotary.pairs)
    }

    /// The bias of every distance that a sequence of the model has.
    private mutating func relativeBias(_ tensor: Tensor, _ configuration: Configuration) -> RelativeBias {
        let span = configuration.maxPositions, heads = configuration.attentionHeads
        let stride = RelativeBias.stride(span: span)
        let table = layout.take(Float.self, heads * stride)
        if writes {
            for distance in 1 - span..<span {
                let bucket = RelativeBias.bucket(distance)
                for head in 0..<heads {
                    let index = bucket * heads + head
                    tensor.read(index..<index + 1, into: table + head * stride + distance + span - 1)
                }
            }
        }
        return RelativeBias(table: UnsafePointer(table), span: span)
    }

    /// The tensor as aligned float32: in place if it is that already.
    private mutating func plain(_ tensor: Tensor) -> UnsafePointer<Float> {
        if let values = tensor.inPlace { return values }
        for (other, values) in converted where other.isSame(as: tensor) { return values }
        let values = layout.take(Float.self, tensor.count)
        if writes { tensor.read(0..<tensor.count, into: values) }
        converted.append((tensor, UnsafePointer(values)))
        return UnsafePointer(values)
    }

    private mutating func linear(_ tensors: LinearTensors) -> Linear {
        Linear(
            weight: .float32(plain(tensors.weight)), bias: tensors.bias.map { plain($0) }, inputs: tensors.weight.shape[1],
            outputs: tensors.weight.shape[0])
    }

    /// Tensors side by side as one matrix: where it stands if it is one tensor.
    private mutating func linear(_ parts: [Tensor], bias: Tensor?) -> Linear {
        if parts.count == 1 { return linear(LinearTensors(weight: parts[0], bias: bias)) }
        let outputs = parts[0].shape[0]
        var inputs = 0
        for part in parts { inputs += part.shape[1] }
        let weight = layout.take(Float.self, outputs * inputs)
        if writes {
            var first = 0
            for part in parts {
                let width = part.shape[1]
                for row in 0..<outputs { part.read(row * width..<(row + 1) * width, into: weight + row * inputs + first) }
                first += width
            }
        }
        return Linear(weight: .float32(weight), bias: bias.map { plain($0) }, inputs: inputs, outputs: outputs)
    }

    private mutating func table(_ tensor: Tensor) -> PackedTable {
        PackedTable(rows: .float32(plain(tensor)), count: tensor.shape[0], width: tensor.shape[1])
    }

    mutating func norm(_ tensors: NormTensors) -> PackedNorm {
        let width = tensors.weight.count
        return PackedNorm(
            width: width, weight: padded(tensors.weight, width), bias: padded(tensors.bias, width), eps: tensors.eps)
    }

    /// Zeros past the tensor's numbers, and in place of one that is not there.
    private mutating func padded(_ tensor: Tensor?, _ width: Int) -> UnsafePointer<Float> {
        let values = layout.take(Float.self, width.roundedUp(to: panelColumns))
        if writes, let tensor { tensor.read(0..<width, into: values) }
        return UnsafePointer(values)
    }

    /// Matrices with the same inputs, side by side in one packed matrix: one product computes them all.
    mutating func packed(_ parts: [LinearTensors]) -> PackedLinear {
        var columns = 0
        for part in parts { columns += part.weight.shape[0] }
        let depth = parts[0].weight.shape[1]
        let paddedColumns = columns.roundedUp(to: panelColumns)
        let panels = layout.take(Float.self, paddedColumns * depth)
        let bias = layout.take(Float.self, paddedColumns)
        if writes {
            var first = 0
            withUnsafeTemporaryAllocation(of: Float.self, capacity: depth) { row in
                let row = row.baseAddress!
                for part in parts {
                    let outputs = part.weight.shape[0]
                    for output in 0..<outputs {
                        part.weight.read(output * depth..<(output + 1) * depth, into: row)
                        let column = first + output
                        let panel = panels + column / panelColumns * panelColumns * depth + column % panelColumns
                        for k in 0..<depth { panel[k * panelColumns] = row[k] }
                    }
                    if let tensor = part.bias { tensor.read(0..<outputs, into: bias + first) }
                    first += outputs
                }
            }
        }
        return PackedLinear(panels: .float(.float32(panels)), bias: UnsafePointer(bias), depth: depth, columns: columns)
    }
}
