import KernelInterface

/// Takes a model's tensors out of a checkpoint: checks the declared sizes, and infers missing ones from the tensors.
struct Assembly {
    let tensors: ModelTensors
    let rule: HeadRule
    /// nil: the model has no exits but its head.
    let exitRule: ExitRule?
    let embedding: EmbeddingSizes
    /// `attentionHeads * headSize`
    let attentionSize: Int
    let intermediateSize: Int
    let positionPanels: Int
    let widths: BufferWidths

    init(_ declared: __shared DeclaredConfiguration, _ checkpoint: __shared Checkpoint) throws(LimbeckError) {
        let rules = declared.rules
        var builder = StepBuilder(declared, checkpoint)
        let (embeddings, sizes) = try builder.steps("", rules.embeddings)
        tensors = ModelTensors(hidden: sizes.hidden)
        tensors.embeddings = embeddings
        try Assembly.layers(&builder, into: tensors, hidden: sizes.hidden)
        let system = ExitSystem(declared, checkpoint)
        if let system { try Assembly.exits(system, &builder, into: tensors, hidden: sizes.hidden) }
        exitRule = system?.rule(checkpoint)
        (embedding, widths, positionPanels) = (sizes, builder.widths, builder.positionPanels)
        for rotary in builder.rotaries where rotary.count(positions: sizes.positions) > Rotary.maxNumbers {
            throw LimbeckError(
                .fileUnsupported,
                """
                \(declared.file): rotary positions of \(sizes.positions) tokens and \(2 * rotary.pairs) numbers in a head, \
                expected at most \(Rotary.maxNumbers) together
                """)
        }
        (attentionSize, intermediateSize) = (builder.attentionSize ?? 0, builder.intermediateSize ?? 0)

        tensors.angles = builder.rotaries
        if let name = rules.relativeBias {
            tensors.distanceBias = try checkpoint.tensor(name, [RelativeBias.buckets, declared.attentionHeads])
        }
        // Files of models that do not use the pooler often lack it.
        if let name = rules.pooler, checkpoint.contains("\(name).weight") {
            tensors.pooler = DenseTensors(
                linear: try checkpoint.linear(name, in: sizes.hidden, out: sizes.hidden), activation: .tanh)
        }
        guard system == nil else {
            rule = .sequence(nil, classifier: "")
            return
        }
        rule = try HeadRule(declared, checkpoint)
        tensors.exits = [
            Exit(layers: tensors.layers.count, head: try Assembly.head(rule, declared, checkpoint, sizes))
        ]
    }

    /// The distinct blocks, and the blocks of each layer. The configuration is not trusted until there are tensors to confirm it.
    private static func layers(_ builder: inout StepBuilder, into tensors: ModelTensors, hidden: Int) throws(LimbeckError) {
        let declared = builder.declared
        @inline(never) func block(_ prefix: String, _ index: Int) throws(LimbeckError) {
            let (steps, _) = try builder.steps(prefix, index: index) { (layer) throws(LimbeckError) in
                try declared.rules.block(&layer, hidden)
            }
            tensors.blocks.append(steps)
        }
        if let prefix = declared.rules.layers {
            // The file may have more layers than the configuration: a student of the first few, as transformers loads it.
            for index in 0..<(declared.layers ?? max(1, builder.checkpoint.layerCount(prefix))) {
                try block("\(prefix)\(index).", index)
                tensors.layers.append([index])
            }
            if let name = declared.rules.finalNorm {
                let (steps, _) = try builder.steps("") { (last) throws(LimbeckError) in
                    last.normalize(try last.norm(name, hidden), from: .hidden, into: .hidden)
                }
                tensors.blocks[tensors.blocks.count - 1] += steps
            }
            return
        }
        guard let count = declared.layers else {
            throw LimbeckError(
                .fileMalformed, "\(declared.file): no '\(declared.rules.sizes.layers)', which no tensor of shared layers can tell")
        }
        guard declared.groups <= count, count <= maxSharedLayers else {
            throw LimbeckError(
                .fileUnsupported,
                """
                \(declared.file): \(count) layers of \(declared.groups) groups, expected at most \(maxSharedLayers) layers, and no more \
                groups than those
                """)
        }
        for group in 0..<declared.groups {
            for layer in 0..<declared.groupLayers {
                try block("encoder.albert_layer_groups.\(group).albert_layers.\(layer).", layer)
            }
        }
        // transformers computes int(layer / (layers / groups)), in floating point.
        let perGroup = Double(count) / Double(declared.groups)
        for layer in 0..<count {
            let group = min(declared.groups - 1, Int(Double(layer) / perGroup))
            tensors.layers.append(Array(group * declared.groupLayers..<(group + 1) * declared.groupLayers))
        }
    }

