// The weight formats that the kernels read. All pointers are 64-byte aligned.

/// A weight matrix packed as the right operand of a GEMM: panels of 32 columns, zero past the last.
public enum Panels {
    case float(FloatPanels)
    case int8(IntegerPanels)
    case int4(NibblePanels)
}

public enum FloatPanels {
    case float32(UnsafePointer<Float>)  // (panels, depth, 32)
    case float16(UnsafePointer<UInt16>)  // (panels, depth, 32), IEEE binary16
}

/// Signed bytes with a per-column scale: w = code * scale. The layout is the same for all instruction sets: four steps of the depth
/// of a column are adjacent, and the depth is padded with zeros to a multiple of 64.
public struct IntegerPanels {
    public var codes: UnsafePointer<Int8>  // (panels, depth rounded up to 64 / 4, 32, 4), from -127 to 127
    public var scales: UnsafePointer<Float>  // (panels * 32)
    public var sums: UnsafePointer<Int32>  // (panels * 32), the sum of each column's codes
    /// The factors of the inputs before they are quantised; the weights were divided by them.
    public var smoothing: UnsafePointer<Float>?  // (depth rounded up to 64), zero past the depth

    public init(
        codes: UnsafePointer<Int8>, scales: UnsafePointer<Float>, sums: UnsafePointer<Int32>, smoothing: UnsafePointer<Float>?
    ) {
        (self.codes, self.scales, self.sums, self.smoothing) = (codes, scales, sums, smoothing)
    }

    /// The depth of the codes is a multiple of this.
    public static let depthStep = 64
}

/// 4-bit codes with a scale for each column and each 32 steps of the depth: w = code * scale. A byte holds two codes. The depth is
/// padded with zeros to a multiple of 64.
public struct NibblePanels {
    /// (panels, depth rounded up to 64 / 8, 32, 4): of eight steps of the depth of a column, the first four are in the low nibbles,
    /// the others in the high nibbles. Stored as code + 8; codes are from -7 to 7.
    public var codes: UnsafePointer<UInt8>
    public var scales: UnsafePointer<UInt16>  // (panels, depth rounded up to 64 / 32, 32), IEEE binary16
    public var sums: UnsafePointer<Float>  // (panels * 32), the sum of each column's codes times their scales
    public var smoothing: UnsafePointer<Float>?  // as in IntegerPanels

    public init(
        codes: UnsafePointer<UInt8>, scales: UnsafePointer<UInt16>, sums: UnsafePointer<Float>, smoothing: UnsafePointer<Float>?
    ) {
        (self.codes, self.scales, self.sums, self.smoothing) = (codes, scales, sums, smoothing)
    }

    /// Steps of the depth that share a scale.
    public static let group = 32
}

/// Matrices stored row by row, without padding: embedding tables, and weights with a row for each output.
public enum Rows {
    case float32(UnsafePointer<Float>)  // (rows, width)
    case float16(UnsafePointer<UInt16>)  // (rows, width), IEEE binary16
    case int8(UnsafePointer<Int8>, scales: UnsafePointer<Float>)  // (rows, width), (rows)

    /// The rows from `row` on.
    public func from(row: Int, width: Int) -> Rows {
        switch self {
        case .float32(let numbers): .float32(numbers + row * width)
        case .float16(let numbers): .float16(numbers + row * width)
        case .int8(let codes, let scales): .int8(codes + row * width, scales: scales + row)
        }
    }
}
