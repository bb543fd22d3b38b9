/// The vector code of one instruction set, as a value: chosen once per session, so that two sessions of one process may differ.
/// Every function gives the same bits in every table.
public struct Kernels: Sendable {
    public typealias ActivateRows =
        @Sendable (_ x: UnsafeMutablePointer<Float>, _ stride: Int, _ rows: Int, _ width: Int, _ activation: Activation) -> Void

    /// `out[rows, panels] = activation(a w^T + bias, and the residual, or times what was there)`. `scratch` has `Product.scratch` numbers.
    public var product:
        @Sendable (_ job: UnsafePointer<Product>, _ rows: Range<Int>, _ panels: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) -> Void
    /// The same of bytes, and what makes them.
    public var integer: IntegerKernels
    /// One head of one sequence, for a range of its queries.
    public var attention: @Sendable (_ job: UnsafePointer<Attention>, _ head: Int, _ queries: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) -> Void
    /// The same with each token's vectors in bytes, but without disentangled positions. Of a query q, keys k and values v with largest
    /// magnitudes |q|, |k|, |v|:
    ///
    ///     codes = round(q * (63 / |q|)), round(k * (127 / |k|)), round(v * (127 / |v|))
    ///     score = Float(q codes . k codes) * (|k| / 127) * (|q| / 63 * (scale * log2 e)) + bias * log2 e
    ///     e = 2^(score - the largest score), weight = round(e * (|v| / 127 * (16256 / (the largest |v| / 127))))
    ///     out = (the sum of weight * v codes) * (the largest |v| / 127 / 16256 / the sum of e)
    ///
    /// A weight is two bytes of seven bits, whose sums are exact: as floats, 128 times the high ones and the low ones.
    public var quantizedAttention: @Sendable (_ job: UnsafePointer<Attention>, _ head: Int, _ queries: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) -> Void
    /// Rotary positions, of rows in place.
    public var rotate: @Sendable (_ job: UnsafePointer<Rotation>, _ rows: Range<Int>) -> Void
    /// LayerNorm of rows.
    public var normalize: @Sendable (_ job: UnsafePointer<Normalization>, _ rows: Range<Int>) -> Void
    /// The sum of the embedding rows of each token, then LayerNorm.
    public var embed: @Sendable (_ job: UnsafePointer<Embedding>, _ rows: Range<Int>) -> Void
    /// The words' rows of each token and its neighbours.
    public var trigrams: @Sendable (_ job: UnsafePointer<Trigrams>, _ rows: Range<Int>) -> Void
    /// `out[n] = a . w[n] + bias[n]`, weights row by row as they stand in the file.
    public var dots: @Sendable (_ job: UnsafePointer<Dots>, _ columns: Range<Int>) -> Void
    /// An activation over rows of so many numbers in place; whole vectors of 16 are written.
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

/// Weights are packed into panels of so many columns: 128 bytes, two cache lines, two AVX-512 registers.
public let panelColumns = 32

extension Int {
    /// Rounded up to a multiple of `step`.
    @inlinable public func roundedUp(to step: Int) -> Int { (self &+ step &- 1) / step &* step }
}

/// The distance between rows of a matrix `width` wide: whole panels, so that a kernel may write full vectors, and one cache line
/// more, so that the rows of a tile do not fall on the same cache sets. Columns past `width` stay finite if the weights are.
public func rowStride(_ width: Int) -> Int { width.roundedUp(to: panelColumns) &+ 16 }
