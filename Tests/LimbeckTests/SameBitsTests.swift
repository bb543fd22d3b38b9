import KernelInterface
import Limbeck
import Testing

/// The promise: an answer does not change by a bit with its batch, the split, the threads or the instruction set. `==` throughout.
@Suite struct SameBitsTests {
    /// Odd sizes, every activation, and one larger model whose products are cut into many items.
    static let names = GoldenModelTests.names.filter { !$0.contains("misaligned") }

    @Test(arguments: names)
    func everySessionGivesTheSame(name: String) throws {
        try SameBits.expect(Model(path: Repository.path("Tests/golden/models/\(name)")), kernels: floatKernels)
    }

    /// Every function of the tables on awkward sizes and values, bit by bit against the portable one.
    @Test func kernelsAgree() throws {
        var random = Random(seed: 11)
        var values = (0..<4099).map { _ in Float.random(in: -12...12, using: &random) }
        values += [0, -0.0, 1e-30, -1e-30, Float(bitPattern: 714), 87, -87, 89, -104, 1e4, -1e4, 1e30, -1e30]
        values += [.infinity, -.infinity, .nan]
        let portable = InstructionSet.portable.kernels
        for kernels in floatKernels.map(\.kernels) {
            for activation in [Activation.identity, .gelu, .geluTanh, .quickGELU, .relu, .silu, .tanh] {
                var a = values, b = values
                portable.activate(&a, a.count, activation)
                kernels.activate(&b, b.count, activation)
                #expect(sameBits(a, b), "\(activation)")
            }
            for count in [1, 2, 15, 16, 17, 100, 4099] {
                var a = values, b = values
                portable.softmax(&a, count)
                kernels.softmax(&b, count)
                #expect(sameBits(a, b), "softmax of \(count)")
                let sum: Float = a[..<count].reduce(0, +)
                #expect(abs(sum - 1) < 1e-4)
            }
        }
    }

    /// Every pair of two lists is among the combinations, whatever their sizes.
    @Test func combinationsHaveEveryPair() {
        for (a, b, c) in [(1, 3, 3), (2, 3, 3), (3, 3, 3), (5, 3, 3), (6, 2, 2), (4, 4, 3), (1, 1, 1)] {
            let rows = SameBits.every(Array(0..<a), Array(0..<b), Array(0..<c))
            #expect(Set(rows.map { [$0.0, $0.1] }).count == a * b && Set(rows.map { [$0.0, $0.2] }).count == a * c)
            #expect(Set(rows.map { [$0.1, $0.2] }).count == b * c && rows.count == max(a, c) * b)
        }
    }

    private func sameBits(_ a: [Float], _ b: [Float]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
    }
}

enum SameBits {
    /// Random sequences of a model, each alone on one thread, and then all of them together in every way to compute them.
    static func expect(_ model: Model, kernels: [InstructionSet], sequences: Int = 24) throws {
        var random = Random(seed: 7)
        let longest = model.maxPositions
        let lengths = (0..<sequences).map { _ in Int.random(in: 1...longest, using: &random) }
        let total = lengths.reduce(0, +)
        let ids = (0..<total).map { _ in Int32.random(in: 0..<Int32(model.vocabSize), using: &random) }
        let types = Int32(clamping: max(1, model.configuration.typeVocabSize))
        let typeIds = (0..<total).map { _ in Int32.random(in: 0..<types, using: &random) }
        let output = model.configuration.head == .none ? ForwardOutput.hidden : .logits

        let one = try Session(model, options: SessionOptions(threads: 1, maxTokens: longest))
        var alone: [Float] = [], start = 0
        for length in lengths {
            alone += try one.forward(
                ids: Array(ids[start..<start + length]), types: Array(typeIds[start..<start + length]), lengths: [length],
                output: output)
            start += length
        }
        #expect(alone.allSatisfy { $0.isFinite })

        for (kernels, threads, maxTokens) in every(kernels, [1, 2, 3], [longest, longest + 7, 4096]) {
            let options = SessionOptions(threads: threads, maxTokens: maxTokens, kernels: kernels)
            let together = try Session(model, options: options).forward(ids: ids, types: typeIds, lengths: lengths, output: output)
            #expect(together == alone, "\(kernels), \(threads) threads, \(maxTokens) tokens")
        }
    }

    /// Combinations of three lists, of which the third is no longer than the second, that have every pair of elements of two lists: an
    /// orthogonal array. A fault where two things meet shows as it does in all combinations, in a third of the time.
    static func every<A, B, C>(_ first: [A], _ second: [B], _ third: [C]) -> [(A, B, C)] {
        if first.isEmpty { return [] }
        // The third list is shifted against the second until each element has met all of those.
        let shifts = max(first.count, third.count)
        return (0..<shifts).flatMap { shift in
            second.indices.map { (first[shift % first.count], second[$0], third[($0 + shift) % third.count]) }
        }
    }
}
