// The arguments of the kernels of training. Plain pointers and sizes: the caller has checked them.

/// Rows of a matrix in memory.
public struct MatrixView {
    public var x: UnsafePointer<Float>  // (rows, columns)
    public var stride: Int
    public var rows: Int
    public var columns: Int

    public init(x: UnsafePointer<Float>, stride: Int, rows: Int, columns: Int) {
        (self.x, self.stride, self.rows, self.columns) = (x, stride, rows, columns)
    }
}

/// A GEMM of one work item: out = scale * op(a) op(b), or out += that. Each element is one chain of FMAs over the depth.
public struct SmallProduct {
    public var a: UnsafePointer<Float>  // (rows, depth), or (depth, rows) if transposed
    public var aStride: Int
    public var isTransposedA: Bool
    public var b: UnsafePointer<Float>  // (depth, columns), or (columns, depth) if transposed
    public var bStride: Int
    public var isTransposedB: Bool
    public var rows: Int
    public var depth: Int
    public var columns: Int
    public var out: UnsafeMutablePointer<Float>  // (rows, columns); nothing past the columns is written
    public var outStride: Int
    public var scale: Float
    public var accumulates: Bool

    public init(
        a: UnsafePointer<Float>, aStride: Int, isTransposedA: Bool = false, b: UnsafePointer<Float>, bStride: Int,
        isTransposedB: Bool = false, rows: Int, depth: Int, columns: Int, out: UnsafeMutablePointer<Float>, outStride: Int,
        scale: Float = 1, accumulates: Bool = false
    ) {
        (self.a, self.aStride, self.isTransposedA) = (a, aStride, isTransposedA)
        (self.b, self.bStride, self.isTransposedB) = (b, bStride, isTransposedB)
        (self.rows, self.depth, self.columns) = (rows, depth, columns)
        (self.out, self.outStride, self.scale, self.accumulates) = (out, outStride, scale, accumulates)
    }

    /// Floats of scratch: one panel of the right operand, and the left operand if it must be transposed.
    public static func scratch(rows: Int, depth: Int, isTransposedA: Bool) -> Int {
        depth * panelColumns + (isTransposedA ? rows * rowStride(depth) : 0)
    }
}

/// LayerNorm backward. With x^ = (x - mean) / s, s = sqrt(variance + eps), and g = dy * weight:
/// dx = (g - mean(g) - x^ mean(g x^)) / s. With the unbiased standard deviation d and s = d + eps (UER):
/// dx = (g - mean(g)) / s - (x - mean) sum(g (x - mean)) / ((width - 1) d s^2). Without an epsilon: dx = g.
public struct NormalizationGradient {
    public var x: UnsafePointer<Float>  // (rows, width), the inputs of the forward pass
    public var stride: Int
    public var rows: Int
    public var width: Int
    public var weight: UnsafePointer<Float>  // (width rounded up to 16)
    public var eps: Float?
    public var isUnbiased: Bool
    public var outGradient: UnsafePointer<Float>  // (rows, width), dy, with the same stride
    /// dx is added here; may not be `outGradient`.
    public var gradient: UnsafeMutablePointer<Float>  // (rows, width), with the same stride
    public var statistics: UnsafeMutablePointer<Float>  // (rows, 2): mean and 1 / s
    /// Added to; nil: not wanted.
    public var weightGradient: UnsafeMutablePointer<Float>?  // (width rounded up to 16)
    public var biasGradient: UnsafeMutablePointer<Float>?  // (width rounded up to 16)

    public init(
        x: UnsafePointer<Float>, stride: Int, rows: Int, width: Int, weight: UnsafePointer<Float>, eps: Float?, isUnbiased: Bool,
        outGradient: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, statistics: UnsafeMutablePointer<Float>,
        weightGradient: UnsafeMutablePointer<Float>?, biasGradient: UnsafeMutablePointer<Float>?
    ) {
        (self.x, self.stride, self.rows, self.width) = (x, stride, rows, width)
        (self.weight, self.eps, self.isUnbiased) = (weight, eps, isUnbiased)
        (self.outGradient, self.gradient, self.statistics) = (outGradient, gradient, statistics)
        (self.weightGradient, self.biasGradient) = (weightGradient, biasGradient)
    }
}

