// The arguments of each kernel. Plain pointers and sizes: the caller has checked them.

/// GEMM: `out = a w^T + bias`, then `combination` and `activation`.
public struct Product {
    public var a: UnsafePointer<Float>  // (rows, depth)
    public var aStride: Int
    public var depth: Int
    /// The depth of the panels, of which the first `depth` steps are used.
    public var panelDepth: Int
    public var panels: FloatPanels
    public var bias: UnsafePointer<Float>  // (panels * 32), zero past the last column
    public var combination: Combination
    public var activation: Activation
    public var out: UnsafeMutablePointer<Float>  // (rows, panels * 32)
    public var outStride: Int
    /// The distance in rows from a block to the next one that the same thread takes with the same group of panels. The blocks
    /// within the first step read the weights from memory, those that follow from a cache.
    public var blockStep = Int.max
    public var groupPanels = 1

    public init(
        a: UnsafePointer<Float>, aStride: Int, depth: Int, panels: FloatPanels, bias: UnsafePointer<Float>,
        combination: Combination,
        activation: Activation, out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        self.a = a
        self.aStride = aStride
        self.depth = depth
        panelDepth = depth
        self.panels = panels
        self.bias = bias
        self.combination = combination
        self.activation = activation
        self.out = out
        self.outStride = outStride
    }

    /// Floats of scratch that one call needs with float16 panels: one panel, converted.
    public static func scratch(depth: Int) -> Int { depth * panelColumns }
}

/// The part of a GEMM's epilogue between bias and activation.
public enum Combination {
    case none
    /// Adds these rows, which have the layout of those of `out`, or are `out` itself.
    case residual(UnsafePointer<Float>)
    /// Multiplies by what is in `out`.
    case gate
}

/// softmax(q k^T * scale + bias) v for one sequence. The query, key and value of a token are in one row, heads side by side.
public struct Attention {
    public var query: UnsafePointer<Float>  // (tokens, heads * headSize)
    public var key: UnsafePointer<Float>
    public var value: UnsafePointer<Float>
    public var stride: Int
    public var tokens: Int
    public var headSize: Int
    public var scale: Float
    /// By head and distance: `bias[head * biasStride + biasCenter + key - query]`; whole vectors are read past the last key.
    public var bias: UnsafePointer<Float>?
    public var biasStride: Int
    public var biasCenter: Int
    /// A query sees this many keys on either side, and all of them if it is `tokens` or more.
    public var window: Int
    /// Not together with a window.
    public var positions: Disentangled?
    public var out: UnsafeMutablePointer<Float>  // (tokens, heads * headSize)
    public var outStride: Int

    public init(
        query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>, stride: Int, tokens: Int,
        headSize: Int, scale: Float, bias: UnsafePointer<Float>?, biasStride: Int, biasCenter: Int,
        window: Int, positions: Disentangled?, out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        self.query = query
        self.key = key
        self.value = value
        self.stride = stride
        self.tokens = tokens
        self.headSize = headSize
        self.scale = scale
        self.bias = bias
        self.biasStride = biasStride
        self.biasCenter = biasCenter
        self.window = window
        self.positions = positions
        self.out = out
        self.outStride = outStride
    }

    /// With up to this many tokens no integer sum of quantised attention reaches 2^31.
    public static let maxQuantizedTokens = 1 << 16
}

/// The position scores of disentangled attention: of a query with the position of a key, from `keys`, and of a key with the
/// position of a query, from `queries`.
public struct Disentangled {
    public var keys: UnsafePointer<Float>?  // (heads, panels, headSize, 32), a column for each row of the embeddings
    public var queries: UnsafePointer<Float>?
    public var panels: Int
    /// The row of the embeddings for the distance query - key, which may be negative.
    public var rows: UnsafePointer<Int32>

    public init(keys: UnsafePointer<Float>?, queries: UnsafePointer<Float>?, panels: Int, rows: UnsafePointer<Int32>) {
        self.keys = keys
        self.queries = queries
        self.panels = panels
        self.rows = rows
    }
}

