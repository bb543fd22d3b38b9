import Foundation
import KernelInterface
import Limbeck
import Testing

/// The kernels of training of every instruction set against loops: `==` where the order of operations is specified, else against double
/// precision, whose derivatives are checked against finite differences. What a kernel must not read or write is NaN.
@Suite struct GradientKernelTests {
    /// Panels and columns in two calls: each writes its own part alone.
    @Test(arguments: floatKernels)
    func packing(set: InstructionSet) {
        var random = Random(seed: 41)
        for (rows, columns, stride) in [
            (1, 1, 1), (3, 35, 40), (35, 3, 5), (49, 17, 20), (33, 70, 75), (64, 32, 32), (70, 101, 112),
        ] {
            let x = Numbers(rows: rows, width: columns, stride: stride, &random)
            let across = columns.roundedUp(to: 32) / 32, down = rows.roundedUp(to: 32) / 32, outStride = rows + 3
            let packed = Numbers(nan: across * rows * 32), turned = Numbers(nan: down * columns * 32)
            let transposed = Numbers(nan: columns * outStride)
            var m = MatrixView(x: x.start, stride: stride, rows: rows, columns: columns)
            for part in 0..<2 {
                func range(_ count: Int) -> Range<Int> { part == 0 ? count / 2..<count : 0..<count / 2 }
                set.gradientKernels.packRows(&m, range(across), packed.start)
                set.gradientKernels.packTransposed(&m, range(down), turned.start)
                set.gradientKernels.transpose(&m, range(columns), transposed.start, outStride)
            }
            let label = "\(rows) x \(columns)"
            let expected = (0..<across * rows * 32).map { i in
                let row = i / 32 % rows, column = i / 32 / rows * 32 + i % 32
                return column < columns ? x[row * stride + column] : 0
            }
            #expect(packed.array == expected, "\(label)")
            let expectedTurned = (0..<down * columns * 32).map { i in
                let column = i / 32 % columns, row = i / 32 / columns * 32 + i % 32
                return row < rows ? x[row * stride + column] : 0
            }
            #expect(turned.array == expectedTurned, "\(label)")
            for column in 0..<columns {
                for row in 0..<outStride {
                    let found = transposed[column * outStride + row]
                    #expect(row < rows ? found == x[row * stride + column] : found.isNaN, "\(label), (\(row), \(column))")
                }
            }
            #expect(packed.hasMargins && turned.hasMargins && transposed.hasMargins, "\(label)")
        }
    }

