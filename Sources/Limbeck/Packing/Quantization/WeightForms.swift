import KernelInterface

/// Lays out weights in the forms of another precision: run twice over the same weights, to measure and to write, as `Packer` is. The
/// codes of products are left to `Quantizer`, who knows their inputs.
struct WeightForms: WeightMap {
    typealias Source = Packed
    typealias Target = Packed

    let precision: Precision
    /// So many numbers of a projected row are queries and keys; the values follow.
    let scoreColumns: Int
    var layout: Layout
    let writes: Bool

    /// The products whose codes are to be filled in: those of the embeddings, and then of each block, in their order.
    private(set) var products: [QuantizedProduct] = []
    /// A table that is used twice, such as the embeddings that a decoder is tied to, is written once.
    private var written: [(from: UnsafePointer<Float>, to: Rows)] = []
    /// What is being laid out, for messages.
    private var name: Message = ""

    init(_ precision: Precision, scoreColumns: Int, layout: Layout, writes: Bool) {
        (self.precision, self.scoreColumns, self.layout, self.writes) = (precision, scoreColumns, layout, writes)
    }

    mutating func begin(block: Int?) {
        name = block.map { "block \($0)" } ?? "the embeddings"
    }

    mutating func norm(_ norm: PackedNorm) -> PackedNorm { norm }
    mutating func positions(_ positions: PackedDisentangled, of step: AttentionStep<Packed>) -> PackedDisentangled { positions }
    mutating func angles(_ angles: PackedRotary) -> PackedRotary { angles }
    mutating func distanceBias(_ bias: RelativeBias) -> RelativeBias { bias }

    // MARK: Products

    mutating func product(_ step: ProductStep<Packed>) throws(LimbeckError) -> (PackedLinear, gate: PackedLinear?) {
        // In int4 the codes lose far more than the inputs' bytes, in queries and keys too.
        let scores = step.into == .projected && precision == .int8 ? max(0, scoreColumns - step.column) : 0
        return try product(step.matrix, step.gate, scores: scores)
    }

    @inline(never) private mutating func product(
        _ matrix: PackedLinear, _ gate: PackedLinear?, scores: Int
    ) throws(LimbeckError) -> (PackedLinear, gate: PackedLinear?) {
        switch precision {
        case .float32: return (matrix, gate)
        case .float16: return (try halves(matrix), try gate.map { matrix throws(LimbeckError) in try halves(matrix) })
        case .int8, .int4:
            let smoothing = layout.take(Float.self, matrix.depth.roundedUp(to: IntegerPanels.depthStep))
            let product = QuantizedProduct(
                depth: matrix.depth, scores: scores, smoothing: smoothing,
                matrix: try integers(matrix, smoothing),
                gate: try gate.map { matrix throws(LimbeckError) in try integers(matrix, smoothing) })
            products.append(product)
            return (product.matrix.form(of: matrix, smoothing), gate.flatMap { gate in product.gate?.form(of: gate, smoothing) })
        }
    }

