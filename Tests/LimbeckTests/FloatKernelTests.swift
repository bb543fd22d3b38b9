import Foundation
import KernelInterface
import Limbeck
import Testing

/// The float kernels of every instruction set against the formulas of docs/numbers.md, spelt out: `==`, but for what has an exponential
/// in it. What a kernel must not read or write is NaN, and so are the outputs before.
@Suite struct FloatKernelTests {
    /// Each output is one chain over the depth; then the bias, the residual and the activation, in this order.
    @Test(arguments: floatKernels)
    func product(set: InstructionSet) {
        var random = Random(seed: 21)
        // Panels may be deeper than the inputs that are used.
        for (rows, depth, columns, panelDepth) in [
            (1, 1, 1, 1), (5, 17, 32, 17), (6, 64, 33, 65), (13, 100, 96, 100), (29, 31, 64, 80),
        ] {
            let panels = columns.roundedUp(to: panelColumns) / panelColumns, width = panels * panelColumns
            let aStride = depth + 3, stride = rowStride(width)
            let a = Numbers(rows: rows, width: depth, stride: aStride, &random)
            let residual = Numbers(rows: rows, width: width, stride: stride, &random)
            let before = Numbers(rows: rows, width: width, stride: stride, &random)
            let bias = Numbers(rows: 1, width: width, stride: width, &random)
            // (panels, panelDepth, 32)
            let halves = (0..<width * panelDepth).map { _ in Float16(Float.random(in: -1...1, using: &random)) }
            let weights = Numbers(halves.map { Float($0) })
            let bits = halves.map { $0.bitPattern }
            let scratch = Numbers([Float](repeating: .nan, count: Product.scratch(depth: depth)))
            for form in 0..<2 {
                for (combination, activation) in [
                    (0, Activation.identity), (0, .relu), (1, .identity), (1, .relu), (1, .geluTanh), (2, .identity),
                ] {
                    let out = combination == 2 ? Numbers(before) : Numbers([Float](repeating: .nan, count: rows * stride))
                    bits.withUnsafeBufferPointer { bits in
                        var job = Product(
                            a: a.start, aStride: aStride, depth: depth,
                            panels: form == 0 ? .float32(weights.start) : .float16(bits.baseAddress!), bias: bias.start,
                            combination: combination == 0 ? .none : combination == 1 ? .residual(residual.start) : .gate,
                            activation: activation, out: out.start, outStride: stride)
                        job.panelDepth = panelDepth
                        withUnsafePointer(to: job) { set.kernels.product($0, 0..<rows, 0..<panels, scratch.start) }
                    }
                    for row in 0..<rows {
                        var expected = (0..<width).map { column in
                            var sum: Float = 0
                            for k in 0..<depth {
                                sum.addProduct(a[row * aStride + k], weights[(column / 32 * panelDepth + k) * 32 + column % 32])
                            }
                            sum += bias[column]
                            switch combination {
                            case 0: return sum
                            case 1: return sum + residual[row * stride + column]
                            default: return before[row * stride + column] * sum
                            }
                        }
                        expected.withUnsafeMutableBufferPointer { set.kernels.activate($0.baseAddress!, width, activation) }
                        let found = (0..<width).map { out[row * stride + $0] }
                        #expect(
                            found == expected,
                            "\(rows) x \(depth) x \(columns), form \(form), \(combination), \(activation), row \(row)")
                    }
                }
            }
        }
    }

    /// Sixteen strided partial sums, then a tree; of int8 times the scale; then the bias.
    @Test(arguments: floatKernels)
    func dots(set: InstructionSet) {
        var random = Random(seed: 23)
        for width in [1, 15, 16, 17, 40, 64, 100] {
            for columns in 1...9 {
                let rows = 3, aStride = width + 1
                let a = Numbers(rows: rows, width: width, stride: aStride, &random)
                let codes = (0..<columns * width).map { _ in Int8.random(in: -127...127, using: &random) }  // (columns, width)
                let scales = Numbers(rows: 1, width: columns, stride: columns, &random)
                let bias = Numbers(rows: 1, width: columns, stride: columns, &random)
                let floats = Numbers(codes.map { Float($0) / 64 }), halves = codes.map { Float16(Float($0) / 64).bitPattern }
                codes.withUnsafeBufferPointer { codes in
                    halves.withUnsafeBufferPointer { halves in
                        let forms: [Rows] = [
                            .float32(floats.start), .float16(halves.baseAddress!), .int8(codes.baseAddress!, scales: scales.start),
                        ]
                        for (form, weight) in forms.enumerated() {
                            let out = Numbers([Float](repeating: .nan, count: rows * columns)), first = columns / 3
                            let job = Dots(
                                a: a.start, aStride: aStride, rows: rows, width: width, weight: weight,
                                bias: form == 1 ? nil : bias.start,
                                out: out.start, outStride: columns)
                            withUnsafePointer(to: job) { set.kernels.dots($0, first..<columns) }
                            for row in 0..<rows {
                                for column in 0..<columns {
                                    let w = (0..<width).map { Float(codes[column * width + $0]) / (form == 2 ? 1 : 64) }
                                    let sum = rowSum((0..<width).map { (a[row * aStride + $0], w[$0]) })
                                    let expected = (form == 2 ? sum * scales[column] : sum) + (form == 1 ? 0 : bias[column])
                                    let found = out[row * columns + column]
                                    // Columns before the range are not written.
                                    #expect(
                                        column < first ? found.isNaN : found == expected,
                                        "\(width), form \(form), (\(row), \(column))")
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: floatKernels)
    func normalize(set: InstructionSet) {
        var random = Random(seed: 25)
        for width in [1, 15, 16, 17, 31, 64, 100] {
            for eps in [nil, 1e-5] as [Float?] {
                let rows = 3, stride = rowStride(width), padded = width.roundedUp(to: panelColumns)
                let x = Numbers(rows: rows, width: width, stride: stride, &random)
                let weight = Numbers(padded: width, to: padded, &random), bias = Numbers(padded: width, to: padded, &random)
                if eps == nil { for row in 0..<rows { for i in width..<stride { x[row * stride + i] = 0 } } }
                let out = Numbers([Float](repeating: .nan, count: rows * stride))
                let job = Normalization(
                    x: x.start, stride: stride, out: out.start, width: width, weight: weight.start, bias: bias.start, eps: eps)
                withUnsafePointer(to: job) { set.kernels.normalize($0, 0..<rows) }
                for row in 0..<rows {
                    let y = (0..<width).map { x[row * stride + $0] }
                    let expected: [Float]
                    if let eps {
                        let mean = rowSum(y.map { (1, $0) }) / Float(width)
                        let inverse = 1 / (rowSum(y.map { ($0 - mean, $0 - mean) }) / Float(width) + eps).squareRoot()
                        expected = (0..<width).map { bias[$0].addingProduct((y[$0] - mean) * inverse, weight[$0]) }
                    } else {
                        expected = (0..<width).map { bias[$0].addingProduct(y[$0], weight[$0]) }
                    }
                    #expect(
                        (0..<width).map { out[row * stride + $0] } == expected, "\(width), \(String(describing: eps)), row \(row)")
                }
            }
        }
    }

    @Test(arguments: floatKernels)
    func rotate(set: InstructionSet) {
        var random = Random(seed: 27)
        for (heads, headSize, half) in [(1, 2, 1), (2, 40, 17), (3, 64, 32), (2, 36, 9)] {
            let rows = 4, stride = heads * headSize + 5, positions: [Int32] = [3, 0, 2, 2]
            let table = Numbers(rows: 4, width: 2 * half, stride: 2 * half, &random)
            let x = Numbers(rows: rows, width: heads * headSize, stride: stride, &random), before = Numbers(x)
            positions.withUnsafeBufferPointer { positions in
                let job = Rotation(
                    x: x.start, stride: stride, heads: heads, headSize: headSize, half: half, positions: positions.baseAddress!,
                    table: table.start)
                withUnsafePointer(to: job) { set.kernels.rotate($0, 0..<rows) }
            }
            for row in 0..<rows {
                for place in 0..<heads * headSize {
                    let i = place % headSize, start = row * stride + place - i, angles = Int(positions[row]) * 2 * half
                    let (a, b) = (before[start + i % half], before[start + i % half + half])
                    let (cosine, sine) = (table[angles + i % half], table[angles + half + i % half])
                    let expected = i < half ? a * cosine - b * sine : i < 2 * half ? b * cosine + a * sine : before[start + i]
                    #expect(x[row * stride + place] == expected, "\(heads) heads of \(headSize), \(half) pairs, (\(row), \(place))")
                }
            }
        }
    }

    /// The word, the type and the position, added in this order; and the words of a token's neighbours, side by side.
    @Test(arguments: floatKernels)
    func embedAndTrigrams(set: InstructionSet) {
        var random = Random(seed: 29)
        for width in [1, 16, 27, 64] {
            let stride = rowStride(width), wide = rowStride(3 * width)
            let tables = (0..<3).map { _ in Numbers(rows: 5, width: width, stride: width, &random) }
            let ids: [Int32] = [4, 0, 2, 1, 4], types: [Int32] = [0, 1, 1, 0, 0], positions: [Int32] = [0, 1, 2, 0, 1]
            let out = Numbers([Float](repeating: .nan, count: 5 * stride)),
                grams = Numbers([Float](repeating: .nan, count: 5 * wide))
            ids.withUnsafeBufferPointer { ids in
                types.withUnsafeBufferPointer { types in
                    positions.withUnsafeBufferPointer { positions in
                        let job = Embedding(
                            ids: ids.baseAddress!, positions: positions.baseAddress!, types: types.baseAddress!,
                            word: .float32(tables[0].start),
                            position: .float32(tables[1].start), type: .float32(tables[2].start), width: width, out: out.start,
                            outStride: stride, normalization: nil)
                        withUnsafePointer(to: job) { set.kernels.embed($0, 0..<5) }
                        let trigrams = Trigrams(
                            ids: ids.baseAddress!, positions: positions.baseAddress!, tokens: 5, word: .float32(tables[0].start),
                            width: width,
                            out: grams.start, outStride: wide)
                        withUnsafePointer(to: trigrams) { set.kernels.trigrams($0, 0..<5) }
                    }
                }
            }
            for row in 0..<5 {
                func word(_ row: Int, _ i: Int) -> Float { tables[0][Int(ids[row]) * width + i] }
                for i in 0..<width {
                    let sum = (word(row, i) + tables[2][Int(types[row]) * width + i]) + tables[1][Int(positions[row]) * width + i]
                    #expect(out[row * stride + i] == sum, "\(width), (\(row), \(i))")
                    let isLast = row == 4 || positions[row + 1] == 0
                    let expected = [isLast ? 0 : word(row + 1, i), word(row, i), positions[row] == 0 ? 0 : word(row - 1, i)]
                    #expect((0..<3).map { grams[row * wide + $0 * width + i] } == expected, "\(width), (\(row), \(i))")
                }
            }
        }
    }

    /// In double precision; a float's exponential and sums are near.
    @Test(arguments: floatKernels)
    func attentionAndSoftmax(set: InstructionSet) {
        var random = Random(seed: 31)
        for (tokens, headSize, window) in [(1, 1, 1), (7, 17, 7), (30, 32, 30), (61, 40, 9)] {
            let heads = 2, stride = rowStride(heads * headSize), span = tokens.roundedUp(to: panelColumns) + tokens + 32
            let parts = (0..<3).map { _ in Numbers(rows: tokens, width: heads * headSize, stride: stride, &random) }
            let bias = Numbers(rows: heads, width: span, stride: span, &random),
                out = Numbers([Float](repeating: .nan, count: tokens * stride))
            let scratch = Numbers(
                [Float](repeating: .nan, count: AttentionScratch.bytes(tokens: tokens, headSize: headSize) / 4))
            let scale = 1 / Float(headSize).squareRoot()
            let job = Attention(
                query: parts[0].start, key: parts[1].start, value: parts[2].start, stride: stride, tokens: tokens,
                headSize: headSize,
                scale: scale, bias: bias.start, biasStride: span, biasCenter: tokens, window: window, positions: nil,
                out: out.start,
                outStride: stride)
            for head in 0..<heads {
                withUnsafePointer(to: job) { set.kernels.attention($0, head, 0..<tokens, scratch.start) }
                for query in 0..<tokens {
                    func row(_ part: Int, _ token: Int) -> [Double] {
                        (0..<headSize).map { Double(parts[part][token * stride + head * headSize + $0]) }
                    }
                    let keys = max(0, query - window)...min(tokens - 1, query + window)
                    let scores = keys.map { key in
                        let product = zip(row(0, query), row(1, key)).reduce(0) { $0 + $1.0 * $1.1 }
                        return product * Double(scale) + Double(bias[head * span + tokens + key - query])
                    }
                    let weights = softmax(scores)
                    let values = keys.map { row(2, $0) }
                    for i in 0..<headSize {
                        let expected = zip(weights, values).reduce(0) { $0 + $1.0 * $1.1[i] }
                        let found = Double(out[query * stride + head * headSize + i])
                        #expect(abs(found - expected) < 2e-6, "\(tokens) tokens, head \(head), query \(query), \(i)")
                    }
                }
            }
            let numbers = Numbers(rows: 1, width: tokens, stride: tokens + 16, &random)
            let expected = softmax((0..<tokens).map { Double(numbers[$0]) })
            set.kernels.softmax(numbers.start, tokens)
            for i in 0..<tokens { #expect(abs(Double(numbers[i]) - expected[i]) < 1e-6) }
            #expect((tokens..<tokens + 16).allSatisfy { numbers[$0].isNaN })
        }
    }
}

private func softmax(_ x: [Double]) -> [Double] {
    let most = x.max() ?? 0, e = x.map { exp($0 - most) }, sum = e.reduce(0, +)
    return e.map { $0 / sum }
}

/// A row reduction: sixteen strided partial sums of the products, then lanes 8, 4, 2 and 1 apart are added.
private func rowSum(_ products: [(Float, Float)]) -> Float {
    var sums = [Float](repeating: 0, count: 16)
    for (k, (a, b)) in products.enumerated() { sums[k % 16].addProduct(a, b) }
    for step in [8, 4, 2, 1] { for lane in 0..<step { sums[lane] += sums[lane + step] } }
    return sums[0]
}

/// Floats on a 64-byte boundary.
private final class Numbers {
    let start: UnsafeMutablePointer<Float>
    private let buffer: AlignedBuffer<Float>
    private let count: Int

    /// Before and after them there is NaN.
    init(_ numbers: [Float]) {
        let margin = 64
        (count, buffer) = (numbers.count, AlignedBuffer(numbers.count + 2 * margin))
        start = buffer.start + margin
        for i in 0..<count + 2 * margin { buffer[i] = .nan }
        for (i, number) in numbers.enumerated() { start[i] = number }
    }

    convenience init(_ other: Numbers) { self.init((0..<other.count).map { other[$0] }) }

    /// Random ones; NaN from the width on to the next row.
    convenience init(rows: Int, width: Int, stride: Int, _ random: inout Random) {
        self.init((0..<rows * stride).map { $0 % stride < width ? Float.random(in: -2...2, using: &random) : .nan })
    }

    /// Random ones, with zeros after them.
    convenience init(padded width: Int, to count: Int, _ random: inout Random) {
        self.init((0..<count).map { $0 < width ? Float.random(in: -2...2, using: &random) : 0 })
    }

    subscript(index: Int) -> Float {
        get { start[index] }
        set { start[index] = newValue }
    }
}
