/// What a family's files call things, for who writes such files.
package struct FamilyNames {
    /// Of the base model's tensors in a model with a head: "bert.".
    package let prefix: String
    /// Before a layer's index, without that prefix; nil: the layers share their weights.
    package let layers: String?
    /// The keys of config.json.
    package let hiddenKey: String
    package let layersKey: String
    package let headsKey: String
    package let intermediateKey: String
    package let positionsKey: String
    /// The class of transformers with a head of each kind, and the names of its linear layers from the state on, without the base model's prefix
    /// unless the layer is the base model's.
    package let classes: [(name: String, head: HeadKind, layers: [String])]
    /// The pooler's name; nil: the family has none.
    package let pooler: String?
}

extension Family {
    package var names: FamilyNames {
        let rules = rules
        var classes: [(name: String, head: HeadKind, layers: [String])] = []
        for (architecture, head) in rules.heads {
            switch head {
            case .none: classes.append((architecture, .none, []))
            case .sequence(let dense, let classifier, .declared, _) where architecture.firstUTF8("ForSequenceClassification") != nil:
                classes.append((architecture, .sequence, (dense.map { [$0.name] } ?? []) + [classifier]))
            case .token(let classifier):
                classes.append((architecture, .token, (rules.tokenDense.map { [$0.name] } ?? []) + [classifier]))
            case .span: classes.append((architecture, .span, (rules.tokenDense.map { [$0.name] } ?? []) + [rules.spanClassifier]))
            case .maskedLM: classes.append((architecture, .maskedLM, []))
            case .sequence, .detection: break
            }
        }
        return FamilyNames(
            prefix: rules.prefix, layers: rules.layers, hiddenKey: rules.sizes.hidden, layersKey: rules.sizes.layers,
            headsKey: rules.sizes.attentionHeads, intermediateKey: rules.sizes.intermediate, positionsKey: rules.sizes.positions,
            classes: classes, pooler: rules.pooler)
    }
}
