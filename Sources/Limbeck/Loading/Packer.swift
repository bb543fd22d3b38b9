import KernelInterface

/// Converts checked tensors into the layout of the kernels. Run twice over the same tensors: to measure, and to write.
struct Packer: WeightMap {
    typealias Source = Stored
    typealias Target = Packed

    var layout: Layout
    let writes: Bool
    /// The longest sequence of the model.
    private let maxPositions: Int
    private let interruption: Interruption?

    /// A tensor that is used twice, such as a decoder tied to the embeddings, is converted once.
    private var converted: [(Tensor, UnsafePointer<Float>)] = []
    /// The projections still to be computed, and their destinations.
    private(set) var projections: [Projection] = []
    private var distanceRows: (buckets: DistanceBuckets, zero: UnsafePointer<Int32>)?
    private var counter = ParameterCounter()
    private(set) var failure: LimbeckError?

    /// The relative-position embeddings of one layer, and the destination of their projections.
    struct Projection {
        let tensors: DisentangledTensors
        let packed: PackedDisentangled
        let heads: Int
    }

    init(layout: Layout, writes: Bool, maxPositions: Int, interruption: Interruption? = nil) {
        (self.layout, self.writes) = (layout, writes)
        (self.maxPositions, self.interruption) = (maxPositions, interruption)
    }

    /// The number of elements of the packed tensors. Those used twice, such as a decoder tied to the word embeddings, count once.
    var parameters: Int { counter.total }

    mutating func begin(block: Int?) -> Bool {
        do throws(LimbeckError) { try interruption?.check() } catch { failure = error }
        return failure == nil
    }

    mutating func product(_ step: ProductStep<Stored>) -> (PackedLinear, gate: PackedLinear?) {
        (packed(step.matrix), step.gate.map { packed($0) })
    }

    @inline(never) mutating func layer(_ tensors: DenseTensors) -> Dense {
        Dense(
            linear: classifier(tensors.linear), activation: tensors.activation, relu: tensors.relu,
            norm: tensors.norm.map { norm($0) })
    }

    mutating func positions(_ tensors: DisentangledTensors, of step: AttentionStep<Stored>) -> PackedDisentangled {
        let panels = tensors.panels, count = step.width * panels * panelColumns
        counter.add(tensors)
        let keys = tensors.key.map { _ in layout.take(Float.self, count) }
        let queries = tensors.query.map { _ in layout.take(Float.self, count) }
        let rows = distanceRows(tensors.buckets)
        let packed = PackedDisentangled(keys: keys, queries: queries, panels: panels, rows: rows)
        if writes { projections.append(Projection(tensors: tensors, packed: packed, heads: step.heads)) }
        return packed
    }

    /// The embedding row of every distance in the model's longest sequence: the same for all layers.
    private mutating func distanceRows(_ buckets: DistanceBuckets) -> UnsafePointer<Int32> {
        if let rows = distanceRows, rows.buckets == buckets { return rows.zero }
        let span = maxPositions
        let zero = layout.take(Int32.self, 2 * span - 1) + (span - 1)
        if writes {
            for distance in 1 - span..<span { zero[distance] = Int32(truncatingIfNeeded: buckets.row(distance)) }
        }
        distanceRows = (buckets, UnsafePointer(zero))
        return UnsafePointer(zero)
    }

    /// The angles of every position in the model's longest sequence.
    mutating func angles(_ rotary: Rotary) -> PackedRotary {
        let table = layout.take(Float.self, rotary.count(positions: maxPositions))
        if writes { rotary.fill(table, positions: maxPositions) }
        return PackedRotary(table: UnsafePointer(table), pairs: rotary.pairs)
    }

    /// The bias of every distance in the model's longest sequence.
    mutating func distanceBias(_ tensor: Tensor) -> RelativeBias {
        let span = maxPositions, heads = tensor.shape[1]
        counter.add(tensor)
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

    /// The tensor as aligned float32: in place if it is stored so.
    private mutating func plain(_ tensor: Tensor) -> UnsafePointer<Float> {
        if let values = tensor.inPlace { return values }
        for (other, values) in converted where other.isSame(as: tensor) { return values }
        let values = layout.take(Float.self, tensor.count)
        if writes { tensor.read(0..<tensor.count, into: values) }
        converted.append((tensor, UnsafePointer(values)))
        return UnsafePointer(values)
    }

    @inline(never) mutating func classifier(_ tensors: LinearTensors) -> Linear {
        counter.add(tensors)
        return Linear(
            weight: .float32(plain(tensors.weight)), bias: tensors.bias.map { plain($0) }, inputs: tensors.weight.shape[1],
            outputs: tensors.weight.shape[0])
    }

    /// Tensors concatenated to one matrix; used in place if it is one tensor.
    mutating func decoder(_ tensors: DecoderTensors) -> Linear {
        let parts = tensors.weight
        if parts.count == 1 { return classifier(LinearTensors(weight: parts[0], bias: tensors.bias)) }
        for part in parts { counter.add(part) }
        if let bias = tensors.bias { counter.add(bias) }
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
        return Linear(weight: .float32(weight), bias: tensors.bias.map { plain($0) }, inputs: inputs, outputs: outputs)
    }

    mutating func table(_ tensor: Tensor, _ kind: TableKind) -> PackedTable {
        counter.add(tensor)
        return PackedTable(rows: .float32(plain(tensor)), count: tensor.shape[0], width: tensor.shape[1])
    }

    mutating func norm(_ tensors: NormTensors) -> PackedNorm {
        let width = tensors.weight.count
        counter.add(tensors)
        return PackedNorm(
            width: width, weight: padded(tensors.weight, width), bias: padded(tensors.bias, width), eps: tensors.eps,
            isUnbiased: tensors.isUnbiased)
    }

    /// The tensor padded with zeros; all zeros if it is nil.
    private mutating func padded(_ tensor: Tensor?, _ width: Int) -> UnsafePointer<Float> {
        let values = layout.take(Float.self, width.roundedUp(to: panelColumns))
        if writes, let tensor { tensor.read(0..<width, into: values) }
        return UnsafePointer(values)
    }

    /// Matrices with the same inputs, concatenated to one packed matrix, so that one GEMM computes them all.
    mutating func packed(_ parts: [LinearTensors]) -> PackedLinear {
        var columns = 0
        for part in parts { columns += part.weight.shape[0] }
        let depth = parts[0].weight.shape[1]
        let paddedColumns = columns.roundedUp(to: panelColumns)
        for part in parts { counter.add(part) }
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