    /// One chain over the depth; then the scale, rounded once with what was there.
    @Test(arguments: floatKernels)
    func product(set: InstructionSet) {
        var random = Random(seed: 43)
        for (rows, depth, columns) in [(1, 1, 1), (7, 17, 16), (13, 40, 33), (20, 33, 70)] {
            for form in 0..<8 {
                let (turnsA, turnsB, accumulates) = (form & 1 != 0, form & 2 != 0, form & 4 != 0)
                let a = Numbers(rows: turnsA ? depth : rows, width: turnsA ? rows : depth, stride: max(rows, depth) + 2, &random)
                let b = Numbers(rows: turnsB ? columns : depth, width: turnsB ? depth : columns, stride: depth + columns, &random)
                let aStride = max(rows, depth) + 2, bStride = depth + columns, stride = columns + 3
                let before = Numbers(rows: rows, width: columns, stride: stride, &random)
                let out = accumulates ? Numbers(before.array) : Numbers(nan: rows * stride)
                let scratch = Numbers(nan: SmallProduct.scratch(rows: rows, depth: depth, isTransposedA: turnsA))
                var job = SmallProduct(
                    a: a.start, aStride: aStride, isTransposedA: turnsA, b: b.start, bStride: bStride, isTransposedB: turnsB,
                    rows: rows, depth: depth, columns: columns, out: out.start, outStride: stride, scale: 0.3,
                    accumulates: accumulates)
                set.gradientKernels.product(&job, scratch.start)
                for row in 0..<rows {
                    for column in 0..<stride {
                        var sum: Float = 0
                        for k in 0..<(column < columns ? depth : 0) {
                            sum.addProduct(
                                turnsA ? a[k * aStride + row] : a[row * aStride + k],
                                turnsB ? b[column * bStride + k] : b[k * bStride + column])
                        }
                        let place = row * stride + column, found = out[place]
                        let expected = accumulates ? before[place].addingProduct(sum, 0.3) : sum * 0.3
                        #expect(
                            column < columns ? found == expected : found.isNaN,
                            "\(rows), \(depth), \(columns), form \(form), (\(row), \(column))")
                    }
                }
                #expect(out.hasMargins && scratch.hasMargins)
            }
        }
    }

    @Test(arguments: floatKernels)
    func activationGradients(set: InstructionSet) {
        var random = Random(seed: 47)
        let rows = 3, width = 1500, stride = 1520  // whole vectors: to 1504
        let x = Numbers((0..<rows * stride).map { _ in Float.random(in: -16...16, using: &random) })
        for (i, special) in [0, 1e-30, -1e-30, 0.5, -0.5, 12, -12, 90, -90, 1e4, -1e4, 1e30, -1e30].enumerated() {
            x[i] = Float(special)
        }
        for activation in activations {
            let ones = Numbers([Float](repeating: 1, count: rows * stride))
            let gradient = Numbers(rows: rows, width: stride, stride: stride, &random), before = Numbers(gradient.array)
            set.gradientKernels.activation(x.start, ones.start, stride, rows, width, activation)
            set.gradientKernels.activation(x.start, gradient.start, stride, rows, width, activation)
            var worst = 0.0, worstDifference = 0.0
            for i in 0..<rows * stride {
                guard i % stride < 1504 else {
                    #expect(ones[i] == 1 && gradient[i] == before[i])
                    continue
                }
                let y = Double(x[i]), expected = derivative(activation, y)
                let error = abs(Double(ones[i]) - expected)
                worst = max(worst, error.isNaN ? .infinity : error)
                // Where the function has no corner.
                if abs(y) < 20, activation != .relu || abs(y) > 1e-3 {
                    let h = 1e-5, slope = (value(activation, y + h) - value(activation, y - h)) / (2 * h)
                    worstDifference = max(worstDifference, abs(slope - expected))
                }
                #expect(gradient[i] == before[i] * ones[i], "\(activation) of \(y)")
            }
            #expect(worst < 1e-6, "\(activation)")
            #expect(worstDifference < 1e-8, "\(activation)")
        }
        #expect(x.hasMargins)
    }

    /// The gradients are added to what is there.
    @Test(arguments: floatKernels)
    func normalizationGradients(set: InstructionSet) {
        var random = Random(seed: 53)
        for (eps, isUnbiased) in [(nil, false), (1e-5, false), (0.1, false), (1e-6, true), (0.1, true)] as [(Float?, Bool)] {
            for (rows, width) in [(1, 2), (3, 16), (5, 27), (2, 64), (9, 101)] {
                let stride = rowStride(width), padded = width.roundedUp(to: 16)
                let x = Numbers(rows: rows, width: width, stride: stride, &random)
                let dy = Numbers(rows: rows, width: width, stride: stride, &random)
                let dx = Numbers(rows: rows, width: width, stride: stride, &random), before = Numbers(dx.array)
                let weight = Numbers(padded: width, to: padded, &random), statistics = Numbers(nan: 2 * rows)
                let dw = Numbers(padded: width, to: padded, &random), weightBefore = Numbers(dw.array)
                let db = Numbers(padded: width, to: padded, &random), biasBefore = Numbers(db.array)
                var job = NormalizationGradient(
                    x: x.start, stride: stride, rows: rows, width: width, weight: weight.start, eps: eps, isUnbiased: isUnbiased,
                    outGradient: dy.start, gradient: dx.start, statistics: statistics.start, weightGradient: dw.start,
                    biasGradient: db.start)
                set.gradientKernels.normalization(&job, 0..<rows / 2)
                set.gradientKernels.normalization(&job, rows / 2..<rows)
                if padded > 16 { set.gradientKernels.normalizationWeights(&job, 16..<padded) }
                set.gradientKernels.normalizationWeights(&job, 0..<16)

                let label = "\(rows) x \(width), \(String(describing: eps)), unbiased: \(isUnbiased)"
                var weightSum = [Double](repeating: 0, count: width), biasSum = weightSum
                for row in 0..<rows {
                    func numbers(_ from: Numbers) -> [Double] { (0..<width).map { Double(from[row * stride + $0]) } }
                    let norm = Norm(eps: eps.map(Double.init), isUnbiased: isUnbiased)
                    let y = numbers(x), g = (0..<width).map { Double(dy[row * stride + $0]) * Double(weight[$0]) }
                    let normal = norm.value(y), expected = norm.gradient(y, g)
                    func loss(_ y: [Double]) -> Double { zip(norm.value(y), g).reduce(0) { $0 + $1.0 * $1.1 } }
                    // Of two numbers that are near each other, the terms of the gradient are large and cancel.
                    let largest = max(1, g.map(abs).max()! * norm.inverse(y))
                    for i in 0..<width {
                        weightSum[i] += Double(dy[row * stride + i]) * normal[i]
                        biasSum[i] += Double(dy[row * stride + i])
                        let h = 1e-5
                        var (above, below) = (y, y)
                        above[i] += h
                        below[i] -= h
                        let slope = (loss(above) - loss(below)) / (2 * h)
                        #expect(abs(slope - expected[i]) < 1e-6 * largest, "\(label), (\(row), \(i))")
                        let found = Double(dx[row * stride + i]) - Double(before[row * stride + i])
                        #expect(abs(found - expected[i]) < 1e-6 * largest, "\(label), (\(row), \(i)): \(found), \(expected[i])")
                    }
                    #expect((width..<stride).allSatisfy { dx[row * stride + $0].isNaN }, "\(label)")
                }
                for i in 0..<width {
                    #expect(abs(Double(dw[i]) - Double(weightBefore[i]) - weightSum[i]) < 1e-5, "\(label), weight \(i)")
                    #expect(abs(Double(db[i]) - Double(biasBefore[i]) - biasSum[i]) < 1e-5, "\(label), bias \(i)")
                }
                #expect((width..<padded).allSatisfy { dw[$0] == 0 && db[$0] == 0 }, "\(label)")
                #expect(dw.hasMargins && db.hasMargins && statistics.hasMargins, "\(label)")
                (job.weightGradient, job.biasGradient) = (nil, db.start)
                let once = db.array
                set.gradientKernels.normalizationWeights(&job, 0..<padded)
                for i in 0..<width { #expect(abs(Double(db[i]) - Double(once[i]) - biasSum[i]) < 1e-5, "\(label), bias \(i)") }
            }
        }
        // Equal inputs have no deviation to differentiate.
        let x = Numbers([Float](repeating: 0.5, count: 32)), dx = Numbers([Float](repeating: 0, count: 32))
        let dy = Numbers((0..<32).map { Float($0) }), weight = Numbers([Float](repeating: 1, count: 32)),
            statistics = Numbers(nan: 2)
        var job = NormalizationGradient(
            x: x.start, stride: 32, rows: 1, width: 32, weight: weight.start, eps: 0.5, isUnbiased: true, outGradient: dy.start,
            gradient: dx.start, statistics: statistics.start, weightGradient: nil, biasGradient: nil)
        set.gradientKernels.normalization(&job, 0..<1)
        #expect(dx.array == (0..<32).map { (Float($0) - 15.5) * 2 })
    }

    /// The orders of the sums are specified.
    @Test(arguments: floatKernels)
    func sums(set: InstructionSet) {
        var random = Random(seed: 59)
        let kernels = set.gradientKernels
        for count in [1, 15, 16, 17, 33, 48, 100] {
            // Not on a boundary of vectors.
            let x = Numbers(rows: 1, width: count, stride: count, &random),
                y = Numbers(rows: 1, width: count, stride: count, &random)
            let sum = Numbers(y.array), scaled = Numbers(y.array)
            kernels.add(x.start, sum.start, count, -0.7)
            #expect(sum.array == (0..<count).map { y[$0].addingProduct(x[$0], -0.7) }, "\(count)")
            kernels.multiply(x.start, scaled.start, count)
            #expect(scaled.array == (0..<count).map { y[$0] * x[$0] }, "\(count)")
            let dot = laneSum((0..<count).map { (x[$0], y[$0]) })
            #expect(kernels.dot(x.start, y.start, count) == dot, "\(count)")

            let softmaxed = Numbers(y.array)
            kernels.softmaxGradient(x.start, softmaxed.start, count)
            #expect(softmaxed.array == (0..<count).map { x[$0] * (y[$0] - dot) }, "\(count)")

            for scale in [0.25, 20, -3] as [Float] {
                let out = Numbers(nan: count)
                let (shift, total) = kernels.exponentials(x.start, out.start, count, scale)
                #expect(shift == x.array.map { $0 * scale }.max())
                for i in 0..<count {
                    let expected = exp(Double(x[i] * scale - shift))
                    #expect(abs(Double(out[i]) - expected) <= 2e-7 * expected, "\(count), \(scale), \(i)")
                }
                #expect(total == laneSum(out.array.map { ($0, 1) }), "\(count)")
                #expect(out.hasMargins, "\(count)")
            }
            #expect(sum.hasMargins && scaled.hasMargins && softmaxed.hasMargins, "\(count)")

            for rows in [1, 2, 29] {
                let stride = count + 5, m = Numbers(rows: rows, width: count, stride: stride, &random), out = Numbers(y.array)
                var view = MatrixView(x: m.start, stride: stride, rows: rows, columns: count)
                let half = count / 2 / 16 * 16
                kernels.sumColumns(&view, half..<count, out.start)
                if half > 0 { kernels.sumColumns(&view, 0..<half, out.start) }
                let expected = (0..<count).map { column in y[column] + (0..<rows).reduce(Float()) { $0 + m[$1 * stride + column] } }
                #expect(out.array == expected, "\(rows) x \(count)")
                #expect(out.hasMargins, "\(rows) x \(count)")
            }
        }
    }

    /// The generator below gives the known answers of Random123 (tests/kat_vectors), and the kernel the words of the generator: an element
    /// is kept with its word as the threshold, and dropped with the next number.
    @Test(arguments: floatKernels)
    func philoxWords(set: InstructionSet) {
        let ones = UInt32.max
        #expect(philox([0, 0, 0, 0], (0, 0)) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        #expect(philox([ones, ones, ones, ones], (ones, ones)) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        #expect(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], (0xa409_3822, 0x299f_31d0)) == [
                0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1,
            ])

        let width = 150, x = Numbers([Float](repeating: 1, count: width)), out = Numbers(nan: width)
        for (position, sequence, site, key) in [
            (0, 0, 0, (0, 0)), (0x85a3_08d3, 0x1319_8a2e, 0x0370_7344, (0xa409_3822, 0x299f_31d0)),
            (ones, ones, ones, (ones, ones)),
        ] as [(UInt32, UInt32, UInt32, (UInt32, UInt32))] {
            var address = RowAddress(sequence: sequence, position: position)
            func kept(_ column: Int, _ threshold: UInt32) -> Bool {
                withUnsafePointer(to: &address) { address in
                    var job = Dropout(
                        x: x.start, stride: width, width: width, base: nil, out: out.start, outStride: width,
                        threshold: threshold, scale: 1, key: key, addresses: address, site: site)
                    set.gradientKernels.dropout(&job, 0..<1)
                }
                return out[column] == 1
            }
            for column in 0..<width {
                let counter = UInt32(column / 64 * 16 + column % 16)
                let word = philox([counter, position, sequence, site], key)[column / 16 % 4]
                #expect(kept(column, word) && (word == .max || !kept(column, word + 1)), "\(position), column \(column)")
            }
        }
    }

    @Test(arguments: floatKernels)
    func dropout(set: InstructionSet) {
        var random = Random(seed: 61)
        let threshold: UInt32 = 1 << 30, scale: Float = 4 / 3
        var keptCount = 0.0, allCount = 0.0
        for (rows, width) in [(1, 1), (3, 16), (2, 63), (4, 64), (3, 100), (2, 777)] {
            let stride = width + 2, outStride = width + 5
            let x = Numbers(rows: rows, width: width, stride: stride, &random)
            let base = Numbers(rows: rows, width: width, stride: outStride, &random)
            let addresses = (0..<rows).map { RowAddress(sequence: UInt32($0 / 2), position: UInt32($0 % 2 + width)) }
            addresses.withUnsafeBufferPointer { addresses in
                func run(_ x: Numbers, _ stride: Int, _ base: Numbers?, _ out: Numbers, _ outStride: Int) {
                    var job = Dropout(
                        x: x.start, stride: stride, width: width, base: base?.start, out: out.start, outStride: outStride,
                        threshold: threshold, scale: scale, key: (7, 9), addresses: addresses.baseAddress!, site: 5)
                    set.gradientKernels.dropout(&job, rows / 2..<rows)
                    set.gradientKernels.dropout(&job, 0..<rows / 2)
                }
                let plain = Numbers(nan: rows * outStride), inPlace = Numbers(x.array), added = Numbers(nan: rows * outStride)
                let addedInPlace = Numbers(base.array)
                run(x, stride, nil, plain, outStride)
                run(inPlace, stride, nil, inPlace, stride)
                run(x, stride, base, added, outStride)
                run(x, stride, addedInPlace, addedInPlace, outStride)
                for row in 0..<rows {
                    for column in 0..<width {
                        let address = addresses[row], counter = UInt32(column / 64 * 16 + column % 16)
                        let word = philox([counter, address.position, address.sequence, 5], (7, 9))[column / 16 % 4]
                        let number = x[row * stride + column], place = row * outStride + column
                        let isKept = word >= threshold
                        let expected = isKept ? number * scale : 0
                        let expectedSum = isKept ? base[place].addingProduct(number, scale) : base[place]
                        (keptCount, allCount) = (keptCount + (isKept ? 1 : 0), allCount + 1)
                        #expect(
                            plain[place] == expected && inPlace[row * stride + column] == expected, "\(width), (\(row), \(column))")
                        #expect(added[place] == expectedSum && addedInPlace[place] == expectedSum, "\(width), (\(row), \(column))")
                    }
                    #expect(
                        (width..<outStride).allSatisfy { plain[row * outStride + $0].isNaN && added[row * outStride + $0].isNaN })
                }
                #expect(plain.hasMargins && added.hasMargins)
            }
        }
        // Four standard deviations.
        #expect(abs(keptCount / allCount - 0.75) < 4 * (0.75 * 0.25 / allCount).squareRoot())
    }

    /// Three steps over two ranges, in double precision.
    @Test(arguments: floatKernels)
    func update(set: InstructionSet) {
        var random = Random(seed: 67)
        for rule in [.sgd, .adamW, .adamW2019, .bertAdam] as [ParameterUpdate.Rule] {
            for (count, range) in [(1, 0..<1), (16, 0..<16), (37, 0..<37), (100, 3..<91)] {
                let p = Numbers(rows: 1, width: count, stride: count, &random), before = p.array
                let m = Numbers([Float](repeating: 0, count: count)), v = Numbers([Float](repeating: 0, count: count))
                var expected = before.map(Double.init), first = expected.map { _ in 0.0 }, second = first
                for time in 1...3 {
                    let g = Numbers(rows: 1, width: count, stride: count, &random)
                    let (rate, decay, beta1, beta2, epsilon) = (0.02 / Double(time), 0.3, 0.9, 0.98, 0.05)
                    let isCorrected = rule == .adamW || rule == .adamW2019
                    let correction1 = isCorrected ? 1 - pow(beta1, Double(time)) : 1
                    let correction2 = isCorrected ? 1 - pow(beta2, Double(time)) : 1
                    var job = ParameterUpdate(
                        parameter: p.start, gradient: UnsafePointer(g.start), first: m.start, second: v.start, rule: rule,
                        factor: 0.8, rate: Float(rate), decay: Float(decay), beta1: Float(beta1), beta2: Float(beta2),
                        rest1: Float(1 - beta1), rest2: Float(1 - beta2), epsilon: Float(epsilon),
                        correction1: Float(correction1), correction2: Float(correction2))
                    let middle = (range.lowerBound + range.upperBound) / 2
                    set.gradientKernels.update(&job, middle..<range.upperBound)
                    set.gradientKernels.update(&job, range.lowerBound..<middle)
                    for i in range {
                        let gradient = Double(g[i]) * 0.8
                        guard rule != .sgd else {
                            expected[i] -= rate * gradient
                            continue
                        }
                        first[i] = beta1 * first[i] + (1 - beta1) * gradient
                        second[i] = beta2 * second[i] + (1 - beta2) * gradient * gradient
                        switch rule {
                        case .adamW:
                            expected[i] *= 1 - rate * decay
                            expected[i] -=
                                rate / correction1 * first[i] / (second[i].squareRoot() / correction2.squareRoot() + epsilon)
                        case .adamW2019:
                            expected[i] -=
                                rate * correction2.squareRoot() / correction1 * first[i] / (second[i].squareRoot() + epsilon)
                            expected[i] -= rate * decay * expected[i]
                        default:
                            expected[i] -= rate * (first[i] / (second[i].squareRoot() + epsilon) + decay * expected[i])
                        }
                    }
                }
                for i in 0..<count {
                    guard range.contains(i) else {
                        #expect(p[i] == before[i] && m[i] == 0 && v[i] == 0, "\(rule), \(count), \(i)")
                        continue
                    }
                    #expect(abs(Double(p[i]) - expected[i]) < 5e-7, "\(rule), \(count), \(i)")
                    #expect(abs(Double(m[i]) - first[i]) < 2e-7 && abs(Double(v[i]) - second[i]) < 2e-7, "\(rule), \(count), \(i)")
                }
                #expect(p.hasMargins && m.hasMargins && v.hasMargins)
            }
        }
    }

    /// How the numbers are divided into ranges does not matter either.
    @Test func sameBits() {
        let expected = everything(InstructionSet.portable.gradientKernels, parts: 1)
        #expect(expected.count > 20_000)
        for set in availableKernels {
            for parts in [1, 3] {
                let found = everything(set.gradientKernels, parts: parts)
                #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(set), \(parts) parts")
            }
        }
    }
}

