/// A model folder, read and checked: what the encoder and the heads are built from.
package struct LoadedModel {
    package let configuration: Configuration
    package let tensors: ModelTensors
    /// What the tensors are views of.
    package let files: WeightFiles

    package static func load(_ folder: ModelFolder) throws(LimbeckError) -> LoadedModel {
        let declared = try DeclaredConfiguration(folder)
        let files = try WeightFiles(folder)
        let checkpoint = try Checkpoint(files, family: declared.rules)
        let assembly = try Assembly(declared, checkpoint)
        let tensors = assembly.tensors

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
        configuration.widths = assembly.widths
        (configuration.head, configuration.labels) = try headKind(assembly, declared)
        configuration.headReadsMeans = try declared.headReadsMeans()
        configuration.multiLabel = declared.multiLabel

        let sentences = try SentenceModules(folder, hiddenSize: configuration.hiddenSize)
        configuration.pooling = sentences.pooling
        configuration.normalize = sentences.normalize
        configuration.maxLength = min(sentences.maxLength ?? configuration.maxPositions, configuration.maxPositions)
        return LoadedModel(configuration: configuration, tensors: tensors, files: files)
    }

    private static func headKind(
        _ assembly: Assembly, _ declared: DeclaredConfiguration
    ) throws(LimbeckError) -> (HeadKind, [String]) {
        switch assembly.tensors.head {
        case .none: (.none, [])
        case .sequence(_, let classifier):
            if case .sequence(_, _, .fixed) = assembly.rule {
                (.sequence, DeclaredConfiguration.numberedLabels(classifier.weight.shape[0]))
            } else {
                (.sequence, try declared.labels(count: classifier.weight.shape[0]))
            }
        case .token(_, let classifier): (.token, try declared.labels(count: classifier.weight.shape[0]))
        case .span: (.span, [])
        case .maskedLM: (.maskedLM, [])
        case .detection: (.detection, [])
        }
    }
}
