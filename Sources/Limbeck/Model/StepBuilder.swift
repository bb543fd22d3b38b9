import KernelInterface

/// Collects the steps of the embeddings or of one layer, for the functions of the families that know them: takes tensors out of the
/// checkpoint with their shapes checked, and notes how wide the buffers have to be.
struct StepBuilder {
    let declared: DeclaredConfiguration
    let checkpoint: Checkpoint
    private(set) var widths = BufferWidths()
    /// `attentionHeads * headSize`, the same in all layers; nil before the first.
    private(set) var attentionSize: Int?
    /// Of the feed-forward networks, the same in all layers.
    private(set) var intermediateSize: Int?

    /// What the layer's tensors begin with.
    private var prefix = ""
    private var steps: [Step<Stored>] = []

    init(_ declared: DeclaredConfiguration, _ checkpoint: Checkpoint) {
        self.declared = declared
        self.checkpoint = checkpoint
        intermediateSize = declared.intermediateSize
    }

    /// The steps that `build` adds, of tensors whose names begin with `prefix`.
    mutating func steps<Result>(
        _ prefix: String, _ build: (inout StepBuilder) throws(LimbeckError) -> Result
    ) throws(LimbeckError) -> ([Step<Stored>], Result) {
        self.prefix = prefix
        steps = []
        let result = try build(&self)
        return (steps, result)
    }

    /// The rows of a matrix; those of the configuration, if it says.
    func outputs(_ name: String, in inputs: Int, expected: Int?) throws(LimbeckError) -> Int {
        try checkpoint.tensor("\(prefix)\(name).weight", [expected, inputs]).shape[0]
    }

    func linear(_ name: String, in inputs: Int, out outputs: Int) throws(LimbeckError) -> LinearTensors {
        try checkpoint.linear(prefix + name, in: inputs, out: outputs)
    }

    func norm(_ name: String, _ width: Int) throws(LimbeckError) -> NormTensors {
        try checkpoint.norm(prefix + name, width, eps: declared.layerNormEps)
    }

    mutating func embed(_ tables: EmbeddingTables<Tensor>, width: Int, into: Buffer, norm: NormTensors?) {
        widths.widen(into, to: width)
        steps.append(.embed(tables, into: into, norm: norm))
    }

    mutating func trigrams(word: Tensor, into: Buffer) {
        widths.widen(into, to: 3 * word.shape[1])
        steps.append(.trigrams(word: word, into: into))
    }

    /// Matrices of the same inputs, their outputs side by side.
    mutating func product(
        _ matrices: [LinearTensors], from: Buffer, into: Buffer, column: Int = 0, activation: Activation = .identity,
        residual: Buffer? = nil, norm: NormTensors? = nil
    ) {
        // Products write whole panels.
        var width = column == 0 ? 0 : column + panelColumns
        for matrix in matrices { width += matrix.weight.shape[0] }
        widths.widen(into, to: width)
        steps.append(
            .product(
                matrices, from: from, into: into, column: column, activation: activation, residual: residual, norm: norm))
    }

    /// Attention over `projected`, whose queries, keys and values are each `size` wide.
    mutating func attention(size: Int) throws(LimbeckError) {
        guard size % declared.attentionHeads == 0 else {
            throw LimbeckError(
                .fileInconsistent,
                "\(declared.file): \(declared.attentionHeads) attention heads do not divide the size of attention, \(size)")
        }
        attentionSize = size
        widths.widen(.context, to: size)
        steps.append(.attention)
    }

    /// A feed-forward network and what follows it: norm(W2 act(W1 x + b1) + b2 + x).
    mutating func feedForward(
        _ intermediate: String, _ output: String, width: Int, from: Buffer, into: Buffer, norm: NormTensors
    ) throws(LimbeckError) {
        let size = try outputs(intermediate, in: width, expected: intermediateSize)
        intermediateSize = size
        product(
            [try linear(intermediate, in: width, out: size)], from: from, into: .intermediate, activation: declared.activation)
        product(
            [try linear(output, in: size, out: width)], from: .intermediate, into: into, residual: from, norm: norm)
    }
}
