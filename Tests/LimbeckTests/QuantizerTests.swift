import KernelInterface
import Limbeck
import Testing

/// Weights in fewer bits: chosen well, and the same on every machine.
@Suite struct QuantizerTests {
    private func model(_ name: String) throws -> Model { try Model(path: Repository.path("Tests/golden/models/\(name)")) }

    /// Final states, or logits, of random ids.
    private func answers(_ model: Model, options: SessionOptions = SessionOptions(threads: 1)) throws -> [Float] {
        var random = Random(seed: 3)
        let lengths = [1, 5, model.maxPositions, 9].map { min($0, model.maxPositions) }
        let ids = (0..<lengths.reduce(0, +)).map { _ in Int32.random(in: 0..<Int32(model.vocabSize), using: &random) }
        return try Session(model, options: options).forward(ids: ids, lengths: lengths, output: .hidden)
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
    }

    /// Every family: those that share layers, have gates, project embeddings or join the words of neighbours.
    @Test(arguments: SameBitsTests.names)
    func answersStayClose(name: String) throws {
        let model = try self.model(name), exact = try answers(model)
        for (precision, least) in [(Precision.float16, 0.99999), (.int8, 0.995), (.int4, 0.8)] {
            let quantized = try Model(model, weights: model.weights.quantized(to: precision, of: model))
            let close = try cosine(exact, answers(quantized))
            #expect(close >= least, "\(precision)")
            #expect(throws: LimbeckError.self) { try quantized.weights.quantized(to: precision, of: quantized) }
        }
    }

    /// What is chosen depends neither on threads nor on the instruction set.
    @Test(
        arguments: ["bert-odd-27", "albert", "modernbert", "mobilebert"].compactMap { name in
            SameBitsTests.names.first { $0.hasPrefix(name) }
        })
    func sameCodesEverywhere(name: String) throws {
        let model = try self.model(name)
        func run(_ precision: Precision, _ options: SessionOptions) throws -> [Float] {
            let weights = try model.weights.quantized(to: precision, of: model, options: options)
            return try answers(Model(model, weights: weights))
        }
        let first = try [Precision.int8, .int4].map { try run($0, SessionOptions(threads: 3)) }
        for (kernels, threads, index) in SameBits.every(floatKernels, [1, 3], [0, 1]) {
            let codes = try run([.int8, .int4][index], SessionOptions(threads: threads, kernels: kernels))
            #expect(codes == first[index], "\(kernels), \(threads) threads")
        }
    }

    @Test func callersTextsAreRead() throws {
        let model = try Model(path: Repository.path("Tests/golden/answers/embed"))
        func run(_ texts: [String]?) throws -> [Float] {
            try answers(Model(model, weights: model.weights.quantized(to: .int8, of: model, calibration: texts)))
        }
        #expect(try run(["the quick brown fox", "", "jumps over"]) != run(nil))
        // Without a text, each number is rounded by itself.
        #expect(try cosine(run([]), answers(model)) > 0.99)
    }