/// The outputs of all kernels. None is NaN, whose bits are not specified.
private func everything(_ kernels: GradientKernels, parts: Int) -> [Float] {
    var random = Random(seed: 71), results: [Float] = []
    let rows = 19, width = 150, stride = rowStride(width), count = rows * stride
    let x = Numbers(rows: rows, width: stride, stride: stride, &random),
        y = Numbers(rows: rows, width: stride, stride: stride, &random)
    func copy() -> Numbers { Numbers(y.array) }
    /// In multiples of `step`.
    func divided(_ count: Int, _ step: Int = 1) -> [Range<Int>] {
        (0..<parts).map { $0 * count / parts / step * step..<($0 == parts - 1 ? count : ($0 + 1) * count / parts / step * step) }
    }
    for activation in activations {
        let out = copy(), wide = Numbers(x.array.map { $0 * 5 })
        for part in divided(rows) {
            kernels.activation(
                wide.start + part.lowerBound * stride, out.start + part.lowerBound * stride, stride, part.count, width, activation)
        }
        results += out.array
    }
    for (eps, isUnbiased) in [(nil, false), (1e-5, false), (1e-6, true)] as [(Float?, Bool)] {
        let out = copy(), statistics = Numbers(nan: 2 * rows), weights = Numbers(padded: width, to: 160, &random)
        let dw = Numbers(padded: width, to: 160, &random), db = Numbers(padded: width, to: 160, &random)
        var job = NormalizationGradient(
            x: x.start, stride: stride, rows: rows, width: width, weight: weights.start, eps: eps, isUnbiased: isUnbiased,
            outGradient: y.start, gradient: out.start, statistics: statistics.start, weightGradient: dw.start,
            biasGradient: db.start)
        for part in divided(rows) { kernels.normalization(&job, part) }
        for part in divided(160, 16) { kernels.normalizationWeights(&job, part) }
        results += out.array + statistics.array + dw.array + db.array
    }
    do {
        let sums = copy(), product = copy(), softmaxed = copy(), exponentials = copy(), columns = copy()
        for part in divided(count) {
            kernels.add(x.start + part.lowerBound, sums.start + part.lowerBound, part.count, 0.3)
            kernels.multiply(x.start + part.lowerBound, product.start + part.lowerBound, part.count)
        }
        kernels.softmaxGradient(x.start, softmaxed.start, count - 7)
        let (shift, sum) = kernels.exponentials(x.start, exponentials.start, count - 7, 3)
        var view = MatrixView(x: x.start, stride: stride, rows: rows, columns: width)
        for part in divided(width, 16) { kernels.sumColumns(&view, part, columns.start) }
        results += sums.array + product.array + softmaxed.array + exponentials.array + columns.array
        results += [shift, sum, kernels.dot(x.start, y.start, count - 7)]
    }
    let addresses = (0..<rows).map { RowAddress(sequence: UInt32($0), position: UInt32(100 - $0)) }
    addresses.withUnsafeBufferPointer { addresses in
        let out = copy()
        var job = Dropout(
            x: x.start, stride: stride, width: width, base: y.start, out: out.start, outStride: stride, threshold: 1 << 31,
            scale: 2,
            key: (3, 4), addresses: addresses.baseAddress!, site: 1)
        for part in divided(rows) { kernels.dropout(&job, part) }
        results += out.array
    }
    for rule in [.sgd, .adamW, .adamW2019, .bertAdam] as [ParameterUpdate.Rule] {
        let p = copy(), first = copy(), second = Numbers(y.array.map { $0 * $0 })
        var job = ParameterUpdate(
            parameter: p.start, gradient: UnsafePointer(x.start), first: first.start, second: second.start, rule: rule, factor: 0.7,
            rate: 1e-3, decay: 0.01, beta1: 0.9, beta2: 0.999, rest1: 0.1, rest2: 0.001, epsilon: 1e-8, correction1: 0.19,
            correction2: 0.002)
        for part in divided(count) { kernels.update(&job, part) }
        results += p.array + first.array + second.array
    }
    for form in 0..<4 {
        let (turnsA, turnsB) = (form & 1 != 0, form & 2 != 0), (depth, columns) = (turnsA ? rows : width, turnsB ? rows : 41)
        let used = turnsB ? min(depth, width) : min(depth, rows)
        let out = copy(), scratch = Numbers(nan: SmallProduct.scratch(rows: rows, depth: used, isTransposedA: turnsA))
        var job = SmallProduct(
            a: x.start, aStride: stride, isTransposedA: turnsA, b: y.start, bStride: stride, isTransposedB: turnsB, rows: rows,
            depth: used, columns: columns, out: out.start, outStride: stride, scale: 0.1, accumulates: form == 2)
        kernels.product(&job, scratch.start)
        results += out.array
    }
    var view = MatrixView(x: x.start, stride: stride, rows: rows, columns: width)
    let packed = Numbers(nan: 5 * rows * 32), turned = Numbers(nan: width * 32)
    for part in divided(5) { kernels.packRows(&view, part, packed.start) }
    kernels.packTransposed(&view, 0..<1, turned.start)
    return results + packed.array + turned.array
}

