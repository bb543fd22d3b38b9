import KernelInterface

/// Lays out weights at another precision. Run twice over the same weights, to measure and to write, like `Packer`. The codes of
/// GEMMs are left to `Quantizer`, which knows their inputs.
struct WeightForms: WeightMap {
    typealias Source = Packed
    typealias Target = Packed

    let precision: Precision
    /// Columns of `projected` before this one are queries and keys; the values follow.
    let scoreColumns: Int
    /// The first block of an exit: those of the layers come before.
    let firstBranch: Int
    private var isBranch = false
    var layout: Layout
    let writes: Bool

    /// The GEMMs whose codes are to be computed: those of the embeddings, then those of each block, in order.
    private(set) var products: [QuantizedProduct] = []
    /// Tables that are already written: one that is used twice, such as embeddings tied to a decoder, is written once.
    private var written: [(from: UnsafePointer<Float>, to: Rows)] = []
    /// What is being laid out, for messages.
    private var name: Message = ""
    private(set) var failure: LimbeckError?

    init(_ precision: Precision, scoreColumns: Int, firstBranch: Int, layout: Layout, writes: Bool) {
        (self.precision, self.scoreColumns, self.layout, self.writes) = (precision, scoreColumns, layout, writes)
        self.firstBranch = firstBranch
    }

    mutating func begin(block: Int?) -> Bool {
        isBranch = (block ?? 0) >= firstBranch
        name = block.map { "block \($0)" } ?? "the embeddings"
        return failure == nil
    }

    @inline(never) private mutating func fail(_ what: __owned Message) {
        failure = failure ?? LimbeckError(.unsupported, "\(name): \(what)")
    }

    @inline(never) private mutating func failBeingDone() {
        failure = failure ?? LimbeckError(.unsupported, "the weights are stored in fewer bits already")
    }

    mutating func norm(_ norm: PackedNorm) -> PackedNorm { norm }
    mutating func positions(_ positions: PackedDisentangled, of step: AttentionStep<Packed>) -> PackedDisentangled { positions }
    mutating func angles(_ angles: PackedRotary) -> PackedRotary { angles }
    mutating func distanceBias(_ bias: RelativeBias) -> RelativeBias { bias }

    // MARK: Products

    mutating func product(_ step: ProductStep<Packed>) -> (PackedLinear, gate: PackedLinear?) {
        // At int4, in queries and keys too, the codes lose far more than the 8-bit inputs.
        // A branch has a width of its own, with queries, keys and values by one matrix.
        let scored = isBranch ? step.columns / 3 * 2 : scoreColumns
        let scores = step.into == .projected && precision == .int8 ? max(0, scored - step.column) : 0
        return product(step.matrix, step.gate, scores: scores)
    }

    @inline(never) private mutating func product(
        _ matrix: PackedLinear, _ gate: PackedLinear?, scores: Int
    ) -> (PackedLinear, gate: PackedLinear?) {
        switch precision {
        case .float32: return (matrix, gate)
        case .float16: return (halves(matrix), gate.map { halves($0) })
        case .int8, .int4:
            let smoothing = layout.take(Float.self, matrix.depth.roundedUp(to: IntegerPanels.depthStep))
            guard let codes = integers(matrix) else { return (matrix, gate) }
            let product = QuantizedProduct(
                depth: matrix.depth, scores: scores, smoothing: smoothing, matrix: codes, gate: gate.flatMap { integers($0) })
            products.append(product)
            return (codes.form(of: matrix, smoothing), gate.flatMap { gate in product.gate?.form(of: gate, smoothing) })
        }
    }

    @inline(never) private mutating func integers(_ matrix: PackedLinear) -> QuantizedMatrix? {
        guard matrix.depth <= QuantizedMatrix.maxDepth else {
            fail("GEMM of depth \(matrix.depth), expected at most \(QuantizedMatrix.maxDepth)")
            return nil
        }
        guard let weights = numbers(of: matrix) else { return nil }
        let columns = matrix.panelCount * panelColumns
        let count = columns * matrix.integerDepth
        let codes =
            switch precision {
            case .int4:
                QuantizedMatrix.Codes.nibbles(
                    layout.take(UInt8.self, count / 2), scales: layout.take(UInt16.self, count / NibblePanels.group),
                    sums: layout.take(Float.self, columns))
            default:
                QuantizedMatrix.Codes.bytes(
                    layout.take(Int8.self, count), scales: layout.take(Float.self, columns),
                    sums: layout.take(Int32.self, columns))
            }
        return QuantizedMatrix(weights: weights, panels: matrix.panelCount, codes: codes)
    }

    @inline(never) private mutating func halves(_ matrix: PackedLinear) -> PackedLinear {
        var result = matrix
        guard let weights = numbers(of: matrix) else { return matrix }
        result.panels = .float(.float16(halves(weights, matrix.panelCount * panelColumns * matrix.depth)))
        return result
    }

