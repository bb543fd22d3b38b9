import Foundation
import KernelInterface
import Limbeck
import LimbeckDistil
import Testing

/// Every operation of a tape: its output against a double-precision reference, its gradients against central differences of that reference
/// for the loss sum c_i out_i, and the same bits for every number of threads and every instruction set. Memory that an operation
/// does not write is NaN, and gradients are added to what is there.
@Suite struct TapeTests {
    @Test(arguments: cases)
    func gradients(_ test: Case) throws {
        let values = test.values(), found = try compute(test, values, .best, threads: 2)
        var point = Point(values, mask: found.mask)
        let out = test.reference(point)
        #expect(out.count == found.out.count)
        let most = out.reduce(0) { max($0, abs($1)) }
        let wrong = out.indices.filter { !(abs(Double(found.out[$0]) - out[$0]) < 1e-5 * most) }
        #expect(wrong.isEmpty, "outputs")
        func loss() -> Double {
            let out = test.reference(point)
            return out.indices.reduce(0) { $0 + Double(found.factors[$1]) * out[$1] }
        }
        let h = 1e-5
        var random = Random(seed: 7)
        for (place, gradient) in found.gradients.enumerated() {
            let added = gradient.map { Double($0) - Double(before) }
            guard !test.isFrozen(place) else {
                #expect(gradient.allSatisfy { $0 == before }, "tensor \(place) is not trained")
                continue
            }
            let largest = added.reduce(0) { max($0, $1.isNaN ? .infinity : abs($1)) }
            #expect(largest > 0 && largest < .infinity, "tensor \(place)")
            let isEach = added.count <= test.samples
            let entries =
                isEach ? Array(added.indices) : (0..<test.samples).map { _ in added.indices.randomElement(using: &random)! }
            for entry in entries {
                let value = point.t[place][entry]
                point.t[place][entry] = value + h
                let above = loss()
                point.t[place][entry] = value - h
                let slope = (above - loss()) / (2 * h)
                point.t[place][entry] = value
                #expect(
                    abs(added[entry] - slope) < 1e-4 * largest,
                    "tensor \(place), entry \(entry): \(added[entry]), expected \(slope)")
            }
            // All entries at once, in one direction.
            let signs = added.map { _ in Bool.random(using: &random) ? 1.0 : -1.0 }, values = point.t[place]
            for (i, sign) in signs.enumerated() { point.t[place][i] += sign * h }
            let above = loss()
            for (i, sign) in signs.enumerated() { point.t[place][i] = values[i] - sign * h }
            let slope = (above - loss()) / (2 * h), sum = added.indices.reduce(0) { $0 + signs[$1] * added[$1] }
            point.t[place] = values
            #expect(
                abs(sum - slope) < 1e-4 * largest * Double(added.count).squareRoot(), "tensor \(place): \(sum), expected \(slope)")
        }
    }

    @Test(arguments: cases)
    func sameBits(_ test: Case) throws {
        let values = test.values(), expected = try compute(test, values, .portable, threads: 1)
        for set in availableKernels {
            for threads in [1, 3] {
                let found = try compute(test, values, set, threads: threads)
                #expect(found.out.map(\.bitPattern) == expected.out.map(\.bitPattern), "\(set), \(threads) threads")
                #expect(
                    found.gradients.map { $0.map(\.bitPattern) } == expected.gradients.map { $0.map(\.bitPattern) },
                    "\(set), \(threads) threads")
            }
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// (rows, width)
        var inputs: [[Int]] = []
        var parameters: [[Int]] = []
        var lengths = [3, 1, 5]
        /// Of a tensor, so many entries are checked one by one; and all of them together.
        var samples = Int.max
        /// Parameters that are not trained.
        var frozen: [Int] = []
        var run: @Sendable (Bench) -> Variable
        var reference: @Sendable (Point) -> [Double]

        var testDescription: String { name }
        func isFrozen(_ tensor: Int) -> Bool { frozen.contains(tensor - inputs.count) }

        func values() -> [[Float]] {
            var random = Random(seed: 5)
            return (inputs + parameters).map { shape in
                (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }
            }
        }
    }

    /// What an operation is made of.
    final class Bench {
        let tape: Tape
        let x: [Variable]
        let p: [Parameter]
        let batch: TokenBatch
        /// What dropout multiplies by.
        var mask: [Double] = []

        init(_ tape: Tape, _ x: [Variable], _ p: [Parameter], _ batch: TokenBatch) {
            (self.tape, self.x, self.p, self.batch) = (tape, x, p, batch)
        }

        func linear(_ weight: Int, _ rows: Range<Int>? = nil, bias: Int? = nil) -> LinearSlice {
            LinearSlice(weight: Slice(p[weight], rows: rows), bias: bias.map { p[$0] })
        }

        func norm(bias: Bool, eps: Float?, isUnbiased: Bool) -> NormSlice {
            let zeros = tape.arena.take(Float.self, p[0].stride)
            if !tape.isMeasuring { zeros.update(repeating: 0, count: p[0].stride) }
            return NormSlice(weight: p[0], bias: bias ? p[1] : nil, eps: eps, isUnbiased: isUnbiased, zeros: zeros)
        }

        func dropout(_ probability: Float) -> DropoutPlace {
            DropoutPlace(probability: probability, site: 6, addresses: UnsafePointer(batch.addresses))
        }
    }

    /// Values of the inputs and then the parameters, all without padding.
    struct Point {
        var t: [[Double]]
        let original: [[Double]]
        let mask: [Double]

        init(_ values: [[Float]], mask: [Double]) {
            original = values.map { $0.map(Double.init) }
            (t, self.mask) = (original, mask)
        }
    }
}

