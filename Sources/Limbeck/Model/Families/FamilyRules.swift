import KernelInterface

/// All in which a family differs from the others: what its configuration and its tensors are called, and the small rules that no
/// file states. Names of tensors are those of transformers without the base model's prefix.
struct FamilyRules {
    let family: Family
    /// The values of `model_type`.
    let modelTypes: [String]
    /// What the base model's tensors begin with in a model with a head.
    let prefix: String

    var sizes = SizeNames()
    /// The key of the activation, and the activation of a file without it.
    var activation = (key: "hidden_act", default: "gelu")
    /// The names that activations go by.
    var activations = transformersActivations
    /// The key of LayerNorm's epsilon (nil: the family's code has it as a literal), and the epsilon of a file without it.
    var layerNormEps: (key: String?, default: Double) = ("layer_norm_eps", 1e-12)
    /// Whether LayerNorms have a bias.
    var normBias = Switch()
    /// Whether the family's code looks at `position_embedding_type`; the files of others have it all the same.
    var readsPositionType = true
    var positions = PositionRule.fromZero
    var embeddings = bertEmbeddings()

    /// Before a layer's index. Nil: the layers are ALBERT's groups.
    var layers: String? = "encoder.layer."
    var block = bertBlock()
    /// The norm of the state after the last layer.
    var finalNorm: String?
    /// The table (buckets, heads) of a bias of the attention by distance.
    var relativeBias: String?

    /// tanh(W x[first token] + b), where the file has it.
    var pooler: String? = "pooler.dense"
    /// The key that leaves the pooler out: what is made of a sequence is then its first token's state itself.
    var poolerSwitch: String?
    var maskedLM: MaskedLMNames?
    /// Other names, in files that have the tensors of these.
    var newerMaskedLM: MaskedLMNames?
    /// What the classifiers of tokens and spans read in place of the state itself.
    var tokenDense: DenseNames?
    var spanClassifier = "qa_outputs"
    /// The key that says whether a head for sequences reads the first token, "cls", or the "mean" of all.
    var headPooling: String?
    /// Keys of config.json that other families do not have.
    var keys: [KeyRule] = []
    /// The classes of transformers, and their heads. A file that names none has the first whose tensors are all there.
    var heads: [(architecture: String, head: HeadRule)]
}

extension FamilyRules {
    /// Those that the file has.
    func maskedLMNames(_ checkpoint: Checkpoint) -> MaskedLMNames? {
        if let newerMaskedLM, checkpoint.contains("\(newerMaskedLM.transform).weight") { return newerMaskedLM }
        return maskedLM
    }

    /// The classes that transformers has for nearly every family, under the name that a family's classes begin with; and what
    /// those for sequences and for choices make of the first token.
    static func heads(
        _ name: String, sequence: DenseNames = .pooler, classifier: String = "classifier", choice: DenseNames = .pooler
    ) -> [(architecture: String, head: HeadRule)] {
        [
            (name + "Model", .none),
            (name + "ForQuestionAnswering", .span),
            (name + "ForSequenceClassification", .sequence(sequence, classifier: classifier)),
            (name + "ForTokenClassification", .token(classifier: "classifier")),
            (name + "ForMultipleChoice", .sequence(choice, classifier: "classifier", labels: .fixed(1))),
            (name + "ForMaskedLM", .maskedLM),
        ]
    }

    mutating func leavePoolerOut() {
        for index in heads.indices {
            if case .sequence(let dense?, let classifier, let labels) = heads[index].head, dense.name == pooler {
                heads[index].head = .sequence(nil, classifier: classifier, labels: labels)
            }
        }
        pooler = nil
    }
}

/// What transformers calls the activations (`ACT2FN`).
var transformersActivations: [(name: String, activation: Activation)] {
    [
        ("gelu", .gelu), ("gelu_python", .gelu),
        // Three ways to write one formula.
        ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu_fast", .geluTanh),
        ("quick_gelu", .quickGELU), ("relu", .relu), ("silu", .silu), ("swish", .silu), ("tanh", .tanh),
    ]
}

/// What config.json calls the sizes.
struct SizeNames {
    var hidden = "hidden_size"
    var layers = "num_hidden_layers"
    var attentionHeads = "num_attention_heads"
    var intermediate = "intermediate_size"
    var positions = "max_position_embeddings"
}

/// What a member of config.json switches on or off: its key (nil: there is none), and what is true without it.
struct Switch {
    var key: String?
    var otherwise = true
}

