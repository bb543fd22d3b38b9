// Scratch memory of the attention kernels, in addition to their output. The initialisers carve it from a call's scratch; without
// memory they measure its size.

/// For `Kernels.attention`: keys and values packed into panels, and the scores of a block of queries. With disentangled attention,
/// also the position scores of all keys and of one block of queries, for `positionPanels` panels of positions.
public struct AttentionScratch {
    public let keys: UnsafeMutablePointer<Float>  // (tokens / 32, headSize, 32)
    public let values: UnsafeMutablePointer<Float>  // (headSize / 32, tokens, 32)
    public let scores: UnsafeMutablePointer<Float>  // (queryBlock, scoreStride)
    public let inverses: UnsafeMutablePointer<Float>  // (queryBlock)
    public let queryPositions: UnsafeMutablePointer<Float>  // (queryBlock, positionStride)
    public let keyPositions: UnsafeMutablePointer<Float>  // (tokens, positionStride)
    public let scoreStride: Int
    public let positionStride: Int

    /// Queries whose scores are computed together: a multiple of the tile heights of all instruction sets.
    public static let queryBlock = 24

    @export(interface) @inline(never)
    public init(_ layout: inout Layout, tokens: Int, headSize: Int, positionPanels: Int) {
        let block = AttentionScratch.queryBlock, columns = tokens.roundedUp(to: panelColumns)
        scoreStride = columns + 16
        // Rows of scores for the relative-position embeddings that this many tokens use, at most 2 * tokens - 1, in whole panels.
        positionStride =
            positionPanels == 0
            ? 0 : min(positionPanels * panelColumns, (2 * tokens).roundedUp(to: panelColumns) + panelColumns) + 16
        keys = layout.take(Float.self, columns * headSize)
        values = layout.take(Float.self, tokens * headSize.roundedUp(to: panelColumns))
        scores = layout.take(Float.self, block * scoreStride)
        inverses = layout.take(Float.self, block)
        queryPositions = layout.take(Float.self, block * positionStride)
        keyPositions = layout.take(Float.self, tokens * positionStride)
    }

    public static func bytes(tokens: Int, headSize: Int, positionPanels: Int = 0) -> Int {
        var layout = Layout()
        _ = AttentionScratch(&layout, tokens: tokens, headSize: headSize, positionPanels: positionPanels)
        return layout.bytes
    }
}

/// For `Kernels.quantizedAttention`. The depth of the codes is a multiple of `depthStep`: that of the instruction set, or, to
/// measure for any instruction set, the largest.
public struct QuantizedAttentionScratch {
    public let depth: Int  // headSize rounded up to depthStep
    public let stride: Int  // of arrays with an element per key
    public let valuePanels: Int
    public let keys: UnsafeMutablePointer<Int8>  // (tokens / 32, depth / 4, 32, 4)
    public let values: UnsafeMutablePointer<Int8>  // (valuePanels, stride / 4, 32, 4)
    public let keyScales: UnsafeMutablePointer<Float>  // (tokens)
    public let keySums: UnsafeMutablePointer<Int32>  // (tokens)
    public let valueWeights: UnsafeMutablePointer<Float>  // (stride), zero past the keys
    /// The block of queries; before that, the keys and values while they are packed.
    public let queries: UnsafeMutablePointer<UInt8>  // (queryBlock, depth)
    public let queryScales: UnsafeMutablePointer<Float>  // (queryBlock)
    public let dots: UnsafeMutablePointer<Int32>  // (queryBlock, stride), overwritten by the scores
    /// For each query the upper seven bits of the weights, then the lower seven.
    public let weights: UnsafeMutablePointer<UInt8>  // (queryBlock, 2, stride)
    public let inverses: UnsafeMutablePointer<Float>  // (queryBlock)
    public let valueDots: UnsafeMutablePointer<Int32>  // (queryBlock, 2, valuePanels * 32)

    public static let queryBlock = IntegerSums.tileRows

    @export(interface) @inline(never)
    public init(_ layout: inout Layout, tokens: Int, headSize: Int, depthStep: Int) {
        let block = QuantizedAttentionScratch.queryBlock, columns = tokens.roundedUp(to: panelColumns)
        depth = headSize.roundedUp(to: depthStep)
        // The keys of a window begin at a panel and end after whole steps of the depth.
        stride = columns + 64
        valuePanels = headSize.roundedUp(to: panelColumns) / panelColumns
        keys = layout.take(Int8.self, columns * depth)
        values = layout.take(Int8.self, stride * valuePanels * panelColumns)
        keyScales = layout.take(Float.self, columns)
        keySums = layout.take(Int32.self, columns)
        valueWeights = layout.take(Float.self, stride)
        queries = layout.take(UInt8.self, block * depth.roundedUp(to: 16))
        queryScales = layout.take(Float.self, block)
        dots = layout.take(Int32.self, block * stride)
        weights = layout.take(UInt8.self, 2 * block * stride)
        inverses = layout.take(Float.self, block)
        valueDots = layout.take(Int32.self, 2 * block * valuePanels * panelColumns)
    }

    public static func bytes(tokens: Int, headSize: Int) -> Int {
        var layout = Layout()
        _ = QuantizedAttentionScratch(&layout, tokens: tokens, headSize: headSize, depthStep: IntegerPanels.depthStep)
        return layout.bytes
    }
}
