import CPlatform
import KernelInterface
import Limbeck
import Testing

/// Attention in bytes on every instruction set against its formulas, spelt out: `==` throughout.
@Suite struct QuantizedAttentionTests {
    struct Case: CustomTestStringConvertible {
        var tokens: Int
        var headSize: Int
        var heads = 2
        var window = Int.max
        var hasBias = false
        var testDescription: String { "\(tokens) tokens, \(heads) x \(headSize), window \(window), bias \(hasBias)" }
    }

    static let cases = [
        Case(tokens: 1, headSize: 32), Case(tokens: 2, headSize: 1), Case(tokens: 15, headSize: 16), Case(tokens: 16, headSize: 64),
        Case(tokens: 33, headSize: 20, heads: 3), Case(tokens: 65, headSize: 48), Case(tokens: 129, headSize: 32, heads: 1),
        Case(tokens: 64, headSize: 32, hasBias: true), Case(tokens: 90, headSize: 33, hasBias: true),
        Case(tokens: 40, headSize: 8, window: 0), Case(tokens: 150, headSize: 32, window: 20),
        Case(tokens: 201, headSize: 16, window: 64),
    ]

    @Test(arguments: availableKernels, cases)
    func isItsFormulas(set: InstructionSet, shape: Case) {
        if set == .amx { #expect(platform_request_amx()) }
        let input = Input(shape)
        let expected = input.reference()
        let context = input.run(set, cuts: [shape.tokens])
        #expect(context == expected)
        // However the queries are cut apart.
        let middle = shape.tokens / 3
        #expect(input.run(set, cuts: [middle, middle + min(5, shape.tokens - middle), shape.tokens]) == expected)
    }

    /// What bytes cost: little beside float32, also where one key has almost all of the weight.
    @Test(arguments: [1, 4, 12] as [Float])
    func isCloseToFloats(sharpness: Float) {
        var input = Input(Case(tokens: 300, headSize: 32), hasExtremes: false)
        input.scale *= sharpness
        let bytes = input.run(.portable, cuts: [300]), floats = input.run(.portable, cuts: [300], isQuantized: false)
        let size = floats.reduce(0) { $0 + $1 * $1 }, error = zip(bytes, floats).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        #expect(error < 4e-4 * sharpness * size)
    }

    /// Numbers that are none stay so, and trap nowhere.
    @Test(arguments: availableKernels)
    func infinitiesBecomeNaN(set: InstructionSet) {
        if set == .amx { #expect(platform_request_amx()) }
        // Of keys the sign decides, as with floats: one with a score of -infinity has no weight.
        for part in [0, 2] {
            var input = Input(Case(tokens: 20, headSize: 32, heads: 1))
            input.projected[7 * input.stride + part * 32 + 3] = .infinity
            let context = input.run(set, cuts: [20])
            // A query spoils its own answer, a value all that see it.
            for query in part == 0 ? 7..<8 : 0..<20 {
                #expect(context[query * 32..<query * 32 + 32].allSatisfy { $0.isNaN }, "part \(part), query \(query)")
            }
            if part == 0 { #expect(context[0..<7 * 32].allSatisfy { $0.isFinite }) }
        }
    }
}

private struct Input {
    let shape: QuantizedAttentionTests.Case
    let stride: Int
    var projected: [Float]  // (tokens, 3, heads, headSize)
    var scale: Float
    let bias: [Float]  // (heads, 2 * tokens - 1), and what whole vectors read beyond

    init(_ shape: QuantizedAttentionTests.Case, hasExtremes: Bool = true) {
        self.shape = shape
        var random = Random(seed: UInt64(shape.tokens * 100 + shape.headSize))
        let width = shape.heads * shape.headSize
        stride = rowStride(3 * width)
        scale = 1 / Float(shape.headSize).squareRoot()
        projected = (0..<shape.tokens * stride).map { _ in Float.random(in: -3...3, using: &random) }
        // Rows of zeros, tiny and huge ones.
        for i in 0..<3 * width where hasExtremes && shape.tokens > 12 {
            projected[3 * stride + i] = 0
            projected[4 * stride + i] *= 1e-36
            projected[5 * stride + i] *= 1e4
        }
        bias = (0..<shape.heads * 2 * shape.tokens + 64).map { _ in Float.random(in: -2...2, using: &random) }
    }

    var width: Int { shape.heads * shape.headSize }

    func run(_ set: InstructionSet, cuts: [Int], isQuantized: Bool = true) -> [Float] {
        let tokens = shape.tokens
        let count =
            isQuantized
            ? QuantizedAttentionScratch.bytes(tokens: tokens, headSize: shape.headSize) / 4
            : AttentionScratch.bytes(tokens: tokens, headSize: shape.headSize) / 4
        let scratch = AlignedBuffer<Float>(count + 16)
        var context = [Float](repeating: .nan, count: tokens * width)
        projected.withUnsafeBufferPointer { projected in
            bias.withUnsafeBufferPointer { bias in
                context.withUnsafeMutableBufferPointer { context in
                    let start = projected.baseAddress!
                    let job = Attention(
                        query: start, key: start + width, value: start + 2 * width, stride: stride, tokens: tokens,
                        headSize: shape.headSize, scale: scale, bias: shape.hasBias ? bias.baseAddress! : nil,
                        biasStride: 2 * tokens, biasCenter: tokens - 1, window: shape.window, positions: nil,
                        out: context.baseAddress!, outStride: width)
                    for head in 0..<shape.heads {
                        var first = 0
                        for end in cuts {
                            // What is not written is not read, and nothing is written beyond.
                            for i in 0..<count + 16 { scratch[i] = .nan }
                            withUnsafePointer(to: job) {
                                let kernel = isQuantized ? set.kernels.quantizedAttention : set.kernels.attention
                                kernel($0, head, first..<end, scratch.start)
                            }
                            let beyond = (count..<count + 16).filter { !scratch[$0].isNaN }
                            #expect(beyond.isEmpty)
                            first = end
                        }
                    }
                }
            }
        }
        return context
    }

    private func codes(_ x: ArraySlice<Float>, levels: Float) -> (codes: [Int], scale: Float) {
        let largest = x.reduce(0) { max($0, abs($1)) }
        let inverse = largest > 0x1p-100 ? levels / largest : 0
        return (x.map { Int(rounder.addingProduct($0, inverse) - rounder) }, largest / levels)
    }

    private let rounder: Float = 12_582_912

    private func exp2(_ x: Float) -> Float {
        let x = max(x, -126), shifted = x + rounder, f = x - (shifted - rounder)
        var p: Float = 0.009582777507603168
        for c in [0.05590721219778061, 0.24024105072021484, 0.6931241154670715, 1] as [Float] { p = c.addingProduct(p, f) }
        return Float(bitPattern: p.bitPattern &+ shifted.bitPattern &<< 23)
    }

    func reference() -> [Float] {
        let tokens = shape.tokens, size = shape.headSize, log2e: Float = 1.4426950408889634
        var context = [Float](repeating: .nan, count: tokens * width)
        for head in 0..<shape.heads {
            func row(_ token: Int, _ part: Int) -> ArraySlice<Float> {
                let start = token * stride + part * width + head * size
                return projected[start..<start + size]
            }
            let keys = (0..<tokens).map { codes(row($0, 1), levels: 127) },
                values = (0..<tokens).map { codes(row($0, 2), levels: 127) }
            let largest = values.reduce(0) { max($0, $1.scale) }, step: Float = largest > 0x1p-100 ? 16256 / largest : 0
            for query in 0..<tokens {
                let seen = max(0, query - min(shape.window, tokens))..<min(tokens, query + min(shape.window, tokens) + 1)
                let q = codes(row(query, 0), levels: 63)
                let scores = seen.map { key in
                    let dot = zip(q.codes, keys[key].codes).reduce(0) { $0 + $1.0 * $1.1 }
                    let score = Float(dot) * keys[key].scale * (q.scale * (scale * log2e))
                    guard shape.hasBias else { return score }
                    return score.addingProduct(bias[head * 2 * tokens + tokens - 1 + key - query], log2e)
                }
                let most = scores.max()!
                var lanes = [Float](repeating: 0, count: 16), high = [Int](repeating: 0, count: size), low = high
                for (key, score) in zip(seen, scores) {
                    let e = exp2(score - most)
                    lanes[key % 16] += e
                    let weight = Int(rounder.addingProduct(e, values[key].scale * step) - rounder)
                    for i in 0..<size {
                        high[i] += weight >> 7 * values[key].codes[i]
                        low[i] += weight & 127 * values[key].codes[i]
                    }
                }
                for half in [8, 4, 2, 1] { for i in 0..<half { lanes[i] += lanes[i + half] } }
                for i in 0..<size {
                    let sum = Float(low[i]).addingProduct(Float(high[i]), 128)
                    context[query * width + head * size + i] = sum * (largest / 16256 / lanes[0])
                }
            }
        }
        return context
    }
}
