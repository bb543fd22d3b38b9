/// The kernels of products of bytes, in which alone the newer instruction sets differ from those before them: a part of `Kernels`.
public struct IntegerKernels: Sendable {
    /// Rows of floats as bytes.
    public var quantize: @Sendable (_ job: UnsafePointer<Quantization>, _ rows: Range<Int>) -> Void
    public typealias Multiply =
        @Sendable (
            _ job: UnsafePointer<IntegerProduct>, _ rows: Range<Int>, _ panels: Range<Int>, _ activate: Kernels.ActivateRows
        ) -> Void

    /// `out[rows, panels] = activation(a w^T + bias, and the residual, or times what was there)`, by `activate`, whose instruction set
    /// is older.
    public var product: Multiply
    /// Rows that a product takes at a time: whole tiles, and so few that their bytes stay in the first-level cache.
    public var blockRows: Int
    /// The depth of `sums` is a multiple of this.
    public var depthStep: Int
    /// The exact sums of small bytes times codes.
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

/// Rows of floats as unsigned bytes, each row with a scale and a zero point of its own: x * smoothing = (byte - zero) * scale, with
///
///     low = min(0, y), high = max(0, y) over the row, y = x * smoothing
///     scale = (high - low) / 255, zero = round(-low / scale), byte = round(y / scale) + zero within 0...255
///
/// Rounding is to nearest even, 1 / scale is 255 / (high - low). What a row becomes depends on that row alone.
public struct Quantization {
    public var x: UnsafePointer<Float>  // (rows, width)
    public var stride: Int
    public var width: Int
    public var smoothing: UnsafePointer<Float>?  // (width rounded up to 16)
    public var rows: ByteRows

    public init(x: UnsafePointer<Float>, stride: Int, width: Int, smoothing: UnsafePointer<Float>?, rows: ByteRows) {
        self.x = x
        self.stride = stride
        self.width = width
        self.smoothing = smoothing
        self.rows = rows
    }
}

/// Rows of bytes with their scales and zero points.
public struct ByteRows {
    public var bytes: UnsafeMutablePointer<UInt8>  // (rows, stride), 64-byte aligned
    /// A multiple of 64, at least the depth of the codes they are multiplied with; anything may stand past the width.
    public var stride: Int
    public var scales: UnsafeMutablePointer<Float>  // (rows)
    public var zeros: UnsafeMutablePointer<Int32>  // (rows)

    public init(
        bytes: UnsafeMutablePointer<UInt8>, stride: Int, scales: UnsafeMutablePointer<Float>, zeros: UnsafeMutablePointer<Int32>
    ) {
        (self.bytes, self.stride, self.scales, self.zeros) = (bytes, stride, scales, zeros)
    }

    /// Rows of bytes that may be read past the last one.
    public static let slack = 32
}

/// The sums of bytes are exact. Of bytes times bytes
///
///     out = Float(a . code - zero * sum of codes) * (row's scale * column's scale) + bias
///
/// and of bytes times nibbles, with x added up in the order of the groups
///
///     out = (x - Float(zero) * sum of codes times scales) * row's scale + bias, x = the sum of Float(a . code) * scale over the groups
///
/// and then what `combination` and `activation` say.
public struct IntegerProduct {
    public enum Codes {
        case bytes(IntegerPanels)
        case nibbles(NibblePanels)
    }

    public var a: ByteRows
    public var depth: Int  // a multiple of IntegerPanels.depthStep
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
        self.panels = panels
        self.bias = bias
        self.combination = combination
        self.activation = activation
        self.out = out
        self.outStride = outStride
    }
}

/// `sums = a codes` of bytes up to 127 and codes from -127 to 127.
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
