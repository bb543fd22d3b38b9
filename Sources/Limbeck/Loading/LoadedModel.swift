/// A model folder, read and checked: the source of the encoder and the heads.
package final class LoadedModel {
    package private(set) var configuration: Configuration
    package private(set) var tensors: ModelTensors
    /// The files that the tensors are views of.
    package let files: WeightFiles
    /// The weight files, and those of sentence-transformers' modules.
    private(set) var mappings: [MappedFile]
    /// Tracks which tensors of the files are used.
    let checkpoint: Checkpoint

    package static func load(_ folder: ModelFolder) throws(LimbeckError) -> LoadedModel {
        try Adapters.refuse(in: folder)
        let declared = try DeclaredConfiguration(folder)
        let model = try LoadedModel(declared, WeightFiles(folder))
        model.apply(try SentenceModules(folder, model.configuration, config: declared.root))
        return model
    }

    static func load(_ gguf: GGUFFile) throws(LimbeckError) -> LoadedModel {
        let files = WeightFiles(gguf)
        let model = try gguf.withConfiguration { declared throws(LimbeckError) in try LoadedModel(declared, files) }
        model.apply(try SentenceModules(gguf, hidden: model.configuration.hiddenSize))
        return model
    }

    init(_ declared: __shared DeclaredConfiguration, _ files: __shared WeightFiles) throws(LimbeckError) {
        let checkpoint = try Checkpoint(files, family: declared.rules)
        let assembly = try Assembly(declared, checkpoint)
        let tensors = assembly.tensors
        // The classes of exits are told by their tensors.
        if assembly.exitRule == nil { try LoadedModel.checkUnknownClass(declared, checkpoint, layers: tensors.layers.count) }
        self.tensors = tensors
        self.files = files
        mappings = files.mappings
        self.checkpoint = checkpoint

        var configuration = Configuration(family: declared.rules.family)
        configuration.hiddenSize = assembly.embedding.hidden
        configuration.embeddingSize = assembly.embedding.word.shape[1]
        configuration.vocabSize = assembly.embedding.word.shape[0]
        configuration.paddingId = declared.paddingId.map { Int32(truncatingIfNeeded: $0) }
        configuration.maxPositions = try assembly.maxPositions(declared)
        configuration.typeVocabSize = assembly.embedding.types
        configuration.layers = tensors.layers.count
        configuration.attentionHeads = declared.attentionHeads
        configuration.headSize = assembly.attentionSize / declared.attentionHeads
        configuration.intermediateSize = assembly.intermediateSize
        configuration.positionPanels = assembly.positionPanels
        configuration.widths = assembly.widths
        (configuration.head, configuration.labels) = try LoadedModel.headKind(assembly, declared)
        if case .sequence(_, _, _, let reads) = assembly.rule { configuration.headReading = try declared.reading(reads) }
        configuration.problem = declared.problem
        configuration.exitRule = assembly.exitRule
        self.configuration = configuration
    }

    @inline(never) private func apply(_ sentences: SentenceModules) {
        let settings = sentences.settings
        tensors.vector = sentences.steps
        mappings += sentences.mappings
        (configuration.prompts, configuration.similarity) = (settings.prompts, settings.similarity)
        configuration.crossEncoderScores = settings.scores
        configuration.maxLength = min(settings.maxLength ?? configuration.maxPositions, configuration.maxPositions)
    }

    private static func headKind(
        _ assembly: Assembly, _ declared: DeclaredConfiguration
    ) throws(LimbeckError) -> (HeadKind, [String]) {
        switch assembly.tensors.head {
        case .none: (.none, [])
        case .sequence(_, let classifier):
            if case .sequence(_, _, .fixed, _) = assembly.rule {
                (.sequence, DeclaredConfiguration.numberedLabels(classifier.weight.shape[0]))
            } else {
                (.sequence, try declared.labels(count: classifier.weight.shape[0]))
            }
        case .token(let classifier): (.token, try declared.labels(count: classifier.linear.weight.shape[0]))
        case .span: (.span, [])
        case .maskedLM: (.maskedLM, [])
        case .detection: (.detection, [])
        }
    }
}
