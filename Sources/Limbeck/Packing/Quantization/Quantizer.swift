import KernelInterface

extension Weights {
    /// The same weights at another precision, chosen without training so that answers change least. The result keeps these weights
    /// alive for the numbers that stay unchanged, such as biases.
    ///
    /// For int8 and int4 the model to which these weights belong reads the `calibration` texts, or built-in ones, to collect
    /// statistics of the inputs of its GEMMs. The result is the same on every machine. `progress` is called from time to time with
    /// the fraction that is done.
    package func quantized(
        to precision: Precision, of model: Model, calibration: [String]? = nil, options: SessionOptions = SessionOptions(),
        progress: ((Double) -> Void)? = nil
    ) throws(LimbeckError) -> Weights {
        if precision == .float32 { return self }
        let c = model.configuration
        let scoreColumns = 2 * c.attentionHeads * c.headSize, firstBranch = exits[0].block ?? .max
        var measure = WeightForms(precision, scoreColumns: scoreColumns, firstBranch: firstBranch, layout: Layout(), writes: false)
        _ = parts.map(&measure)
        if let failure = measure.failure { throw failure }
        let memory = try Memory(bytes: measure.layout.bytes)
        var forms = WeightForms(
            precision, scoreColumns: scoreColumns, firstBranch: firstBranch, layout: Layout(base: memory.base), writes: true)
        let parts = self.parts.map(&forms)
        if let failure = forms.failure { throw failure }
        if !forms.products.isEmpty {
            var quantizer = try Quantizer(
                model, options: options, weights: self, products: forms.products, progress: progress)
            try quantizer.run(calibration)
        }
        return Weights(parts, memory: memory, source: self)
    }
}

/// Computes the codes of all GEMMs of a model in one pass over a batch of texts: each as soon as the last of its inputs has been
/// seen. Layers that share weights see the inputs of all of them.
struct Quantizer {
    private let weights: Weights
    private let session: Session
    private let products: [QuantizedProduct]
    /// The index of the first GEMM of each block; those of the embeddings come before.
    private var firstProducts: [Int] = []
    /// How many more times each GEMM will run.
    private var uses: [Int]
    private var moments: [Moments?]
    private let progress: ((Double) -> Void)?
    private var done = 0

    /// The maximum number of tokens of the calibration texts.
    static let maxTokens = 8192

    init(
        _ model: __shared Model, options: SessionOptions, weights: __shared Weights, products: [QuantizedProduct],
        progress: ((Double) -> Void)?
    ) throws(LimbeckError) {
        self.weights = weights
        self.products = products
        self.progress = progress
        var options = options
        options.maxTokens = Quantizer.maxTokens
        session = try Session(model, options: options)
        uses = [Int](repeating: 1, count: products.count)
        moments = [Moments?](repeating: nil, count: products.count)
        var next = Quantizer.products(in: weights.embeddings)
        for (index, block) in weights.blocks.enumerated() {
            firstProducts.append(next)
            var count = 0
            for layer in weights.layers { for other in layer where other == index { count += 1 } }
            for exit in weights.exits where exit.block == index { count += 1 }
            for product in next..<next + Quantizer.products(in: block) { uses[product] = count }
            next += Quantizer.products(in: block)
        }
    }

    private static func products(in steps: [Step<Packed>]) -> Int {
        var count = 0
        for case .product in steps { count += 1 }
        return count
    }

    mutating func run(_ calibration: [String]?) throws(LimbeckError) {
        try session.fillForCalibration(calibration)
        if session.batch.tokens > 0 {
            try run(weights.embeddings, firstProduct: 0)
            for (index, layer) in weights.layers.enumerated() {
                for block in layer { try run(weights.blocks[block], firstProduct: firstProducts[block]) }
                for case let (layers, block?) in weights.exits.map({ ($0.layers, $0.block) }) where layers == index + 1 {
                    try run(weights.blocks[block], firstProduct: firstProducts[block])
                }
            }
        }
        // Without texts, and for GEMMs that no layer uses, no inputs are known.
        for product in products.indices where uses[product] > 0 { try finish(product, Moments(depth: products[product].depth)) }
    }

    private mutating func run(_ steps: [Step<Packed>], firstProduct: Int) throws(LimbeckError) {
        var product = firstProduct
        for step in steps {
            if case .product(let step) = step {
                let inputs = session.scratch[step.from]
                let seen = if let seen = moments[product] { seen } else { try Moments(depth: step.depth) }
                try seen.add(inputs.start, stride: inputs.stride, rows: session.batch.tokens, workers: session.encoder.workers)
                moments[product] = seen
                uses[product] -= 1
                if uses[product] == 0 { try finish(product, seen) }
                product += 1
            }
            try session.encoder.run(step, session.batch)
        }
    }

    @inline(never) private mutating func finish(_ product: Int, _ seen: Moments) throws(LimbeckError) {
        try products[product].fill(from: seen, workers: session.encoder.workers)
        moments[product] = nil
        done += 1
        progress?(Double(done) / Double(products.count))
    }
}

extension Session {
    /// A batch of the texts that fit into it, the caller's or the built-in ones; of random ids if the model has no tokenizer.
    fileprivate func fillForCalibration(_ texts: [String]?) throws(LimbeckError) {
        batch.clear()
        guard let tokenizer = model.tokenizer else { return fillWithRandomIds() }
        let length = try length(0)
        for text in texts?.map({ [UInt8]($0.utf8) }) ?? CalibrationTexts.make() {
            _ = try text.withUnsafeBufferPointer { bytes throws(LimbeckError) in
                try append(Text(bytes), length: length, tokenizer: tokenizer)
            }
        }
    }

    /// Random ids with the frequencies of words (Zipf's law), as vocabularies list frequent words first: the logarithms of ids are
    /// uniform over five octaves, which excludes the special tokens at the beginning of most vocabularies.
    private func fillWithRandomIds() {
        let c = model.configuration
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 32) % UInt64(bound))
        }
        let length = min(longest, 64)
        for _ in 0..<64 {
            for i in batch.tokens..<batch.tokens + length {
                let octave = c.vocabSize >> random(5)
                batch.ids[i] = Int32(truncatingIfNeeded: octave / 2 + random(max(1, octave - octave / 2)))
                batch.types[i] = 0
            }
            close(count: length, index: 0)
        }
    }
}
