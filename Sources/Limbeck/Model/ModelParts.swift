/// The parts of a model, in one form of weights: steps, heads, and the steps to vectors. Filled in by the code that creates a form,
/// which is then its only owner.
package final class ModelParts<Form: WeightForm> {
    package var embeddings: [Step<Form>] = []
    /// The distinct blocks of layers; a model that shares weights runs a block several times.
    package var blocks: [[Step<Form>]] = []
    /// The blocks of each layer, by index.
    package var layers: [[Int]] = []
    package var distanceBias: Form.DistanceBias?
    /// By the table index of a rotation step.
    package var angles: [Form.Angles] = []
    package var pooler: Form.Layer?  // hidden -> hidden, tanh
    /// Where sequences may leave the encoder, in the order of the layers. The last exit has the model's own head, after all layers.
    package var exits: [Exit<Form>] = []
    package var vector: VectorSteps<Form>

    init(hidden: Int) { vector = VectorSteps(hidden: hidden) }

    /// The model's own head.
    package var head: Head<Form> { exits.last?.head ?? .none }

    /// The same parts with the weights that `map` converts, in this order.
    package func map<Map: WeightMap>(_ map: inout Map) -> ModelParts<Map.Target> where Map.Source == Form {
        let result = ModelParts<Map.Target>(hidden: vector.width)
        guard map.begin(block: nil) else { return result }
        result.embeddings = ModelParts.mapped(embeddings, &map)
        for (index, block) in blocks.enumerated() {
            guard map.begin(block: index) else { return result }
            result.blocks.append(ModelParts.mapped(block, &map))
        }
        result.layers = layers
        if let distanceBias { result.distanceBias = map.distanceBias(distanceBias) }
        for angles in angles { result.angles.append(map.angles(angles)) }
        if let pooler { result.pooler = map.layer(pooler) }
        for exit in exits { result.exits.append(exit.map(&map)) }
        result.vector = vector.map(&map)
        return result
    }

    // Not inlined: inlined into each other, these are three times the code.

    @inline(never)
    private static func mapped<Map: WeightMap>(_ steps: [Step<Form>], _ map: inout Map) -> [Step<Map.Target>]
    where Map.Source == Form {
        var mapped: [Step<Map.Target>] = []
        mapped.reserveCapacity(steps.count)
        for step in steps { mapped.append(step.map(&map)) }
        return mapped
    }
}

/// The head of a task: computes its answers from the states after the last layer.
package enum Head<Form: WeightForm> {
    case none
    /// Logits per sequence, from the first token or the mean of all, optionally through `dense`.
    case sequence(dense: Form.Layer?, classifier: Form.Classifier)
    case token(TokenClassifier<Form>)
    case span(TokenClassifier<Form>)  // hidden -> 2
    /// logits = decoder transform(x) + bias
    case maskedLM(transform: Form.Layer, decoder: Form.Decoder)
    /// A logit per token: whether it was replaced.
    case detection(TokenClassifier<Form>)  // hidden -> 1

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> Head<Map.Target> where Map.Source == Form {
        switch self {
        case .none: .none
        case .sequence(let dense, let classifier):
            .sequence(dense: map.optionalLayer(dense), classifier: map.classifier(classifier))
        case .token(let classifier): .token(classifier.map(&map))
        case .span(let classifier): .span(classifier.map(&map))
        case .maskedLM(let transform, let decoder):
            .maskedLM(transform: map.layer(transform), decoder: map.decoder(decoder))
        case .detection(let classifier): .detection(classifier.map(&map))
        }
    }

    var kind: HeadKind {
        switch self {
        case .none: .none
        case .sequence: .sequence
        case .token: .token
        case .span: .span
        case .maskedLM: .maskedLM
        case .detection: .detection
        }
    }
}

/// Logits per token, from its state, optionally through `dense`.
package struct TokenClassifier<Form: WeightForm> {
    package var dense: Form.Layer?
    package var linear: Form.Classifier

    func map<Map: WeightMap>(_ map: inout Map) -> TokenClassifier<Map.Target> where Map.Source == Form {
        TokenClassifier<Map.Target>(dense: map.optionalLayer(dense), linear: map.classifier(linear))
    }
}