/// out = base + keep * scale * x, where keep is 0 or 1 by counter-based random numbers: Philox4x32-10 (Salmon et al. 2011). The
/// number of an element depends on the key, the row's address and the column alone: lane l of the counter block of column c,
/// l = c % 16, has the counter (c / 64 * 16 + l, rowAddress.position, rowAddress.sequence, site), of whose four words the element takes
/// word c / 16 % 4. It is kept if that word is at least `threshold`.
public struct Dropout {
    public var x: UnsafePointer<Float>  // (rows, width)
    public var stride: Int
    public var width: Int
    /// nil: nothing is added. May be `out`.
    public var base: UnsafePointer<Float>?  // (rows, width), with the stride of out
    public var out: UnsafeMutablePointer<Float>  // (rows, width); may be x
    public var outStride: Int
    /// Of 2^32: the probability of a zero.
    public var threshold: UInt32
    /// 1 / (1 - probability)
    public var scale: Float
    public var key: (UInt32, UInt32)
    /// The sequence and the position of each row.
    public var addresses: UnsafePointer<RowAddress>  // (rows)
    public var site: UInt32

    public init(
        x: UnsafePointer<Float>, stride: Int, width: Int, base: UnsafePointer<Float>?, out: UnsafeMutablePointer<Float>,
        outStride: Int, threshold: UInt32, scale: Float, key: (UInt32, UInt32), addresses: UnsafePointer<RowAddress>, site: UInt32
    ) {
        (self.x, self.stride, self.width, self.base) = (x, stride, width, base)
        (self.out, self.outStride) = (out, outStride)
        (self.threshold, self.scale, self.key, self.addresses, self.site) = (threshold, scale, key, addresses, site)
    }
}

/// Where a row stands in a step, however the step is cut into batches.
public struct RowAddress {
    public var sequence: UInt32
    public var position: UInt32

    public init(sequence: UInt32, position: UInt32) { (self.sequence, self.position) = (sequence, position) }
}

/// One step of an optimiser: g = gradient * factor; m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2.
public struct ParameterUpdate {
    public enum Rule: Sendable {
        /// p <- p - rate g
        case sgd
        /// p <- p (1 - rate decay), then p <- p - rate / correction1 * m / (sqrt(v) / sqrt(correction2) + epsilon): torch's AdamW.
        case adamW
        /// p <- p - rate sqrt(correction2) / correction1 * m / (sqrt(v) + epsilon), then p <- p - rate decay p: transformers 2.
        case adamW2019
        /// p <- p - rate (m / (sqrt(v) + epsilon) + decay p): Google's.
        case bertAdam
    }

    public var parameter: UnsafeMutablePointer<Float>
    public var gradient: UnsafePointer<Float>
    /// Not used by `sgd`.
    public var first: UnsafeMutablePointer<Float>
    public var second: UnsafeMutablePointer<Float>
    public var rule: Rule
    /// The gradient is multiplied by this first: clipping.
    public var factor: Float
    public var rate: Float
    public var decay: Float
    public var beta1: Float
    public var beta2: Float
    /// 1 - beta1 and 1 - beta2, rounded once.
    public var rest1: Float
    public var rest2: Float
    public var epsilon: Float
    /// 1 - beta1^t and 1 - beta2^t, or 1 without correction.
    public var correction1: Float
    public var correction2: Float

    public init(
        parameter: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, first: UnsafeMutablePointer<Float>,
        second: UnsafeMutablePointer<Float>, rule: Rule, factor: Float, rate: Float, decay: Float, beta1: Float, beta2: Float,
        rest1: Float, rest2: Float, epsilon: Float, correction1: Float, correction2: Float
    ) {
        (self.parameter, self.gradient, self.first, self.second) = (parameter, gradient, first, second)
        (self.rule, self.factor, self.rate, self.decay) = (rule, factor, rate, decay)
        (self.beta1, self.beta2, self.rest1, self.rest2) = (beta1, beta2, rest1, rest2)
        (self.epsilon, self.correction1, self.correction2) = (epsilon, correction1, correction2)
    }
}
