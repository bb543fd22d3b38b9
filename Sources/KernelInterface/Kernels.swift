/// The vector code of one instruction set, as a value: chosen once per session, so two sessions of one process may differ. Every
/// function gives the same bits in every table.
public struct Kernels: Sendable {
    public typealias ActivateRows =
        @Sendable (_ x: UnsafeMutablePointer<Float>, _ stride: Int, _ rows: Int, _ width: Int, _ activation: Activation) -> Void

    /// GEMM: `out[rows, panels] = activation(combine(a w^T + bias))`, where combining adds a residual or multiplies by what is in
    /// `out`. `scratch` has `Product.scratch` floats.
    public var product:
        @Sendable (_ job: UnsafePointer<Product>, _ rows: Range<Int>, _ panels: Range<Int>, _ scratch: UnsafeMutablePointer<Float>)
            -> Void
    /// The int8 GEMM, and the quantisation of its inputs.
    public var integer: IntegerKernels
    /// Attention of one head of one sequence, for a range of its queries.
    public var attention:
        @Sendable (_ job: UnsafePointer<Attention>, _ head: Int, _ queries: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) ->
            Void
    /// Quantised attention: the same with each token's query, key and value as int8 codes, without disentangled positions. For a
    /// query q, keys k and values v with largest magnitudes |q|, |k|, |v|:
    ///
    ///     codes = round(q * (63 / |q|)), round(k * (127 / |k|)), round(v * (127 / |v|))
    ///     score = Float(q codes . k codes) * (|k| / 127) * (|q| / 63 * (scale * log2 e)) + bias * log2 e
    ///     e = 2^(score - the largest score), weight = round(e * (|v| / 127 * (16256 / (the largest |v| / 127))))
    ///     out = (the sum of weight * v codes) * (the largest |v| / 127 / 16256 / the sum of e)
    ///
    /// A weight has 14 bits, stored as two bytes of seven bits. The sum of each half is exact; as floats, they are combined as 128
    /// times the upper sum plus the lower.
    public var quantizedAttention:
        @Sendable (_ job: UnsafePointer<Attention>, _ head: Int, _ queries: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) ->
            Void
    /// RoPE over rows, in place.
    public var rotate: @Sendable (_ job: UnsafePointer<Rotation>, _ rows: Range<Int>) -> Void
    /// LayerNorm of rows.
    public var normalize: @Sendable (_ job: UnsafePointer<Normalization>, _ rows: Range<Int>) -> Void
    /// The sum of the embedding rows of each token, then LayerNorm.
    public var embed: @Sendable (_ job: UnsafePointer<Embedding>, _ rows: Range<Int>) -> Void
    /// The word embeddings of each token and its neighbours.
    public var trigrams: @Sendable (_ job: UnsafePointer<Trigrams>, _ rows: Range<Int>) -> Void
    /// `out[n] = a . w[n] + bias[n]`, with the weights row by row as in the file.
    public var dots: @Sendable (_ job: UnsafePointer<Dots>, _ columns: Range<Int>) -> Void
    /// An activation over rows of `width` numbers in place; whole vectors of 16 are written.
    public var activateRows: ActivateRows
    /// An activation over `count` numbers in place.
    public var activate: @Sendable (_ values: UnsafeMutablePointer<Float>, _ count: Int, _ activation: Activation) -> Void
    /// Softmax over `count` numbers in place.
    public var softmax: @Sendable (_ values: UnsafeMutablePointer<Float>, _ count: Int) -> Void

    public init(
        product: @escaping @Sendable (UnsafePointer<Product>, Range<Int>, Range<Int>, UnsafeMutablePointer<Float>) -> Void,
        integer: IntegerKernels,
        attention: @escaping @Sendable (UnsafePointer<Attention>, Int, Range<Int>, UnsafeMutablePointer<Float>) -> Void,
        quantizedAttention: @escaping @Sendable (UnsafePointer<Attention>, Int, Range<Int>, UnsafeMutablePointer<Float>) -> Void,
        rotate: @escaping @Sendable (UnsafePointer<Rotation>, Range<Int>) -> Void,
        normalize: @escaping @Sendable (UnsafePointer<Normalization>, Range<Int>) -> Void,
        embed: @escaping @Sendable (UnsafePointer<Embedding>, Range<Int>) -> Void,
        trigrams: @escaping @Sendable (UnsafePointer<Trigrams>, Range<Int>) -> Void,
        dots: @escaping @Sendable (UnsafePointer<Dots>, Range<Int>) -> Void,
        activateRows: @escaping ActivateRows,
        activate: @escaping @Sendable (UnsafeMutablePointer<Float>, Int, Activation) -> Void,
        softmax: @escaping @Sendable (UnsafeMutablePointer<Float>, Int) -> Void
    ) {
        self.product = product
        self.integer = integer
        self.attention = attention
        self.quantizedAttention = quantizedAttention
        self.rotate = rotate
        self.normalize = normalize
        self.embed = embed
        self.trigrams = trigrams
        self.dots = dots
        self.activateRows = activateRows
        self.activate = activate
        self.softmax = softmax
    }
}

/// Columns of a panel of packed weights: 128 bytes, two cache lines, two AVX-512 registers.
public let panelColumns = 32

extension Int {
    /// Rounded up to a multiple of `step`.
    @inlinable public func roundedUp(to step: Int) -> Int { (self &+ step &- 1) / step &* step }
}

/// The distance between rows of a matrix `width` wide: whole panels, so that a kernel may write full vectors, and one more cache
/// line, so that the rows of a tile do not map to the same cache sets. Columns past `width` stay finite if the weights are.
public func rowStride(_ width: Int) -> Int { width.roundedUp(to: panelColumns) &+ 16 }
