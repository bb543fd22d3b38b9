/// A model folder, read and checked: what the encoder and the heads are built from.
package struct LoadedModel {
    package let configuration: Configuration
    package let tensors: ModelTensors
    /// What the tensors are views of.
    package let files: WeightFiles

    package static func load(_ folder: ModelFolder) throws(LimbeckError) -> LoadedModel {
        let declared = try DeclaredConfiguration(folder)
        let files = try WeightFiles(folder)
        let checkpoint = try Checkpoint(files, family: declared.family)
        let assembly = try Assembly(declared, checkpoint)
        let tensors = assembly.tensors

        var configuration = Configuration(
            family: declared.family, activation: declared.activation, layerNormEps: declared.layerNormEps)
        configuration.hiddenSize = tensors.word.shape[1]
        configuration.vocabSize = tensors.word.shape[0]
        configuration.maxPositions = tensors.position.shape[0]
        configuration.typeVocabSize = tensors.type?.shape[0] ?? 0
        configuration.layers = tensors.layers.count
        configuration.attentionHeads = declared.attentionHeads
        configuration.headSize = assembly.attentionSize / declared.attentionHeads
        configuration.intermediateSize = assembly.intermediateSize
        (configuration.head, configuration.labels) = try headKind(tensors.head, declared)
        configuration.multiLabel = declared.multiLabel

        let sentences = try SentenceModules(folder, hiddenSize: configuration.hiddenSize)
        configuration.pooling = sentences.pooling
        configuration.normalize = sentences.normalize
        configuration.maxLength = min(sentences.maxLength ?? configuration.maxPositions, configuration.maxPositions)
        return LoadedModel(configuration: configuration, tensors: tensors, files: files)
    }

    private static func headKind(
        _ head: HeadTensors, _ declared: DeclaredConfiguration
    ) throws(LimbeckError) -> (HeadKind, [String]) {
        switch head {
        case .none: (.none, [])
        case .sequence(_, let classifier): (.sequence, try declared.labels(count: classifier.weight.shape[0]))
        case .token(let classifier): (.token, try declared.labels(count: classifier.weight.shape[0]))
        case .span: (.span, [])
        case .maskedLM: (.maskedLM, [])
        }
    }
}

/// Takes a model's tensors out of a checkpoint: the declared sizes are checked, those left out are the tensors'.
private struct Assembly {
    let tensors: ModelTensors
    /// `attentionHeads * headSize`
    let attentionSize: Int
    let intermediateSize: Int

    init(_ declared: DeclaredConfiguration, _ checkpoint: Checkpoint) throws(LimbeckError) {
        let names = declared.family.tensorNames
        let word = try checkpoint.tensor("embeddings.word_embeddings.weight", [declared.vocabSize, declared.hiddenSize])
        let hidden = word.shape[1]
        let position = try checkpoint.tensor("embeddings.position_embeddings.weight", [declared.maxPositions, hidden])
        var type: Tensor?
        if declared.family == .bert {
            type = try checkpoint.tensor("embeddings.token_type_embeddings.weight", [declared.typeVocabSize, hidden])
        }
        let embeddingNorm = try checkpoint.norm("embeddings.LayerNorm", hidden)

        // More layers in the file than in the configuration: a student of the first few, as transformers loads it.
        let layerCount = declared.layers ?? checkpoint.layerCount(names.layers)
        attentionSize = try checkpoint.tensor("\(names.layers)0.\(names.query).weight", [nil, hidden]).shape[0]
        guard attentionSize % declared.attentionHeads == 0 else {
            throw LimbeckError(
                .fileInconsistent,
                "\(declared.file): \(declared.attentionHeads) attention heads do not divide the size of attention, \(attentionSize)"
            )
        }
        intermediateSize = try checkpoint.tensor(
            "\(names.layers)0.\(names.intermediate).weight", [declared.intermediateSize, hidden]
        ).shape[0]
        var layers: [LayerTensors] = []
        for index in 0..<layerCount {
            let prefix = "\(names.layers)\(index)."
            layers.append(
                LayerTensors(
                    query: try checkpoint.linear(prefix + names.query, in: hidden, out: attentionSize),
                    key: try checkpoint.linear(prefix + names.key, in: hidden, out: attentionSize),
                    value: try checkpoint.linear(prefix + names.value, in: hidden, out: attentionSize),
                    attentionOutput: try checkpoint.linear(prefix + names.attentionOutput, in: attentionSize, out: hidden),
                    attentionNorm: try checkpoint.norm(prefix + names.attentionNorm, hidden),
                    intermediate: try checkpoint.linear(prefix + names.intermediate, in: hidden, out: intermediateSize),
                    output: try checkpoint.linear(prefix + names.output, in: intermediateSize, out: hidden),
                    outputNorm: try checkpoint.norm(prefix + names.outputNorm, hidden)))
        }

        // Files of models that do not use the pooler often lack it.
        var pooler: LinearTensors?
        if declared.family == .bert, checkpoint.contains("pooler.dense.weight") {
            pooler = try checkpoint.linear("pooler.dense", in: hidden, out: hidden)
        }
        let head = try Assembly.head(declared, checkpoint, word: word)
        if case .sequence(let source, _) = head, pooler == nil {
            switch source {
            case .pooled, .pooledReLU: _ = try checkpoint.linear("pooler.dense", in: hidden, out: hidden)  // names what is missing
            case .dense: break
            }
        }
        tensors = ModelTensors(
            word: word, position: position, type: type, embeddingNorm: embeddingNorm, layers: layers, pooler: pooler, head: head)
    }

    private static func head(
        _ declared: DeclaredConfiguration, _ checkpoint: Checkpoint, word: Tensor
    ) throws(LimbeckError) -> HeadTensors {
        let hidden = word.shape[1]
        switch try HeadArchitecture(declared, checkpoint) {
        case .none:
            return .none
        case .sequence(let relu):
            let source: SequenceSource =
                switch declared.family {
                case .bert: relu ? .pooledReLU : .pooled
                case .distilBERT: .dense(try checkpoint.linear("pre_classifier", in: hidden, out: hidden))
                }
            return .sequence(source: source, classifier: try checkpoint.linear("classifier", in: hidden, out: nil))
        case .nextSentence:
            return .sequence(source: .pooled, classifier: try checkpoint.linear("cls.seq_relationship", in: hidden, out: 2))
        case .token:
            return .token(classifier: try checkpoint.linear("classifier", in: hidden, out: nil))
        case .span:
            return .span(classifier: try checkpoint.linear("qa_outputs", in: hidden, out: 2))
        case .maskedLM:
            return try maskedLM(declared, checkpoint, word: word)
        }
    }

    /// The decoder is the word embeddings unless the file has another, and its bias has had two names.
    private static func maskedLM(
        _ declared: DeclaredConfiguration, _ checkpoint: Checkpoint, word: Tensor
    ) throws(LimbeckError) -> HeadTensors {
        let (vocab, hidden) = (word.shape[0], word.shape[1])
        let names = declared.family.maskedLMNames
        let decoder =
            declared.tiesEmbeddings && !checkpoint.contains(names.decoder)
            ? word : try checkpoint.tensor(names.decoder, [vocab, hidden])
        let bias = !checkpoint.contains(names.bias) && checkpoint.contains(names.otherBias) ? names.otherBias : names.bias
        return .maskedLM(
            transform: try checkpoint.linear(names.transform, in: hidden, out: hidden),
            norm: try checkpoint.norm(names.norm, hidden), decoder: decoder, bias: try checkpoint.tensor(bias, [vocab]))
    }
}
