import KernelInterface

/// Collects the steps of the embeddings or of one layer, as the functions of a family add them. Takes tensors out of the checkpoint
/// with their shapes checked, and tracks the widths that the buffers need.
struct StepBuilder {
    let declared: DeclaredConfiguration
    let checkpoint: Checkpoint
    private(set) var widths = BufferWidths()
    /// `attentionHeads * headSize`, the same in all layers; nil before the first layer.
    private(set) var attentionSize: Int?
    /// The width of the feed-forward networks, the same in all layers.
    var intermediateSize: Int?
    /// Panels of the relative-position embeddings.
    private(set) var positionPanels = 0
    /// The distinct RoPE tables, in the order in which `rotate` numbers them.
    private(set) var rotaries: [Rotary] = []

    /// The prefix of the layer's tensors.
    private var prefix = ""
    /// The layer's index.
    private(set) var index = 0
    private var steps: [Step<Stored>] = []

    init(_ declared: DeclaredConfiguration, _ checkpoint: Checkpoint) {
        self.declared = declared
        self.checkpoint = checkpoint
        intermediateSize = declared.intermediateSize
    }

    /// The steps that `build` adds, from tensors whose names begin with `prefix`.
    mutating func steps<Result>(
        _ prefix: String, index: Int = 0, _ build: (inout StepBuilder) throws(LimbeckError) -> Result
    ) throws(LimbeckError) -> ([Step<Stored>], Result) {
        self.prefix = prefix
        self.index = index
        steps = []
        let result = try build(&self)
        return (steps, result)
    }

    @inline(never) private mutating func add(_ step: Step<Stored>) {
        widths.widen(step.output)
        steps.append(step)
    }

    /// The rows of a matrix; checked against `expected` if that is not nil.
    @inline(never)
    func outputs(_ name: String, in inputs: Int, expected: Int?) throws(LimbeckError) -> Int {
        try checkpoint.tensor("\(prefix)\(name).weight", [expected, inputs]).shape[0]
    }

    /// Whether the layer has a matrix of that name.
    func has(_ name: String) -> Bool { checkpoint.contains("\(prefix)\(name).weight") }

    @inline(never)
    func linear(_ name: String, in inputs: Int, out outputs: Int, bias: Bool = true) throws(LimbeckError) -> LinearTensors {
        try checkpoint.linear(prefix + name, in: inputs, out: outputs, bias: bias)
    }

    @inline(never) func norm(_ name: String, _ width: Int) throws(LimbeckError) -> NormTensors {
        var norm = try checkpoint.norm(prefix + name, width, eps: declared.layerNormEps, bias: declared.normsHaveBias)
        norm.isUnbiased = declared.rules.normsAreUnbiased
        return norm
    }

    @inline(never)
    mutating func embed(_ tables: EmbeddingTables<Tensor>, width: Int, into: Buffer, norm: NormTensors?) {
        add(.embed(EmbeddingStep(tables: tables, width: width, into: into, norm: norm)))
    }

    mutating func trigrams(word: Tensor, into: Buffer) {
        add(.trigrams(TrigramStep(word: word, width: word.shape[1], into: into)))
    }

    /// Matrices with the same inputs, their outputs side by side.
    @inline(never) mutating func product(
        _ matrices: [LinearTensors], from: Buffer, into: Buffer, column: Int = 0, activation: Activation = .identity,
        gate: [LinearTensors]? = nil, residual: Buffer? = nil, norm: NormTensors? = nil
    ) {
        var columns = 0
        for matrix in matrices { columns += matrix.weight.shape[0] }
        add(
            .product(
                ProductStep(
                    matrix: matrices, gate: gate, depth: matrices[0].weight.shape[1], columns: columns, from: from, into: into,
                    column: column, activation: activation, residual: residual, norm: norm)))
    }

