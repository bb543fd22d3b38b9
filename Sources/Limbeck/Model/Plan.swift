import KernelInterface

/// What a session runs: the embeddings, the schedule of layers, and the exits with their heads. Derived from a model, over the same weights
/// in memory.
struct Plan {
    let embeddings: [Step<Packed>]
    /// The distinct blocks of layers.
    let blocks: [[Step<Packed>]]
    /// The blocks of each layer, by index, in the order in which they run.
    let layers: [[Int]]
    /// Where states may leave the encoder, in the order of the layers; the last is the model's own head, after all of them.
    let exits: [Exit]
    /// Of the distances of keys, in all layers.
    let distanceBias: RelativeBias?
    /// By the table that a rotation names.
    let angles: [PackedRotary]
    /// Whether attention is in bytes, except where it is disentangled: the products are, and no sum overflows.
    let quantizesAttention: Bool

    /// A head, and the layers before it.
    struct Exit {
        let layers: Int
        let head: Head<Packed>
    }

    init(_ model: Model) {
        let weights = model.weights
        (embeddings, blocks, layers) = (weights.embeddings, weights.blocks, weights.layers)
        (distanceBias, angles) = (weights.distanceBias, weights.angles)
        exits = [Exit(layers: weights.layers.count, head: weights.head)]
        quantizesAttention = model.quantizesInputs && model.configuration.maxPositions <= Attention.maxQuantizedTokens
    }

    /// The last exit's.
    var head: Head<Packed> { exits[exits.count - 1].head }

    /// The largest size that a step asks for.
    func largest(_ size: (Step<Packed>) -> Int) -> Int {
        var largest = 0
        for step in embeddings { largest = max(largest, size(step)) }
        for block in blocks { for step in block { largest = max(largest, size(step)) } }
        return largest
    }
}

extension Step<Packed> {
    /// Of a product that takes bytes, the depth of its codes; 0 for all other steps.
    var integerDepth: Int {
        guard case .product(let step) = self else { return 0 }
        if case .float = step.matrix.panels { return 0 }
        return step.matrix.integerDepth
    }

    /// Bytes of scratch that a work item needs, for sequences of at most so many tokens.
    func scratchBytes(tokens: Int, isQuantized: Bool) -> Int {
        switch self {
        case .product(let step):
            if case .float(.float16) = step.matrix.panels { return Product.scratch(depth: step.depth) * MemoryLayout<Float>.stride }
            return 0
        case .attention(let step):
            if isQuantized, step.positions == nil { return QuantizedAttentionScratch.bytes(tokens: tokens, headSize: step.headSize) }
            return AttentionScratch.bytes(
                tokens: tokens, headSize: step.headSize, positionPanels: step.positions?.panels ?? 0)
        case .embed, .trigrams, .normalize, .rotate: return 0
        }
    }
}