private let activations: [Activation] = [.identity, .gelu, .geluTanh, .quickGELU, .relu, .silu, .tanh]

func value(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .identity: x
    case .gelu: x * erfc(-x / 2.0.squareRoot()) / 2
    case .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .quickGELU: x / (1 + exp(-1.702 * x))
    case .relu: max(x, 0)
    case .silu: x / (1 + exp(-x))
    case .tanh: tanh(x)
    }
}

private func derivative(_ activation: Activation, _ x: Double) -> Double {
    func sigmoidUnit(_ c: Double) -> Double {
        let s = 1 / (1 + exp(-c * x))
        return s + c * x * s * (1 - s)
    }
    switch activation {
    case .identity: return 1
    case .gelu: return erfc(-x / 2.0.squareRoot()) / 2 + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    case .geluTanh:
        let x = min(max(x, -100), 100), c = (2 / Double.pi).squareRoot(), t = tanh(c * (x + 0.044715 * x * x * x))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x)
    case .quickGELU: return sigmoidUnit(1.702)
    case .relu: return x > 0 ? 1 : 0
    case .silu: return sigmoidUnit(1)
    case .tanh: return 1 - tanh(x) * tanh(x)
    }
}

/// LayerNorm without weight and bias, by the formulas at `NormalizationGradient`.
struct Norm {
    let eps: Double?
    let isUnbiased: Bool

