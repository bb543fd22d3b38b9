import KernelInterface

/// Brings checked tensors into the form of `Weights`. Run twice over the same tensors: to measure, and to write.
struct Packer {
    var layout: Layout
    let writes: Bool

    struct Parts {
        var word: UnsafePointer<Float>
        var position: UnsafePointer<Float>
        var type: UnsafePointer<Float>?
        var embeddingNorm: Norm
        var layers: [Weights.Layer]
        var pooler: Linear?
        var head: Weights.Head
    }

    mutating func pack(_ t: ModelTensors) -> Parts {
        let word = plain(t.word)
        let position = plain(t.position)
        let type = t.type.map { plain($0) }
        let embeddingNorm = norm(t.embeddingNorm)
        var layers: [Weights.Layer] = []
        layers.reserveCapacity(t.layers.count)
        for layer in t.layers {
            layers.append(
                Weights.Layer(
                    queryKeyValue: packed([layer.query, layer.key, layer.value]),
                    attentionOutput: packed([layer.attentionOutput]),
                    attentionNorm: norm(layer.attentionNorm),
                    intermediate: packed([layer.intermediate]),
                    output: packed([layer.output]),
                    outputNorm: norm(layer.outputNorm)))
        }
        let pooler = t.pooler.map { linear($0) }
        return Parts(
            word: word, position: position, type: type, embeddingNorm: embeddingNorm, layers: layers, pooler: pooler,
            head: head(t.head, pooler: pooler))
    }

    private mutating func head(_ head: HeadTensors, pooler: Linear?) -> Weights.Head {
        switch head {
        case .none:
            return .none
        case .sequence(let source, let classifier):
            let classifier = linear(classifier)
            switch source {
            case .dense(let dense):
                return .sequence(source: .init(dense: linear(dense), tanh: false, relu: true), classifier: classifier)
            case .pooled:
                guard let pooler else { return .none }
                return .sequence(source: .init(dense: pooler, tanh: true, relu: false), classifier: classifier)
            case .pooledReLU:
                guard let pooler else { return .none }
                return .sequence(source: .init(dense: pooler, tanh: true, relu: true), classifier: classifier)
            }
        case .token(let classifier):
            return .token(linear(classifier))
        case .span(let classifier):
            return .span(linear(classifier))
        case .maskedLM(let transform, let norm, let decoder, let bias):
            return .maskedLM(
                transform: linear(transform), norm: self.norm(norm),
                decoder: linear(LinearTensors(weight: decoder, bias: bias)))
        }
    }

    /// The tensor as aligned float32: in place if it is that already.
    private mutating func plain(_ tensor: Tensor) -> UnsafePointer<Float> {
        if let values = tensor.inPlace { return values }
        let values = layout.take(Float.self, tensor.count)
        if writes { tensor.read(0..<tensor.count, into: values) }
        return UnsafePointer(values)
    }

    private mutating func linear(_ tensors: LinearTensors) -> Linear {
        Linear(
            weight: plain(tensors.weight), bias: tensors.bias.map { plain($0) }, inputs: tensors.weight.shape[1],
            outputs: tensors.weight.shape[0])
    }

    private mutating func norm(_ tensors: NormTensors) -> Norm {
        Norm(weight: padded(tensors.weight), bias: padded(tensors.bias))
    }

    private mutating func padded(_ tensor: Tensor) -> UnsafePointer<Float> {
        let values = layout.take(Float.self, tensor.count.roundedUp(to: panelColumns))
        if writes { tensor.read(0..<tensor.count, into: values) }
        return UnsafePointer(values)
    }

    /// Matrices with the same inputs, side by side in one packed matrix: one product computes them all.
    private mutating func packed(_ parts: [LinearTensors]) -> PackedLinear {
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
        return PackedLinear(panels: UnsafePointer(panels), bias: UnsafePointer(bias), depth: depth, columns: columns)
    }
}