    @inline(never) mutating func normalize(_ norm: NormTensors, from: Buffer, into: Buffer) {
        add(.normalize(NormalizationStep(norm: norm, width: norm.weight.shape[0], from: from, into: into)))
    }

    /// Applies RoPE to the projected queries and keys, each `size` wide; a fraction rotates only the first part of every head.
    @inline(never)
    mutating func rotate(size: Int, base: Float, fraction: Double = 1) throws(LimbeckError) {
        let headSize = try headSize(size), turned = Double(headSize) * fraction
        guard turned >= 2, turned / 2 == (turned / 2).rounded(.down) else {
            throw LimbeckError(
                .fileInconsistent,
                "\(declared.file): RoPE of \(Int(turned)) numbers in a head, expected an even number")
        }
        let rotary = Rotary(base: base, pairs: Int(turned / 2))
        let table = rotaries.firstIndex(of: rotary) ?? rotaries.count
        if table == rotaries.count { rotaries.append(rotary) }
        add(.rotate(RotationStep(table: table, heads: declared.attentionHeads, headSize: headSize)))
    }

    /// Queries, keys and values by separate matrices, into `projected`. Returns the width of each, which may be less or more than
    /// that of the state (AutoTinyBERT).
    @inline(never) mutating func projections(_ names: [String], in inputs: Int, bias: Bool) throws(LimbeckError) -> Int {
        let size = try outputs(names[0], in: inputs, expected: attentionSize)
        var matrices: [LinearTensors] = []
        for name in names { matrices.append(try linear(name, in: inputs, out: size, bias: bias)) }
        product(matrices, from: .hidden, into: .projected)
        return size
    }

    /// Queries, keys and values by one matrix, into `projected`. Returns the width of each.
    @inline(never)
    mutating func fusedProjection(_ name: String, in inputs: Int, from: Buffer, bias: Bool) throws(LimbeckError) -> Int {
        let rows = try outputs(name, in: inputs, expected: attentionSize.map { 3 * $0 })
        guard rows % 3 == 0 else {
            throw LimbeckError(
                .fileInconsistent, "\(declared.file): '\(prefix)\(name).weight' has \(rows) rows, expected a multiple of 3")
        }
        product([try linear(name, in: inputs, out: rows, bias: bias)], from: from, into: .projected)
        return rows / 3
    }

    /// Attention over `projected`, whose queries, keys and values are each `size` wide.
    @inline(never) mutating func attention(
        size: Int, window: Int? = nil, positions: DisentangledTensors? = nil
    ) throws(LimbeckError) {
        let headSize = try headSize(size)
        attentionSize = size
        if let positions { positionPanels = positions.panels }
        add(
            .attention(
                AttentionStep(heads: declared.attentionHeads, headSize: headSize, window: window, positions: positions)))
    }

    /// The same with heads of its own, for a branch whose width is not that of the layers.
    @inline(never) mutating func branchAttention(size: Int, heads: Int) throws(LimbeckError) {
        guard size % heads == 0 else {
            throw LimbeckError(
                .fileInconsistent, "\(declared.file): \(heads) attention heads do not divide the width of '\(prefix)', \(size)")
        }
        add(.attention(AttentionStep(heads: heads, headSize: size / heads)))
    }

    private func headSize(_ size: Int) throws(LimbeckError) -> Int {
        if let key = declared.rules.headSizeKey, let head = declared.headSize, size / declared.attentionHeads != head {
            throw LimbeckError(
                .fileInconsistent,
                "\(declared.file): '\(key)' is \(head), but attention is \(size) wide, with \(declared.attentionHeads) heads")
        }
        guard size % declared.attentionHeads == 0 else {
            throw LimbeckError(
                .fileInconsistent,
                "\(declared.file): \(declared.attentionHeads) attention heads do not divide the size of attention, \(size)")
        }
        return size / declared.attentionHeads
    }

    /// A feed-forward network with residual and norm: norm(W2 act(W1 x + b1) + b2 + x).
    @inline(never) mutating func feedForward(
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