    private func moments(_ x: [Double]) -> (mean: Double, deviation: Double) {
        let mean = x.reduce(0, +) / Double(x.count), squares = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, (squares / Double(isUnbiased ? x.count - 1 : x.count)).squareRoot())
    }

    /// 1 / s
    func inverse(_ x: [Double]) -> Double {
        guard let eps else { return 1 }
        let deviation = moments(x).deviation
        return 1 / (isUnbiased ? deviation + eps : (deviation * deviation + eps).squareRoot())
    }

    func value(_ x: [Double]) -> [Double] {
        guard eps != nil else { return x }
        let mean = moments(x).mean, inverse = inverse(x)
        return x.map { ($0 - mean) * inverse }
    }

    func gradient(_ x: [Double], _ g: [Double]) -> [Double] {
        guard let eps else { return g }
        let (mean, deviation) = moments(x), count = Double(x.count), meanG = g.reduce(0, +) / count
        if isUnbiased {
            let s = deviation + eps, sum = zip(g, x).reduce(0) { $0 + $1.0 * ($1.1 - mean) }
            return (0..<x.count).map { (g[$0] - meanG) / s - (x[$0] - mean) * sum / ((count - 1) * deviation * s * s) }
        }
        let s = (deviation * deviation + eps).squareRoot(), normal = value(x)
        let meanGX = zip(g, normal).reduce(0) { $0 + $1.0 * $1.1 } / count
        return (0..<x.count).map { (g[$0] - meanG - normal[$0] * meanGX) / s }
    }
}