private typealias Case = TapeTests.Case

/// What gradients are before the backward pass.
private let before: Float = 0.125
private let padding = 1
private let vocabulary = 13

private struct Found {
    var out: [Float] = []
    var factors: [Float] = []
    var gradients: [[Float]] = []
    var mask: [Double] = []
}

private func compute(_ test: Case, _ values: [[Float]], _ set: InstructionSet, threads: Int) throws -> Found {
    let parameters = Parameters(), p = test.parameters.enumerated().map { parameters.parameter("\($0)", $1) }
    try parameters.allocate(isTrained: true)
    for (i, parameter) in p.enumerated() {
        parameter.isTrained = !test.frozen.contains(i)
        parameter.write(values[test.inputs.count + i], into: parameter.value)
        for row in 0..<parameter.rows {
            (parameter.gradient + row * parameter.stride).update(repeating: before, count: parameter.columns)
        }
    }
    let measuring = Tape(arena: Arena(), team: nil)
    _ = pass(test, values, measuring, p)
    let bytes = measuring.arena.peak, arena = try Arena(bytes: bytes)
    arena.take(Float.self, bytes / 4).update(repeating: .nan, count: bytes / 4)
    arena.release(to: 0)
    let tape = Tape(arena: arena, team: try Team(threads: threads, set: set, scratchFloats: max(1, measuring.scratchFloats)))
    for parameter in p { parameter.hasGradient = false }
    var found = pass(test, values, tape, p)
    #expect(arena.peak == bytes)
    for parameter in p {
        #expect(parameter.hasGradient == parameter.isTrained)
        let all = read(parameter.gradient, parameter.rows, parameter.stride, parameter.stride)
        #expect(all.enumerated().allSatisfy { $0.offset % parameter.stride < parameter.columns || $0.element == 0 }, "padding")
        found.gradients.append(read(parameter.gradient, parameter.rows, parameter.columns, parameter.stride))
    }
    return found
}

