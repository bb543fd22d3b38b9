import KernelInterface

/// What distinguishes a family from the others: the names of its configuration keys and tensors, and the small rules that no file
/// states. Names of tensors are those of transformers without the base model's prefix.
///
/// A class: a family's function creates an object and changes what differs from BERT.
final class FamilyRules {
    let family: Family
    /// The values of `model_type`.
    let modelTypes: [String]
    /// The prefix of the base model's tensors in a model with a head.
    let prefix: String
    /// The same prefix in older files.
    var olderPrefix: String?
    /// Parts of tensor names that some files spell differently from this family's functions.
    var spellings: [(written: String, canonical: String)] = []
    /// The rules of newer files, recognised by a key of config.json that older files of the family lack.
    var newer: (key: String, rules: @Sendable () -> FamilyRules)?

    var sizes = SizeNames()
    /// The key of the head size, in families where it may differ from the hidden size divided by the number of heads.
    var headSizeKey: String?
    /// The key of the activation, and the default without it.
    var activation = (key: "hidden_act", default: "gelu")
    /// The names of the activations.
    var activations = transformersActivations
    /// The key of LayerNorm's epsilon (nil: a literal in the family's code), and the default without it.
    var layerNormEps: (key: String?, default: Double) = ("layer_norm_eps", 1e-12)
    /// Whether LayerNorms have a bias.
    var normBias = Switch()
    /// As in `Normalization`.
    var normsAreUnbiased = false
    var positions = PositionRule.fromZero
    var embeddings = bertEmbeddings()

    /// The prefix before a layer's index. Nil: the layers are ALBERT's groups.
    var layers: String? = "encoder.layer."
    var block = bertBlock()
    /// The norm after the last layer.
    var finalNorm: String?
    /// The table (buckets, heads) of a relative position bias.
    var relativeBias: String?

    /// tanh(W x[first token] + b), if the file has it.
    var pooler: String? = "pooler.dense"
    /// The key that disables the pooler: heads then read the first token's state itself.
    var poolerSwitch: String?
    var maskedLM: MaskedLMNames?
    /// Other names, used if the file has their tensors.
    var newerMaskedLM: MaskedLMNames?
    /// The layer between the state and the classifiers of tokens and spans.
    var tokenDense: DenseNames?
    var spanClassifier = "qa_outputs"
    /// Keys of config.json that other families do not have.
    var keys: [KeyRule] = .bert
    /// The classes of transformers with their heads. A file that names no class has the first head whose tensors are all present.
    var heads: [(architecture: String, head: HeadRule)]

    @inline(never)
    init(_ family: Family, _ modelTypes: [String], prefix: String, heads: [(architecture: String, head: HeadRule)]) {
        (self.family, self.modelTypes, self.prefix, self.heads) = (family, modelTypes, prefix, heads)
    }
}

extension FamilyRules {
    /// The names that the file uses.
    func maskedLMNames(_ checkpoint: Checkpoint) -> MaskedLMNames? {
        if let newerMaskedLM, checkpoint.contains("\(newerMaskedLM.transform.name).weight") { return newerMaskedLM }
        return maskedLM
    }

    /// The classes that transformers has for nearly every family, by the prefix of a family's class names, and the layers of the
    /// heads for sequences and multiple choice. These read the first token, or what the key `reads` specifies.
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

/// The names of the activations in transformers (`ACT2FN`).
var transformersActivations: [(name: String, activation: Activation)] {
    [
        ("gelu", .gelu), ("gelu_python", .gelu),
        // Different ways to write one formula.
        ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu_fast", .geluTanh), ("gelu_python_tanh", .geluTanh),
        ("gelu_accurate", .geluTanh), ("linear", .identity),
        ("quick_gelu", .quickGELU), ("relu", .relu), ("silu", .silu), ("swish", .silu), ("tanh", .tanh),
    ]
}

/// The keys of the sizes in config.json.
struct SizeNames {
    var hidden = "hidden_size"
    var layers = "num_hidden_layers"
    var attentionHeads = "num_attention_heads"
    var intermediate = "intermediate_size"
    var positions = "max_position_embeddings"
}

/// A boolean member of config.json: its key (nil: there is none), and its default.
struct Switch {
    var key: String?
    var otherwise = true
}

enum PositionRule {
    /// 0, 1, 2, ...
    case fromZero
    /// RoBERTa: positions start after the padding id; a padding id in the text has the padding id as its position. The key of the
    /// id, if the configuration may change it, and the default.
    case afterPadding(key: String?, default: Int)
}

/// decoder(transform(x)) + bias
final class MaskedLMNames {
    /// Ends in a LayerNorm.
    let transform: DenseNames
    /// nil: the word embeddings, regardless of the configuration.
    let decoder: String?
    /// The decoder's columns past the embedding's width, transposed (MobileBERT).
    var restOfDecoder: String?
    /// The head's bias, and the decoder's own; most files have one for both.
    let bias: String
    let decoderBias: String
    let hasBias: Switch

    @inline(never)
    init(transform: DenseNames, decoder: String?, bias: String, decoderBias: String? = nil, hasBias: Switch = Switch()) {
        (self.transform, self.decoder, self.bias, self.hasBias) = (transform, decoder, bias, hasBias)
        self.decoderBias = decoderBias ?? bias
    }
}