enum PositionRule {
    /// 0, 1, 2, ...
    case fromZero
    /// RoBERTa: the positions after the padding id's; a padding id in the text has that of its own. The key of the id, if the
    /// configuration may change it, and the id otherwise.
    case afterPadding(key: String?, default: Int)
}

/// decoder(LN(act(transform x))) + bias
struct MaskedLMNames {
    var transform: String
    var norm: String
    /// nil: the word embeddings, whatever the configuration says.
    var decoder: String?
    /// The decoder's columns past the embedding's width, transposed (MobileBERT).
    var restOfDecoder: String?
    /// A bias has had two names.
    var bias: String
    var otherBias: String
    var hasBias = Switch()
    /// nil: the encoder's.
    var activation: Activation?
    /// The key of an activation of its own.
    var activationKey: String?
    var transformHasBias = Switch()
}

enum HeadRule {
    case none
    /// A classifier on what a linear layer makes of the first token, or on that itself.
    case sequence(DenseNames?, classifier: String, labels: Labels = .declared)
    case token(classifier: String)
    case span
    case maskedLM
    /// ELECTRA's discriminator: for each token, a classifier on what `dense` makes of it.
    case detection(DenseNames, classifier: String)

    enum Labels {
        /// By the configuration.
        case declared
        /// The configuration may say what it likes: there are so many.
        case fixed(Int)
    }
}

/// activation(W x + b), and then a ReLU or a LayerNorm if it says so.
struct DenseNames {
    var name: String
    /// nil: the encoder's.
    var activation: Activation?
    /// The key of an activation of its own.
    var activationKey: String?
    var relu = false
    var hasBias = Switch()
    var norm: String?

    static var pooler: DenseNames { DenseNames(name: "pooler.dense", activation: .tanh) }
}

extension HeadRule {
    /// Whether both are for the same kind of answer.
    private func isLike(_ other: HeadRule) -> Bool {
        switch (self, other) {
        case (.none, .none), (.sequence, .sequence), (.token, .token), (.span, .span): true
        case (.maskedLM, .maskedLM), (.detection, .detection): true
        default: false
        }
    }

    /// The tensors without which there is no such head.
    private func weights(_ rules: FamilyRules, _ checkpoint: Checkpoint) -> [String] {
        switch self {
        case .none: []
        case .sequence(let dense, let classifier, _): (dense.map { [$0.name] } ?? []) + [classifier]
        case .detection(let dense, let classifier): [dense.name, classifier]
        case .token(let classifier): (rules.tokenDense.map { [$0.name] } ?? []) + [classifier]
        case .span: (rules.tokenDense.map { [$0.name] } ?? []) + [rules.spanClassifier]
        case .maskedLM: rules.maskedLMNames(checkpoint).map { [$0.transform] } ?? []
        }
    }

    /// From `architectures`; in files from before it, from the tensors.
    init(_ declared: DeclaredConfiguration, _ checkpoint: Checkpoint) throws(LimbeckError) {
        let rules = declared.rules
        if let name = declared.architecture {
            guard let found = rules.heads.first(where: { $0.architecture == name }) else {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(declared.file): architecture '\(name)' is not supported for model_type '\(declared.modelType)'")
            }
            self = found.head
        } else {
            let found = rules.heads.filter { entry in
                if case .none = entry.head { return false }
                return entry.head.weights(rules, checkpoint).allSatisfy { checkpoint.contains("\($0).weight") }
            }
            self = found.first?.head ?? .none
            // Where the classifiers of sequences and tokens read the same layer, they have the same tensors.
            let other = found.first {
                !$0.head.isLike(self) && $0.head.weights(rules, checkpoint).elementsEqual(weights(rules, checkpoint), by: ==)
            }
            if rules.tokenDense != nil, let other {
                throw LimbeckError(
                    .fileUnsupported,
                    """
                    \(declared.file): no 'architectures', and the tensors are those of \(found[0].architecture) \
                    and of \(other.architecture)
                    """)
            }
        }
        // TinyBERT's classifier has a ReLU, and BERT's class name; what its training leaves in the file tells the two apart.
        if case .sequence(var dense, let classifier, let labels) = self, checkpoint.hasTinyBERTProjections,
            classifier == "classifier"
        {
            dense?.relu = true
            self = .sequence(dense, classifier: classifier, labels: labels)
        }
    }
}