/// Forward and backward.
private func pass(_ test: Case, _ values: [[Float]], _ tape: Tape, _ p: [Parameter]) -> Found {
    func fill(_ rows: UnsafeMutablePointer<Float>, _ variable: Variable, _ value: (Int) -> Float) {
        for i in 0..<(tape.isMeasuring ? 0 : variable.rows * variable.width) {
            rows[i / variable.width * variable.stride + i % variable.width] = value(i)
        }
    }
    func numbers(_ rows: UnsafeMutablePointer<Float>?, _ variable: Variable) -> [Float] {
        guard !tape.isMeasuring, let rows else { return [] }
        return read(rows, variable.rows, variable.width, variable.stride)
    }
    tape.randomKey = (5, 9)
    let batch = TokenBatch(tape.arena, lengths: test.lengths, first: 3)
    if !tape.isMeasuring {
        for row in 0..<batch.tokens {
            (batch.ids[row], batch.types[row]) = (Int32(id(row)), Int32(row % 2))
        }
        batch.count(after: Int32(padding))
    }
    let x = test.inputs.map { tape.variable($0[0], $0[1]) }
    for (place, variable) in x.enumerated() { fill(variable.value, variable) { values[place][$0] } }
    let bench = TapeTests.Bench(tape, x, p, batch), out = test.run(bench)
    var found = Found(out: numbers(out.value, out), mask: bench.mask), random = Random(seed: 3)
    found.factors = (0..<out.rows * out.width).map { _ in Float.random(in: -1...1, using: &random) }
    for variable in x where variable !== out { fill(tape.gradient(of: variable), variable) { _ in before } }
    fill(tape.gradient(of: out), out) { found.factors[$0] }
    tape.backward()
    // In place: the gradient is not added to.
    found.gradients = x.map { variable in numbers(variable.gradient, variable).map { variable === out ? $0 + before : $0 } }
    return found
}

private func read(_ rows: UnsafePointer<Float>, _ count: Int, _ width: Int, _ stride: Int) -> [Float] {
    (0..<count * width).map { rows[$0 / width * stride + $0 % width] }
}

// MARK: References

/// Rows, of a matrix stored without padding.
private func map(_ x: [Double], width: Int, _ body: ([Double]) -> [Double]) -> [Double] {
    stride(from: 0, to: x.count, by: width).flatMap { body(Array(x[$0..<$0 + width])) }
}

/// x (rows, inputs) W^T + b of the first outputs and inputs; W has `columns`. Loops and pointers, since tests are not optimised.
private func product(_ x: [Double], inputs: Int, _ w: ArraySlice<Double>, columns: Int? = nil, _ b: [Double]? = nil) -> [Double] {
    let columns = columns ?? inputs, rows = x.count / inputs, outputs = w.count / columns
    var out = [Double](repeating: 0, count: rows * outputs)
    x.withUnsafeBufferPointer { x in
        w.withUnsafeBufferPointer { w in
            var row = 0
            while row < rows {
                var output = 0
                while output < outputs {
                    var sum = b?[output] ?? 0, k = 0
                    while k < inputs {
                        sum += x[row * inputs + k] * w[output * columns + k]
                        k += 1
                    }
                    out[row * outputs + output] = sum
                    output += 1
                }
                row += 1
            }
        }
    }
    return out
}

/// Rows of matrices side by side.
private func beside(_ parts: [[Double]], rows: Int) -> [Double] {
    (0..<rows).flatMap { row in parts.flatMap { $0[row * ($0.count / rows)..<(row + 1) * ($0.count / rows)] } }
}

private func norm(_ x: [Double], _ weight: [Double], _ bias: [Double]?, eps: Double?, isUnbiased: Bool) -> [Double] {
    map(x, width: weight.count) { row in
        let normal = Norm(eps: eps, isUnbiased: isUnbiased).value(row)
        return row.indices.map { normal[$0] * weight[$0] + (bias?[$0] ?? 0) }
    }
}

