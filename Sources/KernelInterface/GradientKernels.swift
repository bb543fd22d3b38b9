/// The vector code of training for one instruction set, beside `Kernels`, whose GEMM, LayerNorm and attention the forward pass uses.
/// Every function gives the same bits in every table, and works on one work item: the caller divides the work so that no two items
/// share a sum.
public struct GradientKernels: Sendable {
    /// Packs panels of a matrix as the right operand of `a m`: (panels, m.rows, 32), zero past the last column.
    public var packRows:
        @Sendable (_ m: UnsafePointer<MatrixView>, _ panels: Range<Int>, _ out: UnsafeMutablePointer<Float>) -> Void
    /// Packs panels of a matrix as the right operand of `a m^T`: (panels, m.columns, 32), zero past the last row.
    public var packTransposed:
        @Sendable (_ m: UnsafePointer<MatrixView>, _ panels: Range<Int>, _ out: UnsafeMutablePointer<Float>) -> Void
    /// Some rows of the transposed matrix: `out[column * outStride + row] = m[row, column]` for these columns of `m`.
    public var transpose:
        @Sendable (
            _ m: UnsafePointer<MatrixView>, _ columns: Range<Int>, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
        ) -> Void
    /// A GEMM that fits a cache. `scratch` has `SmallProduct.scratch` floats.
    public var product: @Sendable (_ job: UnsafePointer<SmallProduct>, _ scratch: UnsafeMutablePointer<Float>) -> Void
    /// gradient *= f'(x) over rows of `width` numbers, where x are the inputs of the activation. Whole vectors of 16.
    public var activation:
        @Sendable (
            _ x: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, _ stride: Int, _ rows: Int, _ width: Int,
            _ activation: Activation
        ) -> Void
    /// The inputs' gradient of LayerNorm, and the statistics of the rows.
    public var normalization: @Sendable (_ job: UnsafePointer<NormalizationGradient>, _ rows: Range<Int>) -> Void
    /// The gradients of LayerNorm's weight and bias for some columns, a multiple of 16 from a multiple of 16 on; after `normalization`.
    public var normalizationWeights: @Sendable (_ job: UnsafePointer<NormalizationGradient>, _ columns: Range<Int>) -> Void
    /// out[column] += the sum of the column, for some columns, from a multiple of 16 on. A chain over the rows.
    public var sumColumns:
        @Sendable (_ m: UnsafePointer<MatrixView>, _ columns: Range<Int>, _ out: UnsafeMutablePointer<Float>) -> Void
    /// y += factor * x, for `count` numbers.
    public var add: @Sendable (_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int, _ factor: Float) -> Void
    /// y *= x, for `count` numbers.
    public var multiply: @Sendable (_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) -> Void
    /// x . y: 16 chains of FMAs, added in one fixed tree.
    public var dot: @Sendable (_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float
    /// Dropout over rows.
    public var dropout: @Sendable (_ job: UnsafePointer<Dropout>, _ rows: Range<Int>) -> Void
    /// Of one row of softmax: gradient = p * (gradient - gradient . p), for `count` numbers, in place.
    public var softmaxGradient: @Sendable (_ p: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, _ count: Int) -> Void
    /// out = e^(x * scale - shift) for `count` numbers, where shift is the largest x * scale. Returns the shift and the sum of `out`.
    public var exponentials:
        @Sendable (_ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int, _ scale: Float) ->
            (shift: Float, sum: Float)
    /// One step of an optimiser over a range of a parameter's numbers.
    public var update: @Sendable (_ job: UnsafePointer<ParameterUpdate>, _ range: Range<Int>) -> Void

    public init(
        packRows: @escaping @Sendable (UnsafePointer<MatrixView>, Range<Int>, UnsafeMutablePointer<Float>) -> Void,
        packTransposed: @escaping @Sendable (UnsafePointer<MatrixView>, Range<Int>, UnsafeMutablePointer<Float>) -> Void,
        transpose: @escaping @Sendable (UnsafePointer<MatrixView>, Range<Int>, UnsafeMutablePointer<Float>, Int) -> Void,
        product: @escaping @Sendable (UnsafePointer<SmallProduct>, UnsafeMutablePointer<Float>) -> Void,
        activation: @escaping @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, Int, Activation) -> Void,
        normalization: @escaping @Sendable (UnsafePointer<NormalizationGradient>, Range<Int>) -> Void,
        normalizationWeights: @escaping @Sendable (UnsafePointer<NormalizationGradient>, Range<Int>) -> Void,
        sumColumns: @escaping @Sendable (UnsafePointer<MatrixView>, Range<Int>, UnsafeMutablePointer<Float>) -> Void,
        add: @escaping @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Float) -> Void,
        multiply: @escaping @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void,
        dot: @escaping @Sendable (UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Float,
        dropout: @escaping @Sendable (UnsafePointer<Dropout>, Range<Int>) -> Void,
        softmaxGradient: @escaping @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void,
        exponentials: @escaping @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Float) -> (Float, Float),
        update: @escaping @Sendable (UnsafePointer<ParameterUpdate>, Range<Int>) -> Void
    ) {
        (self.packRows, self.packTransposed, self.transpose, self.product) = (packRows, packTransposed, transpose, product)
        (self.activation, self.normalization, self.normalizationWeights) = (activation, normalization, normalizationWeights)
        (self.sumColumns, self.add, self.multiply, self.dot) = (sumColumns, add, multiply, dot)
        (self.dropout, self.softmaxGradient, self.exponentials, self.update) = (dropout, softmaxGradient, exponentials, update)
    }
}