    /// Layers that share weights take no space in the file, so this is the only limit.
    private static let maxSharedLayers = 1024

    /// The longest sequence: one position for each of its tokens.
    func maxPositions(_ declared: DeclaredConfiguration) throws(LimbeckError) -> Int {
        let rows = embedding.positions
        guard let padding = declared.paddingId else { return rows }
        guard padding < rows - 1 else {
            throw LimbeckError(
                .fileInconsistent, "\(declared.file): positions after the padding id \(padding), in a table of \(rows)")
        }
        return rows - 1 - padding
    }

    private static func head(
        _ rule: HeadRule, _ declared: DeclaredConfiguration, _ checkpoint: Checkpoint, _ embedding: EmbeddingSizes
    ) throws(LimbeckError) -> Head<Stored> {
        let hidden = embedding.hidden
        @inline(never) func dense(_ names: DenseNames, out: Int) throws(LimbeckError) -> DenseTensors {
            DenseTensors(
                linear: try checkpoint.linear(names.name, in: hidden, out: out, bias: try declared.isOn(names.hasBias)),
                activation: try declared.activation(names), relu: names.relu,
                norm: try names.norm.map { (name) throws(LimbeckError) in
                    try checkpoint.norm(name, out, eps: declared.layerNormEps, bias: declared.normsHaveBias)
                })
        }
        @inline(never) func tokenDense() throws(LimbeckError) -> DenseTensors? {
            try declared.rules.tokenDense.map { (names) throws(LimbeckError) in try dense(names, out: hidden) }
        }
        switch rule {
        case .none:
            return .none
        case .sequence(let source, let classifier, let labels, _):
            var outputs: Int?
            if case .fixed(let count) = labels { outputs = count }
            return .sequence(
                dense: try source.map { (names) throws(LimbeckError) in try dense(names, out: hidden) },
                classifier: try checkpoint.linear(classifier, in: hidden, out: outputs))
        case .token(let classifier):
            return .token(
                TokenClassifier(dense: try tokenDense(), linear: try checkpoint.linear(classifier, in: hidden, out: nil)))
        case .span:
            return .span(
                TokenClassifier(
                    dense: try tokenDense(), linear: try checkpoint.linear(declared.rules.spanClassifier, in: hidden, out: 2)))
        case .detection(let source, let classifier):
            return .detection(
                TokenClassifier(
                    dense: try dense(source, out: hidden), linear: try checkpoint.linear(classifier, in: hidden, out: 1)))
        case .maskedLM:
            guard let names = declared.rules.maskedLMNames(checkpoint) else { return .none }
            let word = embedding.word
            let (vocab, width) = (word.shape[0], word.shape[1])
            // The decoder is the word embeddings (weight tying) unless the file has its own.
            var decoder = [word]
            if let name = names.decoder, !declared.tiesEmbeddings || checkpoint.contains(name) {
                decoder = [try checkpoint.tensor(name, [vocab, width])]
            }
            var outputs = width
            if let rest = names.restOfDecoder, hidden > width {
                decoder.append(try checkpoint.tensor(rest, [hidden - width, vocab]).transposed())
                outputs = hidden
            }
            // If the two biases differ, transformers 5 adds the decoder's own in all families; transformers 4 does so in some.
            let bias = checkpoint.contains(names.decoderBias) ? names.decoderBias : names.bias
            return .maskedLM(
                transform: try dense(names.transform, out: outputs),
                decoder: DecoderTensors(
                    weight: decoder, bias: try declared.isOn(names.hasBias) ? try checkpoint.tensor(bias, [vocab]) : nil))
        }
    }
}
