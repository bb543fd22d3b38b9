import KernelInterface

/// The weights in the form the kernels read: the layers' matrices packed into panels in memory of our own, everything else used
/// where it stands in the mapped files if it is aligned float32, and converted otherwise. Immutable; keeps the mappings alive.
package final class Weights {
    struct Layer {
        var queryKeyValue: PackedLinear  // hidden -> 3 * heads * headSize
        var attentionOutput: PackedLinear
        var attentionNorm: Norm
        var intermediate: PackedLinear
        var output: PackedLinear
        var outputNorm: Norm
    }

    enum Head {
        case none
        case sequence(source: Source, classifier: Linear)
        case token(Linear)
        case span(Linear)
        case maskedLM(transform: Linear, norm: Norm, decoder: Linear)

        /// What the sequence classifier reads: the first token through a dense layer.
        struct Source {
            var dense: Linear
            var tanh: Bool
            var relu: Bool
        }
    }

    let word: UnsafePointer<Float>  // (vocab, hidden)
    let position: UnsafePointer<Float>  // (positions, hidden)
    let type: UnsafePointer<Float>?  // (types, hidden)
    let embeddingNorm: Norm
    let layers: [Layer]
    let pooler: Linear?
    let head: Head
    /// Bytes of our own, beside the mapped files.
    let privateBytes: Int

    private let memory: Memory
    private let mappings: [MappedFile]

    init(_ tensors: ModelTensors, mappings: [MappedFile]) throws(LimbeckError) {
        // The first pass only measures; the second writes.
        var measure = Packer(layout: Layout(), writes: false)
        _ = measure.pack(tensors)
        memory = try Memory(bytes: measure.layout.bytes)
        self.mappings = mappings
        var packer = Packer(layout: Layout(base: memory.base), writes: true)
        let parts = packer.pack(tensors)
        (word, position, type, embeddingNorm) = (parts.word, parts.position, parts.type, parts.embeddingNorm)
        (layers, pooler, head) = (parts.layers, parts.pooler, parts.head)
        privateBytes = memory.bytes
    }
}

// Immutable after init, and the memory behind the pointers is kept alive by the object.
extension Weights: @unchecked Sendable {}

/// A matrix in panels (panels, depth, 32), and its bias padded with zeros to whole panels.
struct PackedLinear {
    var panels: UnsafePointer<Float>
    var bias: UnsafePointer<Float>
    var depth: Int
    var columns: Int

    var panelCount: Int { columns.roundedUp(to: panelColumns) / panelColumns }
}

/// A matrix as it stands in the file, (outputs, inputs).
struct Linear {
    var weight: UnsafePointer<Float>
    var bias: UnsafePointer<Float>?
    var inputs: Int
    var outputs: Int

    /// The matrix that has this one output alone.
    func output(_ index: Int) -> Linear {
        Linear(weight: weight + index * inputs, bias: bias.map { $0 + index }, inputs: inputs, outputs: 1)
    }
}

/// The scale and shift of a LayerNorm, padded with zeros to whole panels.
struct Norm {
    var weight: UnsafePointer<Float>
    var bias: UnsafePointer<Float>
}
