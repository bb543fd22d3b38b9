import KernelInterface

/// The program of a session: the embeddings, the schedule of layers, and the exits with their heads. Derived from a model and the
/// parts of it that the session runs, and refers to the same weights.
struct Plan {
    let embeddings: [Step<Packed>]
    /// The distinct blocks of layers.
    let blocks: [[Step<Packed>]]
    /// The blocks of each layer, by index, in execution order.
    let layers: [[Int]]
    /// Where sequences may leave the encoder, in the order of the layers; those that are left answer by the last one.
    let exits: [Exit<Packed>]
    /// The relative position bias of all layers.
    let distanceBias: RelativeBias?
    /// By the table index of a rotation step.
    let angles: [PackedRotary]
    /// Whether attention is quantised, except disentangled attention: if the GEMMs are int8, and no sum can overflow.
    let quantizesAttention: Bool
    /// The widths of the buffers.
    let widths: BufferWidths
    /// The attention heads of a layer.
    let heads: Int
    /// What a part of the model needs in addition to its weights.
    private let memory: [Memory]

    init(_ model: Model, depth: Depth = .full, width: Double = 1) throws(LimbeckError) {
        let weights = model.weights, c = model.configuration
        embeddings = weights.embeddings
        var (blocks, layers) = Plan.schedule(weights, kept: try depth.kept(of: weights.layers.count))
        (distanceBias, angles) = (weights.distanceBias, weights.angles)
        quantizesAttention = model.quantizesInputs && c.maxPositions <= Attention.maxQuantizedTokens
        var narrowing = try Narrowing(width, c)
        exits = Plan.exits(weights, depth, layers: layers.count, isNarrow: narrowing != nil)
        widths = try narrowing?.narrow(&blocks, layers, exits, embeddings, angles) ?? c.widths
        heads = narrowing?.kept ?? c.attentionHeads
        (self.blocks, self.layers, memory) = (blocks, layers, narrowing?.sums ?? [])
    }

    /// Bytes of memory in addition to the weights.
    var bytes: Int { memory.reduce(0) { $0 + $1.bytes } }

    /// The layers that are kept. The final norm of a pre-norm encoder is the last step of its last layer; without that layer it stays at
    /// the end, as in a model with fewer layers.
    private static func schedule(_ weights: Weights, kept: [Int]) -> (blocks: [[Step<Packed>]], layers: [[Int]]) {
        var (blocks, layers) = (weights.blocks, kept.map { weights.layers[$0] })
        func finalNorm(_ layer: [Int]?) -> NormalizationStep<Packed>? {
            guard let block = layer?.last, case .normalize(let step)? = weights.blocks[block].last, step.from == .hidden,
                step.into == .hidden
            else { return nil }
            return step
        }
        if !layers.isEmpty, finalNorm(layers.last) == nil, let norm = finalNorm(weights.layers.last) {
            blocks.append([.normalize(norm)])
            layers[layers.count - 1].append(blocks.count - 1)
        }
        return (blocks, layers)
    }

    /// The exits among the layers that are kept. Without one right after the last of these, the model's own head is there; so it is
    /// if the layers are spread or narrow, as exits are trained for the layers before them.
    private static func exits(_ weights: Weights, _ depth: Depth, layers: Int, isNarrow: Bool) -> [Exit<Packed>] {
        var exits = weights.exits
        guard isNarrow || layers < weights.layers.count else { return exits }
        var own = exits.removeLast()
        own.layers = layers
        if !isNarrow, case .layers = depth {
            exits.removeAll { $0.layers > layers }
            if exits.last?.layers == layers { return exits }
        } else {
            exits = []
        }
        return exits + [own]
    }

    /// The exit of what is left after all layers.
    var last: Exit<Packed> { exits[exits.count - 1] }
    /// Its head.
    var head: Head<Packed> { last.head }

    /// The widest row that the heads of the exits read or write in between; 0 if these are as wide as the state.
    var widestExit: Int {
        var widest = 0
        for exit in exits {
            if case .sequence(let dense?, _) = exit.head { widest = max(widest, dense.linear.inputs, dense.linear.outputs) }
        }
        return widest
    }

    /// The largest `size` of any step.
    func largest(_ size: (Step<Packed>) -> Int) -> Int {
        var largest = 0
        for step in embeddings { largest = max(largest, size(step)) }
        for block in blocks { for step in block { largest = max(largest, size(step)) } }
        return largest
    }
}

extension Step<Packed> {
    /// The depth of the codes in an int8 GEMM; 0 for all other steps.
    var integerDepth: Int {
        guard case .product(let step) = self else { return 0 }
        if case .float = step.matrix.panels { return 0 }
        return step.matrix.integerDepth
    }

    /// Bytes of scratch for a work item, with sequences of at most `tokens` tokens.
    func scratchBytes(tokens: Int, isQuantized: Bool) -> Int {
        switch self {
        case .product(let step):
            // A pack may store one of the two in float16 and the other in float32.
            for panels in [step.matrix.panels, step.gate?.panels ?? step.matrix.panels] {
                if case .float(.float16) = panels { return Product.scratch(depth: step.depth) * MemoryLayout<Float>.stride }
            }
            return 0
        case .attention(let step):
            if isQuantized, step.positions == nil {
                return QuantizedAttentionScratch.bytes(tokens: tokens, headSize: step.headSize)
            }
            return AttentionScratch.bytes(
                tokens: tokens, headSize: step.headSize, positionPanels: step.positions?.panels ?? 0)
        case .embed, .trigrams, .normalize, .rotate: return 0
        }
    }
}