/// Philox4x32-10, word by word.
private func philox(_ counter: [UInt32], _ key: (UInt32, UInt32)) -> [UInt32] {
    var c = counter, (key0, key1) = key
    for round in 0..<10 {
        if round > 0 { (key0, key1) = (key0 &+ 0x9e37_79b9, key1 &+ 0xbb67_ae85) }
        let (a, b) = (c[0].multipliedFullWidth(by: 0xd251_1f53), c[2].multipliedFullWidth(by: 0xcd9e_8d57))
        c = [b.high ^ c[1] ^ key0, b.low, a.high ^ c[3] ^ key1, a.low]
    }
    return c
}

/// Sixteen strided chains of the products, then lanes 8, 4, 2 and 1 apart are added.
private func laneSum(_ products: [(Float, Float)]) -> Float {
    var sums = [Float](repeating: 0, count: 16)
    for (k, (a, b)) in products.enumerated() { sums[k % 16].addProduct(a, b) }
    for step in [8, 4, 2, 1] { for lane in 0..<step { sums[lane] += sums[lane + step] } }
    return sums[0]
}

/// Floats on a 64-byte boundary, with NaN before and after them.
private final class Numbers {
    let start: UnsafeMutablePointer<Float>
    private let buffer: AlignedBuffer<Float>
    private let count: Int
    private static let margin = 64

