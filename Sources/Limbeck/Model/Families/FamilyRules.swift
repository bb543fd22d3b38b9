import KernelInterface

/// All in which a family differs from the others: what its configuration and its tensors are called, and the small rules that no
/// file states. Names of tensors are those of transformers without the base model's prefix.
///
/// An object, which a family's function makes and then changes where the family is not as BERT.
final class FamilyRules {
    let family: Family
    /// The values of `model_type`.
    let modelTypes: [String]
    /// What the base model's tensors begin with in a model with a head.
    let prefix: String
    /// What they began with in older files.
    var olderPrefix: String?
    /// Parts of tensors' names that some files write in another way than this family's functions ask for.
    var spellings: [(written: String, canonical: String)] = []
    /// The rules of files that have a key of config.json which older files of the family do not have.
    var newer: (key: String, rules: @Sendable () -> FamilyRules)?

    var sizes = SizeNames()
    /// The key of the size of a head, where it need not be the hidden size over the number of heads.
    var headSizeKey: String?
    /// The key of the activation, and the activation of a file without it.
    var activation = (key: "hidden_act", default: "gelu")
    /// The names that activations go by.
    var activations = transformersActivations
    /// The key of LayerNorm's epsilon (nil: the family's code has it as a literal), and the epsilon of a file without it.
    var layerNormEps: (key: String?, default: Double) = ("layer_norm_eps", 1e-12)
    /// Whether LayerNorms have a bias.
    var normBias = Switch()
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
    /// Keys of config.json that other families do not have.
    var keys: [KeyRule] = .bert
    /// The classes of transformers, and their heads. A file that names none has the first whose tensors are all there.
    var heads: [(architecture: String, head: HeadRule)]

    @inline(never)
    init(_ family: Family, _ modelTypes: [String], prefix: String, heads: [(architecture: String, head: HeadRule)]) {
        (self.family, self.modelTypes, self.prefix, self.heads) = (family, modelTypes, prefix, heads)
    }
}

extension FamilyRules {
    /// Those that the file has.
    func maskedLMNames(_ checkpoint: Checkpoint) -> MaskedLMNames? {
        if let newerMaskedLM, checkpoint.contains("\(newerMaskedLM.transform.name).weight") { return newerMaskedLM }
        return maskedLM
    }

    /// The classes that transformers has for nearly every family, under the name that a family's classes begin with; and what
    /// those for sequences and for choices make of the first token, or what `reads` says.
    static func heads(
        _ name: String, sequence: DenseNames = .pooler, classifier: String = "classifier", choice: DenseNames = .pooler,
        reads: String? = nil
    ) -> [(architecture: String, head: HeadRule)] {
        [
            (name + "Model", .none),
            (name + "ForQuestionAnswering", .span),
            (name + "ForSequenceClassification", .sequence(sequence, classifier: classifier)),
            (name + "ForTokenClassification", .token(classifier: "classifier")),
            (name + "ForMultipleChoice", .sequence(choice, classifier: "classifier", labels: .fixed(1), reads: reads)),
            (name + "ForMaskedLM", .maskedLM),
        ]
    }

    func leavePoolerOut() {
        for index in heads.indices {
            if case .sequence(let dense?, let classifier, let labels, let reads) = heads[index].head, dense.name == pooler {
                heads[index].head = .sequence(nil, classifier: classifier, labels: labels, reads: reads)
            }
        }
        pooler = nil
    }
}

/// What transformers calls the activations (`ACT2FN`).
var transformersActivations: [(name: String, activation: Activation)] {
    [
        ("gelu", .gelu), ("gelu_python", .gelu),
        // Ways to write one formula.
        ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu_fast", .geluTanh), ("gelu_python_tanh", .geluTanh),
        ("gelu_accurate", .geluTanh), ("linear", .identity),
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

/// decoder(transform(x)) + bias
final class MaskedLMNames {
    /// Ends in a LayerNorm.
    let transform: DenseNames
    /// nil: the word embeddings, whatever the configuration says.
    let decoder: String?
    /// The decoder's columns past the embedding's width, transposed (MobileBERT).
    var restOfDecoder: String?
    /// The head's bias, and the decoder's own, which most files have as one.
    let bias: String
    let decoderBias: String
    let hasBias: Switch

    @inline(never)
    init(transform: DenseNames, decoder: String?, bias: String, decoderBias: String? = nil, hasBias: Switch = Switch()) {
        (self.transform, self.decoder, self.bias, self.hasBias) = (transform, decoder, bias, hasBias)
        self.decoderBias = decoderBias ?? bias
    }
}