/// x has queries, keys and values side by side; `bias` (buckets, heads), and `mask` (tokens, heads, headSize), by the keys.
private func attention(
    _ x: [Double], _ lengths: [Int], heads: Int, headSize: Int, window: Int?, bias: [Double]? = nil, mask: [Double] = []
) -> [Double] {
    let width = heads * headSize
    var out = [Double](repeating: 0, count: x.count / 3), start = 0
    for length in lengths {
        for head in 0..<heads {
            for query in 0..<length {
                func at(_ token: Int, _ part: Int) -> Int { (start + token) * 3 * width + part * width + head * headSize }
                let low = max(0, query - (window ?? length)), high = min(length - 1, query + (window ?? length))
                let own = at(query, 0)
                var weights: [Double] = [], sum = 0.0
                for key in low...high {
                    let other = at(key, 1)
                    var score = 0.0, k = 0
                    while k < headSize {
                        score += x[own + k] * x[other + k]
                        k += 1
                    }
                    score = score / Double(headSize).squareRoot() + (bias?[RelativeBias.bucket(key - query) * heads + head] ?? 0)
                    weights.append(exp(score))
                    sum += weights.last!
                }
                let place = (start + query) * width + head * headSize
                for key in low...high {
                    let weight = weights[key - low] / sum * (mask.isEmpty ? 1 : mask[place + key]), values = at(key, 2)
                    var k = 0
                    while k < headSize {
                        out[place + k] += weight * x[values + k]
                        k += 1
                    }
                }
            }
        }
        start += length
    }
    return out
}

// MARK: Cases

/// Sequences of more rows than a block has.
private let long = [5, 1, 37, 70]
private let tokens = 113

private let cases = linearCases + rowCases + tokenCases

private let linearCases: [Case] =
    [
        Case(
            name: "linear, three matrices", inputs: [[9, 19]], parameters: [[13, 19], [13], [21, 19], [21], [9, 19], [9]],
            run: { b in
                LinearOperation(b.tape, b.x[0], [b.linear(0, bias: 1), b.linear(2, bias: 3), b.linear(4, bias: 5)]).out
            },
            reference: { p in
                beside([1, 3, 5].map { product(p.t[0], inputs: 19, p.t[$0][...], p.t[$0 + 1]) }, rows: 9)
            }),
        // As ModernBERT's: parts of one matrix.
        Case(
            name: "linear, slices", inputs: [[9, 33]], parameters: [[48, 33], [48]],
            run: { b in
                LinearOperation(b.tape, b.x[0], [0..<17, 17..<34, 34..<48].map { b.linear(0, $0, bias: 1) }).out
            },
            reference: { p in product(p.t[0], inputs: 33, p.t[1][...], p.t[2]) }),
        Case(
            name: "linear, part of outputs and inputs, activation and gate", inputs: [[9, 25]],
            parameters: [[40, 35], [40], [40, 35]], samples: 300,
            run: { b in
                var (part, gate) = (b.linear(0, bias: 1), b.linear(2))
                (part.outputs, part.inputs, gate.outputs, gate.inputs) = (27, 22, 27, 22)
                return LinearOperation(b.tape, b.x[0], [part], activation: .gelu, gate: gate).out
            },
            reference: { p in
                let x = map(p.t[0], width: 25) { Array($0[..<22]) }
                let own = product(x, inputs: 22, p.t[1][..<(27 * 35)], columns: 35, p.t[2])
                let gate = product(x, inputs: 22, p.t[3][..<(27 * 35)], columns: 35)
                return zip(own, gate).map { value(.gelu, $0) * $1 }
            }),
        Case(
            name: "linear, gate alone", inputs: [[9, 7]], parameters: [[5, 7], [5, 7], [5]],
            run: { b in LinearOperation(b.tape, b.x[0], [b.linear(0)], gate: b.linear(1, bias: 2)).out },
            reference: { p in
                zip(product(p.t[0], inputs: 7, p.t[1][...]), product(p.t[0], inputs: 7, p.t[2][...], p.t[3])).map { $0 * $1 }
            }),
        Case(
            name: "linear, weights not trained", inputs: [[9, 7]], parameters: [[5, 7], [5]], frozen: [0],
            run: { b in LinearOperation(b.tape, b.x[0], [b.linear(0, bias: 1)], activation: .tanh).out },
            reference: { p in product(p.t[0], inputs: 7, p.t[1][...], p.t[2]).map { tanh($0) } }),
        // Groups of panels, blocks of rows, and chains of the depth.
        Case(
            name: "linear, large", inputs: [[101, 135]], parameters: [[523, 135], [523]], samples: 2,
            run: { b in LinearOperation(b.tape, b.x[0], [b.linear(0, bias: 1)], activation: .silu).out },
            reference: { p in product(p.t[0], inputs: 135, p.t[1][...], p.t[2]).map { value(.silu, $0) } }),
    ]
    + [Activation.gelu, .geluTanh, .quickGELU, .relu, .silu, .tanh].map { activation in
        Case(
            name: "linear, \(activation)", inputs: [[9, 6]], parameters: [[35, 6], [35]],
            run: { b in LinearOperation(b.tape, b.x[0], [b.linear(0, bias: 1)], activation: activation).out },
            reference: { p in product(p.t[0], inputs: 6, p.t[1][...], p.t[2]).map { value(activation, $0) } })
    }

