import KernelInterface

enum HeadRule {
    case none
    /// A classifier on the first token, or on the output of a linear layer over it. `reads`: the key of config.json that selects
    /// which state is read instead.
    case sequence(DenseNames?, classifier: String, labels: Labels = .declared, reads: String? = nil)
    case token(classifier: String)
    case span
    case maskedLM
    /// ELECTRA's discriminator: for each token, a classifier on the output of `dense`.
    case detection(DenseNames, classifier: String)

    enum Labels {
        /// As many as the configuration has.
        case declared
        /// This many, regardless of the configuration.
        case fixed(Int)
    }
}

/// activation(W x + b), optionally followed by a ReLU or a LayerNorm.
final class DenseNames {
    let name: String
    /// nil: the encoder's.
    let activation: Activation?
    /// The key of its own activation.
    let activationKey: String?
    /// The key may be null or empty: no activation.
    let mayLackActivation: Bool
    var relu = false
    let hasBias: Switch
    let norm: String?

    @inline(never)
    init(
        _ name: String, activation: Activation? = nil, activationKey: String? = nil, mayLackActivation: Bool = false,
        hasBias: Switch = Switch(), norm: String? = nil
    ) {
        (self.name, self.activation, self.activationKey, self.hasBias) = (name, activation, activationKey, hasBias)
        (self.mayLackActivation, self.norm) = (mayLackActivation, norm)
    }

    static var pooler: DenseNames { DenseNames("pooler.dense", activation: .tanh) }
}

extension HeadRule {
    /// Whether both give the same kind of answer.
    func isLike(_ other: HeadRule) -> Bool {
        switch (self, other) {
        case (.none, .none), (.sequence, .sequence), (.token, .token), (.span, .span): true
        case (.maskedLM, .maskedLM), (.detection, .detection): true
        default: false
        }
    }

    /// The layers that a file has for this head; `withPooler` includes the encoder's pooler.
    @inline(never) func layers(_ rules: FamilyRules, _ checkpoint: Checkpoint, withPooler: Bool) -> [String] {
        var names: [String] = []
        func add(_ dense: DenseNames?) {
            guard let dense, withPooler || dense.name != rules.pooler else { return }
            names.append(dense.name)
            if let norm = dense.norm { names.append(norm) }
        }
        switch self {
        case .none: break
        case .sequence(let dense, let classifier, _, _):
            add(dense)
            names.append(classifier)
        case .token(let classifier):
            add(rules.tokenDense)
            names.append(classifier)
        case .span:
            add(rules.tokenDense)
            names.append(rules.spanClassifier)
        case .detection(let dense, let classifier):
            add(dense)
            names.append(classifier)
        case .maskedLM:
            // The decoder may be the word embeddings.
            add(rules.maskedLMNames(checkpoint)?.transform)
        }
        return names
    }
}