/// LayerNorm of each row, (x - mean) / sqrt(variance + eps) * weight + bias with the biased variance, or (x - mean) / (deviation + eps)
/// * weight + bias with the unbiased standard deviation; without an epsilon, only x * weight + bias.
public struct Normalization {
    public var x: UnsafePointer<Float>  // (rows, width)
    public var stride: Int
    public var out: UnsafeMutablePointer<Float>  // (rows, width), with the same stride; may be x
    public var width: Int
    public var weight: UnsafePointer<Float>  // (width rounded up to 32), zero past the width
    public var bias: UnsafePointer<Float>
    public var eps: Float?
    /// The epsilon is added to the unbiased standard deviation, instead of the biased variance.
    public var isUnbiased: Bool

    public init(
        x: UnsafePointer<Float>, stride: Int, out: UnsafeMutablePointer<Float>, width: Int, weight: UnsafePointer<Float>,
        bias: UnsafePointer<Float>, eps: Float?, isUnbiased: Bool = false
    ) {
        self.x = x
        self.stride = stride
        self.out = out
        self.width = width
        self.weight = weight
        self.bias = bias
        self.eps = eps
        self.isUnbiased = isUnbiased
    }
}

/// word[ids] + type[types] + position[positions], without the tables that are nil, then the normalisation if there is one. The
/// tables are as in the file: rows of `width`.
public struct Embedding {
    public var ids: UnsafePointer<Int32>
    public var positions: UnsafePointer<Int32>
    public var types: UnsafePointer<Int32>
    public var word: Rows?
    public var position: Rows?
    public var type: Rows?
    public var width: Int
    public var out: UnsafeMutablePointer<Float>  // (rows, width)
    public var outStride: Int
    /// Applied to `out`.
    public var normalization: Normalization?

    public init(
        ids: UnsafePointer<Int32>, positions: UnsafePointer<Int32>, types: UnsafePointer<Int32>, word: Rows?, position: Rows?,
        type: Rows?, width: Int, out: UnsafeMutablePointer<Float>, outStride: Int, normalization: Normalization?
    ) {
        self.ids = ids
        self.positions = positions
        self.types = types
        self.word = word
        self.position = position
        self.type = type
        self.width = width
        self.out = out
        self.outStride = outStride
        self.normalization = normalization
    }
}

/// word[next id], word[id], word[previous id] side by side; zeros beyond the ends of a sequence, which begins at each position 0.
public struct Trigrams {
    public var ids: UnsafePointer<Int32>
    public var positions: UnsafePointer<Int32>
    public var tokens: Int
    public var word: Rows  // (vocab, width)
    public var width: Int
    public var out: UnsafeMutablePointer<Float>  // (tokens, 3 * width)
    public var outStride: Int

    public init(
        ids: UnsafePointer<Int32>, positions: UnsafePointer<Int32>, tokens: Int, word: Rows, width: Int,
        out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        self.ids = ids
        self.positions = positions
        self.tokens = tokens
        self.word = word
        self.width = width
        self.out = out
        self.outStride = outStride
    }
}

/// RoPE (Su et al. 2021): in each head, rotates the pairs (i, i + half) by the angles of the row's position, in place.
public struct Rotation {
    public var x: UnsafeMutablePointer<Float>  // (rows, heads * headSize)
    public var stride: Int
    public var heads: Int
    public var headSize: Int
    /// Pairs in a head; the numbers past them stay unchanged.
    public var half: Int
    public var positions: UnsafePointer<Int32>
    public var table: UnsafePointer<Float>  // (positions, 2 * half), the cosines and then the sines

    public init(
        x: UnsafeMutablePointer<Float>, stride: Int, heads: Int, headSize: Int, half: Int, positions: UnsafePointer<Int32>,
        table: UnsafePointer<Float>
    ) {
        self.x = x
        self.stride = stride
        self.heads = heads
        self.headSize = headSize
        self.half = half
        self.positions = positions
        self.table = table
    }
}

/// out[row, n] = a[row] . w[n] + bias[n].
public struct Dots {
    public var a: UnsafePointer<Float>  // (rows, width)
    public var aStride: Int
    public var rows: Int
    public var width: Int
    public var weight: Rows  // (columns, width)
    public var bias: UnsafePointer<Float>?  // (columns)
    public var out: UnsafeMutablePointer<Float>  // (rows, columns)
    public var outStride: Int

    public init(
        a: UnsafePointer<Float>, aStride: Int, rows: Int, width: Int, weight: Rows,
        bias: UnsafePointer<Float>?, out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        self.a = a
        self.aStride = aStride
        self.rows = rows
        self.width = width
        self.weight = weight
        self.bias = bias
        self.out = out
        self.outStride = outStride
    }
}