/// Each small, with all entries, and large.
private let rowCases: [Case] = [([3, 1, 5], 9, 21, Int.max), (long, tokens, 131, 10)].flatMap { lengths, rows, width, samples in
    var cases: [Case] = []
    func add(
        _ name: String, inputs: Int = 1, parameters: Int = 0, _ run: @escaping @Sendable (TapeTests.Bench) -> Variable,
        _ reference: @escaping @Sendable (TapeTests.Point) -> [Double]
    ) {
        cases.append(
            Case(
                name: "\(name), \(rows) x \(width)", inputs: [[Int]](repeating: [rows, width], count: inputs),
                parameters: [[Int]](repeating: [width], count: parameters), lengths: lengths, samples: samples, run: run,
                reference: reference))
    }
    for (eps, isUnbiased) in [(nil, false), (1e-5, false), (1e-6, true)] as [(Double?, Bool)] {
        add("norm, epsilon \(eps ?? 0)", parameters: 2) { b in
            NormOperation(b.tape, b.x[0], b.norm(bias: true, eps: eps.map { Float($0) }, isUnbiased: isUnbiased)).out
        } _: { p in
            norm(p.t[0], p.t[1], p.t[2], eps: eps, isUnbiased: isUnbiased)
        }
    }
    add("norm without bias", parameters: 1) { b in
        NormOperation(b.tape, b.x[0], b.norm(bias: false, eps: 0.1, isUnbiased: false)).out
    } _: { p in
        norm(p.t[0], p.t[1], nil, eps: 0.1, isUnbiased: false)
    }
    add("activation") { b in
        ActivationOperation(b.tape, b.x[0], .relu).out
    } _: { p in
        p.t[0].map { max($0, 0) }
    }
    add("residual", inputs: 2) { b in
        ResidualOperation(b.tape, b.x[0], residual: b.x[1], dropout: nil).out
    } _: { p in
        zip(p.t[0], p.t[1]).map { $0 + $1 }
    }
    add("copy") { b in
        ResidualOperation(b.tape, b.x[0], residual: nil, dropout: nil).out
    } _: { p in
        p.t[0]
    }
    for inputs in [1, 2] {
        add("dropout, \(inputs) inputs", inputs: inputs) { b in
            let out = ResidualOperation(b.tape, b.x[0], residual: inputs == 1 ? nil : b.x[1], dropout: b.dropout(0.3)).out
            guard !b.tape.isMeasuring else { return out }
            let residual = inputs == 2 ? read(b.x[1].value, rows, width, b.x[1].stride) : []
            b.mask = read(out.value, rows, width, out.stride).enumerated().map { i, number in
                number == (inputs == 2 ? residual[i] : 0) ? 0 : 1 / 0.7
            }
            let kept = Double(b.mask.count { $0 > 0 }) / Double(b.mask.count)
            #expect(abs(kept - 0.7) < 4 * (0.21 / Double(b.mask.count)).squareRoot())
            return out
        } _: { p in
            p.t[0].indices.map { p.t[0][$0] * p.mask[$0] + (inputs == 2 ? p.t[1][$0] : 0) }
        }
    }
    let gathered = [rows - 1, 0, 4, 4, 0]
    add("gather") { b in
        GatherOperation(b.tape, b.x[0], rows: gathered).out
    } _: { p in
        gathered.flatMap { p.t[0][$0 * width..<($0 + 1) * width] }
    }
    for isRoot in [false, true] {
        @Sendable func factor(_ count: Int) -> Double { isRoot ? 1 / Double(count).squareRoot() : 1 / Double(count) }
        add("pool, root \(isRoot)") { b in
            PoolOperation(b.tape, b.x[0], starts: b.batch.starts) { Float(factor($0)) }.out
        } _: { p in
            var start = 0
            return lengths.flatMap { length in
                defer { start += length }
                return (0..<width).map { column in
                    (start..<start + length).reduce(0) { $0 + p.t[0][$1 * width + column] } * factor(length)
                }
            }
        }
    }
    for kept in [width, width - 8] {
        add("unit length of \(kept)") { b in
            UnitLengthOperation(b.tape, b.x[0], first: kept == width ? nil : kept).out
        } _: { p in
            map(p.t[0], width: width) { row in
                let length = row[..<kept].reduce(0) { $0 + $1 * $1 }.squareRoot()
                return row[..<kept].map { $0 / length }
            }
        }
    }
    return cases
}

