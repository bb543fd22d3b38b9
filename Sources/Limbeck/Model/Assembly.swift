import KernelInterface

/// Takes a model's tensors out of a checkpoint: the declared sizes are checked, those left out are the tensors'.
struct Assembly {
    let tensors: ModelTensors
    let rule: HeadRule
    let hiddenSize: Int
    /// `attentionHeads * headSize`
    let attentionSize: Int
    let intermediateSize: Int
    private(set) var widths = BufferWidths()

    init(_ declared: DeclaredConfiguration, _ checkpoint: Checkpoint) throws(LimbeckError) {
        let rules = declared.rules
        let embedding = try Assembly.embedding(declared, checkpoint)
        let hidden = embedding.projection?.weight.shape[0] ?? embedding.word.shape[1]
        let first = rules.layers.map { "\($0)0." } ?? Assembly.shared(group: 0, layer: 0)
        let attention = try checkpoint.tensor("\(first)\(rules.block.query).weight", [nil, hidden]).shape[0]
        guard attention % declared.attentionHeads == 0 else {
            throw LimbeckError(
                .fileInconsistent,
                "\(declared.file): \(declared.attentionHeads) attention heads do not divide the size of attention, \(attention)")
        }
        let intermediate = try checkpoint.tensor(
            "\(first)\(rules.block.intermediate).weight", [declared.intermediateSize, hidden]
        ).shape[0]
        (hiddenSize, attentionSize, intermediateSize) = (hidden, attention, intermediate)

        let builder = BlockBuilder(
            names: rules.block, activation: declared.activation, hidden: hidden, attention: attention, intermediate: intermediate)
        widths = builder.widths
        if embedding.projection != nil { widths.widen(.embedded, to: embedding.word.shape[1]) }
        let (blocks, layers) = try Assembly.layers(declared, checkpoint, builder)

        var relativeBias: Tensor?
        if let name = rules.relativeBias {
            relativeBias = try checkpoint.tensor(name, [RelativeBias.buckets, declared.attentionHeads])
        }
        // Files of models that do not use the pooler often lack it.
        var pooler: LinearTensors?
        if let name = rules.pooler, checkpoint.contains("\(name).weight") {
            pooler = try checkpoint.linear(name, in: hidden, out: hidden)
        }
        rule = try HeadRule(declared, checkpoint)
        tensors = ModelTensors(
            embedding: embedding, blocks: blocks, layers: layers, relativeBias: relativeBias, pooler: pooler,
            head: try Assembly.head(rule, declared, checkpoint, word: embedding.word, hidden: hidden))
    }

    private typealias Blocks = [[Step<[LinearTensors], NormTensors>]]

    /// The distinct blocks, and those of each layer. What the configuration says is not believed before there are tensors for it.
    private static func layers(
        _ declared: DeclaredConfiguration, _ checkpoint: Checkpoint, _ builder: BlockBuilder
    ) throws(LimbeckError) -> (Blocks, [[Int]]) {
        var blocks: Blocks = [], layers: [[Int]] = []
        if let prefix = declared.rules.layers {
            // More layers in the file than in the configuration: a student of the first few, as transformers loads it.
            for index in 0..<(declared.layers ?? checkpoint.layerCount(prefix)) {
                blocks.append(try builder.block("\(prefix)\(index).", checkpoint))
                layers.append([index])
            }
            return (blocks, layers)
        }
        guard let count = declared.layers else {
            throw LimbeckError(
                .fileMalformed, "\(declared.file): no '\(declared.rules.sizes.layers)', which no tensor of shared layers can tell")
        }
        guard declared.groups <= count, count <= mostSharedLayers else {
            throw LimbeckError(
                .fileUnsupported,
                "\(declared.file): \(count) layers of \(declared.groups) groups, expected at most \(mostSharedLayers) layers, and no more groups than those"
            )
        }
        for group in 0..<declared.groups {
            for layer in 0..<declared.groupLayers {
                blocks.append(try builder.block(shared(group: group, layer: layer), checkpoint))
            }
        }
        // transformers has int(layer / (layers / groups)), in floating point.
        let perGroup = Double(count) / Double(declared.groups)
        for layer in 0..<count {
            let group = min(declared.groups - 1, Int(Double(layer) / perGroup))
            layers.append(Array(group * declared.groupLayers..<(group + 1) * declared.groupLayers))
        }
        return (blocks, layers)
    }

    private static func shared(group: Int, layer: Int) -> String { "encoder.albert_layer_groups.\(group).albert_layers.\(layer)." }

    /// Layers that share weights take no bytes of a file, so nothing else bounds them.
    private static let mostSharedLayers = 1024

