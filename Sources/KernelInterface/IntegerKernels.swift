/// The int8 kernels, the only part of `Kernels` in which the newer instruction sets differ from the older ones.
public struct IntegerKernels: Sendable {
    /// Quantises rows of floats to bytes.
    public var quantize: @Sendable (_ job: UnsafePointer<Quantization>, _ rows: Range<Int>) -> Void
    public typealias Multiply =
        @Sendable (
            _ job: UnsafePointer<IntegerProduct>, _ rows: Range<Int>, _ panels: Range<Int>, _ activate: Kernels.ActivateRows
        ) -> Void

    /// The int8 GEMM: `out[rows, panels] = activation(combine(a w^T + bias))`, where combining adds a residual or multiplies by
    /// what is in `out`. The activation is computed by `activate`, which comes from an older instruction set.
    public var product: Multiply
    /// Rows that a GEMM takes at a time: whole tiles, and few enough that their bytes stay in the L1 cache.
    public var blockRows: Int
    /// The depth of `sums` is a multiple of this.
    public var depthStep: Int
    /// The exact dot products of small bytes and codes.
    public var sums: @Sendable (_ job: UnsafePointer<IntegerSums>) -> Void

    public init(
        quantize: @escaping @Sendable (UnsafePointer<Quantization>, Range<Int>) -> Void,
        product: @escaping Multiply, blockRows: Int, depthStep: Int,
        sums: @escaping @Sendable (UnsafePointer<IntegerSums>) -> Void
    ) {
        self.quantize = quantize
        self.product = product
        self.blockRows = blockRows
        self.depthStep = depthStep
        self.sums = sums
    }
}

/// Quantises rows of floats to unsigned bytes, with a scale and a zero point per row:
/// x * smoothing = (byte - zero) * scale, with
///
///     low = min(0, y), high = max(0, y) over the row, y = x * smoothing
///     scale = (high - low) / 255, zero = round(-low / scale), byte = round(y / scale) + zero within 0...255
///
/// Rounding is to nearest even; 1 / scale is computed as 255 / (high - low). The result of a row depends on that row alone.
public struct Quantization {
    public var x: UnsafePointer<Float>  // (rows, width)
    public var stride: Int
    public var width: Int
    public var smoothing: UnsafePointer<Float>?  // (width rounded up to 16), arbitrary past the width
    public var rows: ByteRows

    public init(x: UnsafePointer<Float>, stride: Int, width: Int, smoothing: UnsafePointer<Float>?, rows: ByteRows) {
        self.x = x
        self.stride = stride
        self.width = width
        self.smoothing = smoothing
        self.rows = rows
    }
}

/// Quantised rows: bytes with their scales and zero points.
public struct ByteRows {
    public var bytes: UnsafeMutablePointer<UInt8>  // (rows, stride), 64-byte aligned
    /// A multiple of 64, at least 64 more than the width. The 64 bytes past the width are zero: the codes that they are multiplied with
    /// may be those of inputs that are not used.
    public var stride: Int
    public var scales: UnsafeMutablePointer<Float>  // (rows)
    public var zeros: UnsafeMutablePointer<Int32>  // (rows)

    public init(
        bytes: UnsafeMutablePointer<UInt8>, stride: Int, scales: UnsafeMutablePointer<Float>, zeros: UnsafeMutablePointer<Int32>
    ) {
        (self.bytes, self.stride, self.scales, self.zeros) = (bytes, stride, scales, zeros)
    }

    /// The number of rows past the last one that may be read.
    public static let slack = 32
}

/// int8 GEMM. Integer sums are exact. With 8-bit weights
///
///     out = Float(a . code - zero * sum of codes) * (row's scale * column's scale) + bias
///
/// and with 4-bit weights, x accumulated in the order of the groups,
///
///     out = (x - Float(zero) * sum of codes times scales) * row's scale + bias, x = the sum of Float(a . code) * scale over the groups
///
/// Then `combination` and `activation` are applied.
public struct IntegerProduct {
    public enum Codes {
        case bytes(IntegerPanels)
        case nibbles(NibblePanels)
    }

    public var a: ByteRows
    public var depth: Int  // a multiple of IntegerPanels.depthStep
    /// The depth of the panels, of which the first `depth` steps are used; a multiple of the same. The sums of the panels are those of
    /// the inputs that are used.
    public var panelDepth: Int
    public var panels: Codes
    public var bias: UnsafePointer<Float>  // (panels * 32), zero past the last column
    public var combination: Combination
    public var activation: Activation
    public var out: UnsafeMutablePointer<Float>  // (rows, panels * 32)
    public var outStride: Int

    public init(
        a: ByteRows, depth: Int, panels: Codes, bias: UnsafePointer<Float>, combination: Combination,
        activation: Activation, out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        self.a = a
        self.depth = depth
        panelDepth = depth
        self.panels = panels
        self.bias = bias
        self.combination = combination
        self.activation = activation
        self.out = out
        self.outStride = outStride
    }
}

/// `sums = a codes` for bytes up to 127 and codes from -127 to 127, exactly.
public struct IntegerSums {
    public var a: UnsafePointer<UInt8>  // (rows, depth); whole tiles of `tileRows` are read
    public var aStride: Int  // a multiple of 4
    public var rows: Int
    public var depth: Int  // a multiple of IntegerKernels.depthStep
    public var codes: UnsafePointer<Int8>  // (panels, depth / 4, 32, 4), 64-byte aligned
    public var panelStride: Int
    public var panels: Int
    public var sums: UnsafeMutablePointer<Int32>  // (rows, panels * 32), 64-byte aligned; whole tiles of `tileRows` are written
    public var sumStride: Int  // a multiple of 16

    public init(
        a: UnsafePointer<UInt8>, aStride: Int, rows: Int, depth: Int, codes: UnsafePointer<Int8>, panelStride: Int, panels: Int,
        sums: UnsafeMutablePointer<Int32>, sumStride: Int
    ) {
        self.a = a
        self.aStride = aStride
        self.rows = rows
        self.depth = depth
        self.codes = codes
        self.panelStride = panelStride
        self.panels = panels
        self.sums = sums
        self.sumStride = sumStride
    }

    public static let tileRows = 16
}
