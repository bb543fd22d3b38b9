import KernelInterface

/// The weights in the layout of the kernels: the layers' matrices packed into panels in private memory. Everything else is used in
/// place in the mapped files if it is aligned float32, and converted otherwise. Immutable; keeps the mappings alive.
package final class Weights {
    let parts: ModelParts<Packed>
    var embeddings: [Step<Packed>] { parts.embeddings }
    var blocks: [[Step<Packed>]] { parts.blocks }
    var layers: [[Int]] { parts.layers }
    var distanceBias: RelativeBias? { parts.distanceBias }
    var angles: [PackedRotary] { parts.angles }
    var pooler: Dense? { parts.pooler }
    var exits: [Exit<Packed>] { parts.exits }
    var vector: VectorSteps<Packed> { parts.vector }
    /// Bytes of private memory, in addition to the mapped files.
    let privateBytes: Int

    private let memory: Memory?
    private let mappings: [MappedFile]
    /// The weights whose memory is used in addition to this object's.
    private let source: Weights?

    /// `parts` point into `memory`, the mapped files, and for unchanged weights into `source`.
    init(_ parts: ModelParts<Packed>, memory: Memory? = nil, mappings: [MappedFile] = [], source: Weights? = nil) {
        (self.parts, self.memory, self.mappings, self.source) = (parts, memory, mappings, source)
        privateBytes = (source?.privateBytes ?? 0) + (memory?.bytes ?? 0)
    }
}

extension Model {
    /// Whether its GEMMs are int8.
    package var quantizesInputs: Bool {
        func takes(_ steps: [Step<Packed>]) -> Bool { steps.contains { $0.integerDepth > 0 } }
        return takes(weights.embeddings) || weights.blocks.contains { takes($0) }
    }
}

// Immutable after init; the object keeps the memory behind the pointers alive.
extension Weights: @unchecked Sendable {}

/// Weights in the layout of the kernels.
enum Packed: WeightForm {
    typealias Matrix = PackedLinear
    typealias Norm = PackedNorm
    typealias Table = PackedTable
    typealias Positions = PackedDisentangled
    typealias Angles = PackedRotary
    typealias DistanceBias = RelativeBias
    typealias Layer = Dense
    typealias Classifier = Linear
    typealias Decoder = Linear
}

/// A matrix packed into panels, and its bias padded with zeros to whole panels.
struct PackedLinear {
    var panels: Panels
    var bias: UnsafePointer<Float>
    /// The inputs that are used, the first of the panels'.
    var depth: Int
    var columns: Int
    let panelDepth: Int

    init(panels: Panels, bias: UnsafePointer<Float>, depth: Int, columns: Int) {
        (self.panels, self.bias, self.depth, self.columns, panelDepth) = (panels, bias, depth, columns, depth)
    }

    var panelCount: Int { columns.roundedUp(to: panelColumns) / panelColumns }

    var panelBytes: Int {
        switch panels {
        case .float(.float32): 4 * depth * panelColumns
        case .float(.float16): 2 * depth * panelColumns
        case .int8: integerDepth * panelColumns
        case .int4: integerDepth * panelColumns / 2
        }
    }

    /// The depth of the codes.
    var integerDepth: Int { depth.roundedUp(to: IntegerPanels.depthStep) }
    var integerPanelDepth: Int { panelDepth.roundedUp(to: IntegerPanels.depthStep) }
}

/// A matrix as in the file, a row for each output.
struct Linear {
    var weight: Rows  // (outputs, inputs)
    var bias: UnsafePointer<Float>?
    var inputs: Int
    var outputs: Int

    /// The matrix of this output alone.
    func output(_ index: Int) -> Linear {
        Linear(weight: weight.from(row: index, width: inputs), bias: bias.map { $0 + index }, inputs: inputs, outputs: 1)
    }
}

/// activation(W x + b), optionally followed by a ReLU or a LayerNorm.
struct Dense {
    var linear: Linear
    var activation: Activation
    var relu = false
    var norm: PackedNorm?
}

extension TokenClassifier<Packed> {
    var outputs: Int { linear.outputs }

    /// The classifier of this output alone.
    func output(_ index: Int) -> TokenClassifier { TokenClassifier(dense: dense, linear: linear.output(index)) }
}

/// The scale and shift of a LayerNorm, padded with zeros to whole panels.
struct PackedNorm {
    var width: Int
    var weight: UnsafePointer<Float>
    var bias: UnsafePointer<Float>
    var eps: Float?
    /// As in `Normalization`.
    var isUnbiased = false

    /// Normalises rows of `x`, in place unless `out` is given.
    func normalization(
        of x: UnsafeMutablePointer<Float>, stride: Int, into out: UnsafeMutablePointer<Float>? = nil
    ) -> Normalization {
        Normalization(
            x: x, stride: stride, out: out ?? x, width: width, weight: weight, bias: bias, eps: eps, isUnbiased: isUnbiased)
    }
}

/// The cosines and sines of RoPE.
struct PackedRotary {
    var table: UnsafePointer<Float>  // (positions, 2 * pairs)
    var pairs: Int
}

/// `count` rows of `width`, contiguous.
struct PackedTable {
    var rows: Rows
    var count: Int
    var width: Int
}

/// Relative position bias, added to the scores of a head by the distance from query to key: `table[head][key - query + span - 1]`.
package struct RelativeBias {
    var table: UnsafePointer<Float>  // (heads, stride)
    var span: Int

    /// Whole vectors may be read past the last distance.
    var stride: Int { RelativeBias.stride(span: span) }
    package static let buckets = 32

    /// The bucket of a distance (Raffel et al. 2020, section 2.1; MPNet's parameters). Half of the buckets are for keys after the
    /// query. Of each half, eight are for 0 to 7, and the others double in width every second one, 8 log(n / 8) / log 16.
    package static func bucket(_ distance: Int) -> Int {
        let first = distance > 0 ? buckets / 2 : 0
        let n = Int(min(distance.magnitude, 128))
        guard n >= 8 else { return first + n }
        var step = 0
        while step < 7, n * n >= 64 << (step + 1) { step += 1 }
        return first + 8 + step
    }

    package static func stride(span: Int) -> Int { (2 * span - 1 + panelColumns).roundedUp(to: 16) }
}