    private static func embedding(
        _ declared: DeclaredConfiguration, _ checkpoint: Checkpoint
    ) throws(LimbeckError) -> EmbeddingTensors {
        let rules = declared.rules
        var projectionName = rules.projection
        if let name = projectionName, !checkpoint.contains("\(name).weight") { projectionName = nil }
        let word = try checkpoint.tensor(
            "embeddings.word_embeddings.weight",
            [declared.vocabSize, projectionName == nil ? declared.hiddenSize : declared.embeddingSize])
        let width = word.shape[1]
        let position = try checkpoint.tensor("embeddings.position_embeddings.weight", [declared.maxPositions, width])
        var type: Tensor?
        if rules.hasTokenTypes {
            type = try checkpoint.tensor("embeddings.token_type_embeddings.weight", [declared.typeVocabSize, width])
        }
        let norm = try checkpoint.norm("embeddings.LayerNorm", width)
        var projection: LinearTensors?
        if let name = projectionName { projection = try checkpoint.linear(name, in: width, out: declared.hiddenSize) }
        return EmbeddingTensors(word: word, position: position, type: type, norm: norm, projection: projection)
    }

    /// The longest sequence: a position for each of its tokens.
    func maxPositions(_ declared: DeclaredConfiguration) throws(LimbeckError) -> Int {
        let rows = tensors.embedding.position.shape[0]
        guard let padding = declared.paddingId else { return rows }
        guard padding < rows - 1 else {
            throw LimbeckError(
                .fileInconsistent, "\(declared.file): positions after the padding id \(padding), in a table of \(rows)")
        }
        return rows - 1 - padding
    }

    private static func head(
        _ rule: HeadRule, _ declared: DeclaredConfiguration, _ checkpoint: Checkpoint, word: Tensor, hidden: Int
    ) throws(LimbeckError) -> HeadTensors {
        func dense(_ names: DenseNames, out: Int) throws(LimbeckError) -> DenseTensors {
            DenseTensors(
                linear: try checkpoint.linear(names.name, in: hidden, out: out),
                activation: names.activation ?? declared.activation, relu: names.relu)
        }
        switch rule {
        case .none:
            return .none
        case .sequence(let source, let classifier, let labels):
            var outputs: Int?
            if case .fixed(let count) = labels { outputs = count }
            return .sequence(
                dense: try dense(source, out: hidden), classifier: try checkpoint.linear(classifier, in: hidden, out: outputs))
        case .token(let classifier):
            return .token(classifier: try checkpoint.linear(classifier, in: hidden, out: nil))
        case .span:
            return .span(classifier: try checkpoint.linear("qa_outputs", in: hidden, out: 2))
        case .detection(let source, let classifier):
            return .detection(
                dense: try dense(source, out: hidden), classifier: try checkpoint.linear(classifier, in: hidden, out: 1))
        case .maskedLM:
            guard let names = declared.rules.maskedLM else { return .none }
            let (vocab, width) = (word.shape[0], word.shape[1])
            // The decoder is the word embeddings unless the file has another.
            let decoder =
                declared.tiesEmbeddings && !checkpoint.contains(names.decoder)
                ? word : try checkpoint.tensor(names.decoder, [vocab, width])
            let bias = !checkpoint.contains(names.bias) && checkpoint.contains(names.otherBias) ? names.otherBias : names.bias
            return .maskedLM(
                transform: try dense(DenseNames(name: names.transform, activation: names.activation), out: width),
                norm: try checkpoint.norm(names.norm, width), decoder: decoder, bias: try checkpoint.tensor(bias, [vocab]))
        }
    }
}

/// Makes the steps of BERT's block, which most families share but for the names.
private struct BlockBuilder {
    let names: BlockNames
    let activation: Activation
    let hidden: Int
    let attention: Int
    let intermediate: Int

    var widths: BufferWidths {
        var widths = BufferWidths()
        widths.widen(.hidden, to: hidden)
        widths.widen(.attended, to: hidden)
        widths.widen(.projected, to: 3 * attention)
        widths.widen(.context, to: attention)
        widths.widen(.intermediate, to: intermediate)
        return widths
    }

    func block(_ prefix: String, _ checkpoint: Checkpoint) throws(LimbeckError) -> [Step<[LinearTensors], NormTensors>] {
        func linear(_ name: String, _ inputs: Int, _ outputs: Int) throws(LimbeckError) -> LinearTensors {
            try checkpoint.linear(prefix + name, in: inputs, out: outputs)
        }
        return [
            .product(
                [
                    try linear(names.query, hidden, attention), try linear(names.key, hidden, attention),
                    try linear(names.value, hidden, attention),
                ], from: .hidden, into: .projected),
            .attention,
            .product(
                [try linear(names.attentionOutput, attention, hidden)], from: .context, into: .attended, residual: .hidden,
                norm: try checkpoint.norm(prefix + names.attentionNorm, hidden)),
            .product(
                [try linear(names.intermediate, hidden, intermediate)], from: .attended, into: .intermediate, activation: activation),
            .product(
                [try linear(names.output, intermediate, hidden)], from: .intermediate, into: .hidden, residual: .attended,
                norm: try checkpoint.norm(prefix + names.outputNorm, hidden)),
        ]
    }
}