    @inline(never) private mutating func integers(
        _ matrix: PackedLinear, _ smoothing: UnsafeMutablePointer<Float>
    ) throws(LimbeckError) -> QuantizedMatrix {
        guard matrix.depth <= QuantizedMatrix.mostDepth else {
            throw LimbeckError(
                .unsupported, "\(name): a product of depth \(matrix.depth), and bytes are summed up to \(QuantizedMatrix.mostDepth)"
            )
        }
        let weights = try numbers(of: matrix)
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

    @inline(never) private mutating func halves(_ matrix: PackedLinear) throws(LimbeckError) -> PackedLinear {
        var result = matrix
        let weights = try numbers(of: matrix)
        result.panels = .float(.float16(try halves(weights, matrix.panelCount * panelColumns * matrix.depth, name)))
        return result
    }

    @inline(never) private mutating func halves(
        _ numbers: UnsafePointer<Float>, _ count: Int, _ name: Message
    ) throws(LimbeckError) -> UnsafePointer<UInt16> {
        let halves = layout.take(UInt16.self, count)
        if writes {
            for i in 0..<count {
                guard let half = half(numbers[i]) else {
                    throw LimbeckError(
                        .unsupported, "\(name): a weight of 65,520 or more, or none at all, which float16 does not have")
                }
                halves[i] = half
            }
        }
        return UnsafePointer(halves)
    }

    /// Finite float32 numbers alone become anything else.
    private func numbers(of matrix: PackedLinear) throws(LimbeckError) -> UnsafePointer<Float> {
        guard case .float(.float32(let weights)) = matrix.panels else { throw WeightForms.alreadyDone }
        if writes { try checkFinite(weights, matrix.panelCount * panelColumns * matrix.depth, name) }
        return weights
    }

    @inline(never)
    private func checkFinite(_ numbers: UnsafePointer<Float>, _ count: Int, _ name: Message) throws(LimbeckError) {
        for i in 0..<count where !numbers[i].isFinite {
            throw LimbeckError(.unsupported, "\(name): a weight that is not a finite number cannot be stored in fewer bits")
        }
    }

    static let alreadyDone = LimbeckError(.unsupported, "the weights are stored in fewer bits already")

    // MARK: Rows

    /// What is wrong in a row of a small table, of a position or a type, is so in many texts alike: it keeps 16 bits.
    @inline(never)
    mutating func table(_ table: PackedTable, _ kind: TableKind) throws(LimbeckError) -> PackedTable {
        var result = table
        result.rows = try rows(
            table.rows, count: table.count, width: table.width, halves: kind != .words || precision == .float16, "the embeddings")
        return result
    }

    /// Rows in 16 bits, or in bytes with a scale for each row.
    @inline(never)
    private mutating func rows(_ rows: Rows, count: Int, width: Int, halves isHalf: Bool, _ name: Message) throws(LimbeckError)
        -> Rows
    {
        guard precision != .float32 else { return rows }
        guard case .float32(let numbers) = rows else { throw WeightForms.alreadyDone }
        for other in written where other.from == numbers { return other.to }
        if writes { try checkFinite(numbers, count * width, name) }
        let result: Rows
        if !isHalf {
            let codes = layout.take(Int8.self, count * width), scales = layout.take(Float.self, count)
            if writes {
                for row in 0..<count { scales[row] = bytes(of: numbers + row * width, width, into: codes + row * width) }
            }
            result = .int8(codes, scales: scales)
        } else {
            result = .float16(try halves(numbers, count * width, name))
        }
        written.append((numbers, result))
        return result
    }

    /// The matrices of heads are small but for a decoder, which has a row for each word, and often those of the embeddings.
    mutating func classifier(_ linear: Linear) throws(LimbeckError) -> Linear { try self.linear(linear, isDecoder: false) }
    mutating func decoder(_ linear: Linear) throws(LimbeckError) -> Linear { try self.linear(linear, isDecoder: true) }

    @inline(never)
    private mutating func linear(_ linear: Linear, isDecoder: Bool) throws(LimbeckError) -> Linear {
        var result = linear
        result.weight = try rows(
            linear.weight, count: linear.outputs, width: linear.inputs, halves: !isDecoder || precision == .float16, "the head")
        return result
    }

    @inline(never) mutating func layer(_ layer: Dense) throws(LimbeckError) -> Dense {
        var result = layer
        result.linear = try classifier(layer.linear)
        return result
    }
}

/// A row as bytes; returns their scale.
private func bytes(of row: UnsafePointer<Float>, _ width: Int, into codes: UnsafeMutablePointer<Int8>) -> Float {
    var largest: Float = 0
    for i in 0..<width { largest = max(largest, row[i].magnitude) }
    let scale = largest / 127
    // A row of numbers too small to be scaled is one of zeros.
    guard scale >= .leastNormalMagnitude else {
        codes.update(repeating: 0, count: width)
        return 0
    }
    for i in 0..<width { codes[i] = Int8(CodeRounding.nearest(row[i] / scale, 127)) }
    return scale
}

/// The nearest IEEE binary16, of two the even one; nil if it is not finite.
package func half(_ x: Float) -> UInt16? {
    let bits = x.bitPattern, sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    let magnitude = bits & 0x7fff_ffff
    // From 65,520 on the nearest is infinity.
    guard magnitude < 0x477f_f000 else { return nil }
    if magnitude >= 0x3880_0000 {
        // The exponent's bias is 15 instead of 127, and 13 bits go.
        let rounded = magnitude + 0xfff + (magnitude >> 13 & 1) - 112 << 23
        return sign | UInt16(truncatingIfNeeded: rounded >> 13)
    }
    // Below the normal numbers they are multiples of 2^-24: where floats are these plus a half, addition rounds.
    let shifted = Float(bitPattern: magnitude) + 0.5
    return sign | UInt16(truncatingIfNeeded: shifted.bitPattern - (0.5 as Float).bitPattern)
}