    @Test func progressEndsAtOne() throws {
        let model = try self.model(try #require(SameBitsTests.names.first))
        var parts: [Double] = []
        _ = try model.weights.quantized(to: .int8, of: model) { parts.append($0) }
        #expect(parts == parts.sorted() && parts.last == 1 && !parts.isEmpty)
    }

    /// One matrix makes queries, keys and values: the inputs are smoothed for the values above all.
    @Test func valuesDecideTheSmoothing() throws {
        /// By how much the first input's factor is larger than the second's, if its weights are eight times as large in one of the three.
        func ratio(_ name: String) throws -> Float {
            var sample = Sample.bert
            for part in ["query", "key", "value"] {
                sample.edit("encoder.layer.0.attention.self.\(part).weight") { tensor in
                    tensor.bytes = (0..<64).flatMap { i in
                        let weight: Float = part == name && i % 8 == 0 ? 8 : 1
                        return withUnsafeBytes(of: weight) { Array($0) }
                    }
                }
            }
            let pack = try PackSample()
            try sample.withFolder { try Model.pack($0, to: pack.path, options: PackOptions(precision: .int8)) }
            let smoothing = try #require(PackParts(pack.bytes).tensors.first { $0.name.hasSuffix(".smoothing") })
            return smoothing.bytes.withUnsafeBytes {
                $0.loadUnaligned(as: Float.self) / $0.loadUnaligned(fromByteOffset: 4, as: Float.self)
            }
        }
        let (query, key, value) = (try ratio("query"), try ratio("key"), try ratio("value"))
        #expect(query == key && query > 1)
        #expect(value > 2 * query)
    }

    // MARK: The numbers

    /// Inputs that depend on each other, as those of a model do: (rows, size)
    private func inputs(rows: Int, size: Int) -> [Float] {
        var random = Random(seed: 5)
        let sources = 12
        let mix = (0..<sources * size).map { _ in Float.random(in: -1...1, using: &random) }
        return (0..<rows).flatMap { _ in
            let causes = (0..<sources).map { _ in Float.random(in: -1...1, using: &random) }
            return (0..<size).map { k in
                (0..<sources).reduce(Float.random(in: -0.2...0.2, using: &random)) { $0 + causes[$1] * mix[$1 * size + k] }
            }
        }
    }

    @Test(arguments: [1, 31, 32, 33, 100, 160])
    func factorsMultiplyToTheMoments(size: Int) throws {
        let rows = 300, x = inputs(rows: rows, size: size)
        for kernels in availableKernels.map(\.kernels) {
            let matrix = try SymmetricMatrix(size: size)
            // In two parts, the second of which is no whole chunk.
            try matrix.add(x, stride: size, rows: 260, kernels: kernels)
            try x.withUnsafeBufferPointer {
                try matrix.add($0.baseAddress! + 260 * size, stride: size, rows: rows - 260, kernels: kernels)
            }
            matrix.addToDiagonal(1)
            #expect(try matrix.factor(kernels: kernels))
            var largest = 0.0, scale = 0.0
            for i in 0..<size {
                for j in 0...i {
                    let moment = (0..<rows).reduce(i == j ? 1.0 : 0) { $0 + Double(x[$1 * size + i]) * Double(x[$1 * size + j]) }
                    let product = (0...j).reduce(0.0) {
                        $0 + Double(matrix.values[i * matrix.stride + $1]) * Double(matrix.values[j * matrix.stride + $1])
                    }
                    #expect(matrix.values[i * matrix.stride + j] == matrix.values[j * matrix.stride + i])
                    (largest, scale) = (max(largest, abs(product - moment)), max(scale, abs(moment)))
                }
            }
            #expect(largest < 1e-5 * scale)
        }
    }

    @Test func whatHasNoFactorSaysSo() throws {
        let kernels = InstructionSet.portable.kernels
        #expect(try !SymmetricMatrix(size: 40).factor(kernels: kernels))
        let notANumber = try SymmetricMatrix(size: 40)
        try notANumber.add([Float](repeating: .infinity, count: 40), stride: 40, rows: 1, kernels: kernels)
        notANumber.addToDiagonal(1)
        #expect(try !notANumber.factor(kernels: kernels))
    }

    /// The rounding that knows the inputs changes the products far less than the nearest codes do.
    @Test func roundingByTheInputsIsBetter() throws {
        let size = 144, rows = 500, x = inputs(rows: rows, size: size), kernels = InstructionSet.portable.kernels
        var random = Random(seed: 6)
        let weights = (0..<size * panelColumns).map { _ in Float.random(in: -1...1, using: &random) }
        let scales = [Float](repeating: 1 / 20, count: panelColumns)
        let matrix = try SymmetricMatrix(size: size)
        try matrix.add(x, stride: size, rows: rows, kernels: kernels)
        matrix.addToDiagonal(0.01 * matrix.meanOfDiagonal)
        #expect(try matrix.factor(kernels: kernels))

        /// The mean square of what is wrong with the products.
        func error(_ factor: SymmetricMatrix?) -> Double {
            var errors = weights
            var codes = [Float](repeating: .nan, count: size * panelColumns)
            CodeRounding(largest: 15, kernels: kernels)
                .round(&errors, size: size, scales: scales, scaleStep: 0, factor: factor, into: &codes)
            for (i, code) in codes.enumerated() {
                #expect(code == code.rounded() && abs(code) <= 15)
                #expect(abs(errors[i] - (weights[i] - code * scales[i % panelColumns])) < 1e-6)
            }
            var sum = 0.0
            for row in 0..<rows {
                for column in 0..<panelColumns {
                    let wrong = (0..<size).reduce(0.0) {
                        $0 + Double(x[row * size + $1]) * Double(errors[$1 * panelColumns + column])
                    }
                    sum += wrong * wrong
                }
            }
            return sum
        }
        #expect(error(matrix) < 0.5 * error(nil))
    }

    @Test func halvesAreTheNearest() {
        for bits in UInt16.min...UInt16.max {
            let value = Float16(bitPattern: bits)
            #expect(half(Float(value)) == (value.isFinite ? bits : nil))
        }
        var random = Random(seed: 9)
        for _ in 0..<200_000 {
            let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
            let nearest = Float16(value)
            #expect(half(value) == (nearest.isFinite ? nearest.bitPattern : nil))
        }
        for value: Float in [65519.996, 65520, 0x1p-25, 0x1.8p-25, 0x1p-24, 6.1e-5, 2049, 2051] {
            #expect(half(value) == (Float16(value).isFinite ? Float16(value).bitPattern : nil))
        }
    }

    /// Huge weights, whose errors are infinite and then no numbers, still become codes.
    @Test func hugeWeightsBecomeCodes() throws {
        let size = 40, kernels = InstructionSet.portable.kernels
        let factor = try SymmetricMatrix(size: size)
        for i in 0..<size { factor.values[i * factor.stride + i] = 1e30 }
        for i in 0..<size where i % 2 == 0 { factor.values[i] = 1e38 }
        var weights = (0..<size * panelColumns).map { $0 % 3 == 0 ? -Float.greatestFiniteMagnitude : .greatestFiniteMagnitude }
        var codes = [Float](repeating: 9, count: size * panelColumns)
        let scales = [Float](repeating: 1e36, count: panelColumns)
        CodeRounding(largest: 127, kernels: kernels)
            .round(&weights, size: size, scales: scales, scaleStep: 0, factor: factor, into: &codes)
        #expect(codes.allSatisfy { $0.magnitude <= 127 })
        #expect(CodeRounding.nearest(.nan, 127).magnitude <= 127)
    }

    @Test func nearestCodes() {
        for (x, code) in [(0.5 as Float, 0), (1.5, 2), (2.5, 2), (-0.5, 0), (-1.5, -2), (126.6, 127), (1e30, 127), (-1e30, -127)]
            as [(Float, Float)]
        {
            #expect(CodeRounding.nearest(x, 127) == code)
        }
    }
}