    @inline(never) private mutating func halves(_ numbers: UnsafePointer<Float>, _ count: Int) -> UnsafePointer<UInt16> {
        let halves = layout.take(UInt16.self, count)
        for i in 0..<(writes ? count : 0) {
            guard let half = half(numbers[i]) else {
                fail("a weight is 65,520 or more, or NaN, expected a float16")
                break
            }
            halves[i] = half
        }
        return UnsafePointer(halves)
    }

    /// Only finite float32 numbers can be converted.
    private mutating func numbers(of matrix: PackedLinear) -> UnsafePointer<Float>? {
        guard case .float(.float32(let weights)) = matrix.panels else {
            failBeingDone()
            return nil
        }
        return areFinite(weights, matrix.panelCount * panelColumns * matrix.depth) ? weights : nil
    }

    @inline(never) private mutating func areFinite(_ numbers: UnsafePointer<Float>, _ count: Int) -> Bool {
        for i in 0..<(writes ? count : 0) where !numbers[i].isFinite {
            fail("a weight that is not a finite number cannot be stored in fewer bits")
            return false
        }
        return true
    }

    // MARK: Rows

    /// Errors in a row of a small table, for positions or types, are the same in many texts: these tables keep 16 bits.
    @inline(never)
    mutating func table(_ table: PackedTable, _ kind: TableKind) -> PackedTable {
        var result = table
        result.rows = rows(table.rows, count: table.count, width: table.width, halves: kind != .words || precision == .float16)
        return result
    }

    /// Rows in 16 bits, or in 8 bits with a scale for each row.
    @inline(never) private mutating func rows(_ rows: Rows, count: Int, width: Int, halves isHalf: Bool) -> Rows {
        guard precision != .float32 else { return rows }
        guard case .float32(let numbers) = rows else {
            failBeingDone()
            return rows
        }
        for other in written where other.from == numbers { return other.to }
        guard areFinite(numbers, count * width) else { return rows }
        let result: Rows
        if !isHalf {
            let codes = layout.take(Int8.self, count * width), scales = layout.take(Float.self, count)
            if writes {
                for row in 0..<count { scales[row] = bytes(of: numbers + row * width, width, into: codes + row * width) }
            }
            result = .int8(codes, scales: scales)
        } else {
            result = .float16(halves(numbers, count * width))
        }
        written.append((numbers, result))
        return result
    }

    /// The matrices of heads are small except a decoder, which has a row for each word, and is often the word embeddings.
    mutating func classifier(_ linear: Linear) -> Linear { self.linear(linear, isDecoder: false) }
    mutating func decoder(_ linear: Linear) -> Linear { self.linear(linear, isDecoder: true) }

    @inline(never)
    private mutating func linear(_ linear: Linear, isDecoder: Bool) -> Linear {
        var result = linear
        name = "the head"
        result.weight = rows(
            linear.weight, count: linear.outputs, width: linear.inputs, halves: !isDecoder || precision == .float16)
        return result
    }

    @inline(never) mutating func layer(_ layer: Dense) -> Dense {
        var result = layer
        result.linear = classifier(layer.linear)
        return result
    }
}

/// Quantises a row to bytes; returns the scale.
private func bytes(of row: UnsafePointer<Float>, _ width: Int, into codes: UnsafeMutablePointer<Int8>) -> Float {
    var largest: Float = 0
    for i in 0..<width { largest = max(largest, row[i].magnitude) }
    let scale = largest / 127
    // A row of numbers too small for a scale becomes zeros.
    guard scale >= .leastNormalMagnitude else {
        codes.update(repeating: 0, count: width)
        return 0
    }
    for i in 0..<width { codes[i] = Int8(CodeRounding.nearest(row[i] / scale, 127)) }
    return scale
}

/// The nearest IEEE binary16, ties to even; nil if it is not finite.
package func half(_ x: Float) -> UInt16? {
    let bits = x.bitPattern, sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    let magnitude = bits & 0x7fff_ffff
    // From 65,520 on, the nearest value is infinity.
    guard magnitude < 0x477f_f000 else { return nil }
    if magnitude >= 0x3880_0000 {
        // The exponent bias is 15 instead of 127, and 13 bits are dropped.
        let rounded = magnitude + 0xfff + (magnitude >> 13 & 1) - 112 << 23
        return sign | UInt16(truncatingIfNeeded: rounded >> 13)
    }
    // Subnormal numbers are multiples of 2^-24, the spacing of floats from 0.5 on: adding 0.5 rounds.
    let shifted = Float(bitPattern: magnitude) + 0.5
    return sign | UInt16(truncatingIfNeeded: shifted.bitPattern - (0.5 as Float).bitPattern)
}