/// The id of a row's token. Positions are counted after the padding id, which keeps it as its own.
private func id(_ row: Int) -> Int { row % 4 == 2 ? padding : row * (row + 3) % vocabulary }

private func positions(_ lengths: [Int]) -> [Int] {
    var row = 0
    return lengths.flatMap { length in
        var last = padding
        return (0..<length).map { _ in
            defer { row += 1 }
            last += id(row) == padding ? 0 : 1
            return id(row) == padding ? padding : last
        }
    }
}

private let tokenCases = embeddingCases + rotationCases + attentionCases

private let embeddingCases: [Case] =
    [([3, 1, 5], 21, Int.max), (long, 131, 10)].map { lengths, width, samples in
        Case(
            name: "embedding of \(width)", parameters: [[vocabulary, width], [90, width], [2, width]], lengths: lengths,
            samples: samples,
            run: { b in
                let tables = EmbeddingTables(word: Slice(b.p[0]), position: Slice(b.p[1]), type: Slice(b.p[2]))
                return EmbeddingOperation(b.tape, b.batch, tables, width: width, padding: (Int32(padding), Int32(padding))).out
            },
            reference: { p in
                positions(lengths).enumerated().flatMap { row, position in
                    // The rows of the padding id take no gradient.
                    let tables = position == padding ? p.original : p.t
                    return (0..<width).map {
                        tables[0][id(row) * width + $0] + tables[1][position * width + $0] + p.t[2][row % 2 * width + $0]
                    }
                }
            })
    }

