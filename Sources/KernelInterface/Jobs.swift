// What each kernel works on. Plain pointers and sizes: whoever fills these in has checked them.

/// `out = a w^T + bias`, and then what `combination` and `activation` say.
public struct Product {
    public var a: UnsafePointer<Float>  // (rows, depth)
    public var aStride: Int
    public var depth: Int
    public var panels: FloatPanels
    public var bias: UnsafePointer<Float>  // (panels * 32), zero past the last column
    public var combination: Combination
    public var activation: Activation
    public var out: UnsafeMutablePointer<Float>  // (rows, panels * 32)
    public var outStride: Int
    /// From a block of rows to the one that its thread takes next, with the same group of panels. The blocks before the first step
    /// find the weights in memory, those that follow in a cache.
    public var blockStep = Int.max
    public var groupPanels = 1

    public init(
        a: UnsafePointer<Float>, aStride: Int, depth: Int, panels: FloatPanels, bias: UnsafePointer<Float>, combination: Combination,
        activation: Activation, out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        self.a = a
        self.aStride = aStride
        self.depth = depth
        self.panels = panels
        self.bias = bias
        self.combination = combination
        self.activation = activation
        self.out = out
        self.outStride = outStride
    }

    /// Numbers of scratch that one call needs for float16 panels: one of them, converted.
    public static func scratch(depth: Int) -> Int { depth * panelColumns }
}

/// What becomes of the outputs of a product.
public enum Combination {
    case none
    /// These rows are added, which are like those of `out`, or `out` itself.
    case residual(UnsafePointer<Float>)
    /// They are multiplied with what is in `out`.
    case gate
}

/// softmax(q k^T * scale + bias) v for one sequence; query, key and value of a token stand in one row, heads side by side.
public struct Attention {
    public var query: UnsafePointer<Float>  // (tokens, heads * headSize)
    public var key: UnsafePointer<Float>
    public var value: UnsafePointer<Float>
    public var stride: Int
    public var tokens: Int
    public var headSize: Int
    public var scale: Float
    /// By head and distance, `bias[head * biasStride + biasCenter + key - query]`; whole vectors are read past the last key.
    public var bias: UnsafePointer<Float>?
    public var biasStride: Int
    public var biasCenter: Int
    /// A query sees so many keys on either side; all of them, if that is `tokens` or more.
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

    /// For so many tokens no sum in bytes reaches 2^31.
    public static let maxQuantizedTokens = 1 << 16
}

/// Scores of disentangled attention: of a query with the position of a key, `keys`, and of a key with the position of a query, `queries`.
public struct Disentangled {
    public var keys: UnsafePointer<Float>?  // (heads, panels, headSize, 32), a column for each row of embeddings
    public var queries: UnsafePointer<Float>?
    public var panels: Int
    /// The row of embeddings of query - key, which may be negative.
    public var rows: UnsafePointer<Int32>

    public init(keys: UnsafePointer<Float>?, queries: UnsafePointer<Float>?, panels: Int, rows: UnsafePointer<Int32>) {
        self.keys = keys
        self.queries = queries
        self.panels = panels
        self.rows = rows
    }
}

/// (x - mean) / sqrt(variance + eps) * weight + bias over each row, with the biased variance; without an epsilon, x * weight + bias.
public struct Normalization {
    public var x: UnsafePointer<Float>  // (rows, width)
    public var stride: Int
    public var out: UnsafeMutablePointer<Float>  // (rows, width), with the same stride; it may be where x is
    public var width: Int
    public var weight: UnsafePointer<Float>  // (width rounded up to 32), zero past the width
    public var bias: UnsafePointer<Float>
    public var eps: Float?

    public init(
        x: UnsafePointer<Float>, stride: Int, out: UnsafeMutablePointer<Float>, width: Int, weight: UnsafePointer<Float>,
        bias: UnsafePointer<Float>, eps: Float?
    ) {
        self.x = x
        self.stride = stride
        self.out = out
        self.width = width
        self.weight = weight
        self.bias = bias
        self.eps = eps
    }
}

/// word[ids] + type[types] + position[positions], of the tables there are, then the normalisation, if there is one. The tables stand
/// as in the file: rows of `width`.
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
    /// Of `out`.
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

/// Rotary positions (Su et al. 2021): of each head, the pairs (i, i + half) turned by the angles of the row's position, in place.
public struct Rotation {
    public var x: UnsafeMutablePointer<Float>  // (rows, heads * headSize)
    public var stride: Int
    public var heads: Int
    public var headSize: Int
    /// Pairs in a head; what is past them stays.
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