    init(_ numbers: [Float]) {
        (count, buffer) = (numbers.count, AlignedBuffer(numbers.count + 2 * Numbers.margin))
        start = buffer.start + Numbers.margin
        for i in 0..<count + 2 * Numbers.margin { buffer[i] = .nan }
        for (i, number) in numbers.enumerated() { start[i] = number }
    }

    convenience init(nan count: Int) { self.init([Float](repeating: .nan, count: count)) }

    /// Random ones; NaN from the width on to the next row.
    convenience init(rows: Int, width: Int, stride: Int, _ random: inout Random) {
        self.init((0..<rows * stride).map { $0 % stride < width ? Float.random(in: -2...2, using: &random) : .nan })
    }

    /// Random ones, with zeros after them.
    convenience init(padded width: Int, to count: Int, _ random: inout Random) {
        self.init((0..<count).map { $0 < width ? Float.random(in: -2...2, using: &random) : 0 })
    }

    var array: [Float] { (0..<count).map { start[$0] } }
    /// Whether nothing was written before or after them.
    var hasMargins: Bool { (0..<Numbers.margin).allSatisfy { start[-1 - $0].isNaN && start[count + $0].isNaN } }

    subscript(index: Int) -> Float {
        get { start[index] }
        set { start[index] = newValue }
    }
}