/// Heads of an even and an odd size, of which some or all numbers are turned.
private let rotationCases: [Case] =
    ([([3, 1, 5], 2, 6, 3, Int.max), (long, 5, 9, 2, 10)] as [([Int], Int, Int, Int, Int)]).map {
        lengths, heads, size, pairs, samples in
        Case(
            name: "rotation, \(pairs) pairs of \(size)", inputs: [[lengths.reduce(0, +), 3 * heads * size]], lengths: lengths,
            samples: samples,
            run: { b in
                let step = RotationStep(table: 0, heads: heads, headSize: size)
                // Its sizes were checked, and there is memory for it.
                let table = try! AngleTable(Rotary(base: 100, pairs: pairs), positions: 90)
                _ = RotationOperation(b.tape, b.x[0], step, b.batch, table)
                return b.x[0]
            },
            reference: { p in
                let width = 3 * heads * size
                var out = p.t[0]
                for (row, position) in positions(lengths).enumerated() {
                    for head in 0..<2 * heads {
                        for pair in 0..<pairs {
                            let angle = Double(position) * pow(100, -Double(pair) / Double(pairs))
                            let place = row * width + head * size + pair, (x, y) = (p.t[0][place], p.t[0][place + pairs])
                            out[place] = x * cos(angle) - y * sin(angle)
                            out[place + pairs] = y * cos(angle) + x * sin(angle)
                        }
                    }
                }
                return out
            })
    }

private let attentionCases: [Case] =
    ([([3, 1, 5], 2, 7, Int.max), (long, 3, 11, 4)] as [([Int], Int, Int, Int)]).flatMap { lengths, heads, size, samples in
        [(nil, false), (2, false), (nil, true), (1, true)].map { (window: Int?, isBiased) in
            Case(
                name: "attention of \(size), window \(window ?? -1), bias \(isBiased)",
                inputs: [[lengths.reduce(0, +), 3 * heads * size]], parameters: isBiased ? [[RelativeBias.buckets, heads]] : [],
                lengths: lengths, samples: samples,
                run: { b in
                    let bias = isBiased ? DistanceBias(b.tape, Slice(b.p[0]), span: b.batch.longest) : nil
                    return AttentionOperation(
                        b.tape, b.x[0], heads: heads, headSize: size, window: window, b.batch, bias: bias, dropout: nil
                    ).out
                },
                reference: { p in
                    attention(p.t[0], lengths, heads: heads, headSize: size, window: window, bias: isBiased ? p.t[1] : nil)
                })
        }
    }
    + [(nil, false), (4, true)].map { (window: Int?, isBiased) in
        // The heads are as wide as the longest sequence: with unit vectors as values, the outputs are the weights after dropout.
        let lengths = [2, 19, 6, 1], heads = 2, size = 19, width = heads * size
        return Case(
            name: "attention with dropout, window \(window ?? -1), bias \(isBiased)", inputs: [[28, 3 * width]],
            parameters: isBiased ? [[RelativeBias.buckets, heads]] : [], lengths: lengths, samples: 100,
            run: { b in
                let bias = isBiased ? DistanceBias(b.tape, Slice(b.p[0]), span: b.batch.longest) : nil
                func run(_ x: Variable) -> Variable {
                    AttentionOperation(
                        b.tape, x, heads: heads, headSize: size, window: window, b.batch, bias: bias, dropout: b.dropout(0.3)
                    ).out
                }
                let out = run(b.x[0])
                b.tape.isRecording = false
                defer { b.tape.isRecording = true }
                let units = b.tape.variable(28, 3 * width)
                if !b.tape.isMeasuring {
                    units.value.update(from: b.x[0].value, count: 28 * units.stride)
                    for sequence in 0..<lengths.count {
                        for (key, row) in b.batch.range(sequence).enumerated() {
                            for i in 0..<width { units.value[row * units.stride + 2 * width + i] = i % size == key ? 1 : 0 }
                        }
                    }
                }
                let weights = run(units)
                if !b.tape.isMeasuring { b.mask = read(weights.value, 28, width, weights.stride).map { $0 == 0 ? 0 : 1 / 0.7 } }
                return out
            },
            reference: { p in
                attention(
                    p.t[0], lengths, heads: heads, headSize: size, window: window, bias: isBiased ? p.t[1] : nil, mask: p.mask)
            })
    }
