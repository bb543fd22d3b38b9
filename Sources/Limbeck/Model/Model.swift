/// An opened model: configuration, weights and tokenizer. Immutable, and safe to share between threads and sessions.
///
/// ```swift
/// let model = try Model(path: "models/all-MiniLM-L6-v2")
/// let session = try Session(model)
/// let vectors = try session.embed(["a first text", "a second one"])
/// ```
public final class Model: Sendable {
    package let configuration: Configuration
    package let weights: Weights
    /// nil: the folder has no tokenizer, and only `forward` works.
    public let tokenizer: Tokenizer?
    /// Bytes of the weight files, memory-mapped and shared between processes.
    public let mappedBytes: Int
    /// The number of parameters: elements of all tensors that are used.
    public let parameters: Int
    /// Notes on the files, such as ignored keys. Each is a sentence that begins with a file name.
    public let notes: [String]

    init(
        _ configuration: Configuration, _ weights: Weights, _ tokenizer: Tokenizer?, mappedBytes: Int, parameters: Int,
        notes: [String]
    ) {
        (self.configuration, self.weights, self.tokenizer) = (configuration, weights, tokenizer)
        (self.mappedBytes, self.parameters, self.notes) = (mappedBytes, parameters, notes)
    }

    /// A copy of the model with other weights.
    package convenience init(_ model: Model, weights: Weights) {
        self.init(
            model.configuration, weights, model.tokenizer, mappedBytes: model.mappedBytes, parameters: model.parameters,
            notes: model.notes)
    }

    /// Bytes that this process needs in addition to the mapped files: packed weights and the tokenizer's tables.
    public var privateBytes: Int { weights.privateBytes + (tokenizer?.memoryBytes ?? 0) }

    public var family: Family { configuration.family }
    /// The number format of its matrices.
    public var precision: Precision { configuration.precision }
    public var hiddenSize: Int { configuration.hiddenSize }
    public var layers: Int { configuration.layers }
    public var attentionHeads: Int { configuration.attentionHeads }
    public var intermediateSize: Int { configuration.intermediateSize }
    public var vocabSize: Int { configuration.vocabSize }
    /// The maximum number of tokens in a sequence, special ones included, to which texts are truncated.
    public var maxLength: Int { configuration.maxLength }
    /// The longest sequence that `forward` accepts.
    public var maxPositions: Int { configuration.maxPositions }
    /// Floats in a vector of `embed`, unless a call overrides it.
    public var embeddingSize: Int { weights.vector.kept }
    /// The maximum of `EmbedOptions.dimensions`: more than `embeddingSize` if the folder truncates its vectors.
    public var maxDimensions: Int { weights.vector.width }
    /// The steps from states to vectors, in words for display: "mean", "dense 32 to 16, tanh".
    public var vectorSteps: [String] { weights.vector.descriptions }
    /// The scores of a sentence-transformers cross-encoder, as its folder specifies; nil for all other models.
    public var crossEncoderScores: Scores? { configuration.crossEncoderScores }
    /// The texts that may be put before the input, with their names; and the one used if a call does not choose.
    public var prompts: [Prompt] { configuration.prompts.list }
    public var defaultPrompt: Int? { configuration.prompts.standard }
    /// How its vectors should be compared.
    public var similarity: Similarity { configuration.similarity }
    /// The number of exits of a model that has some before its head, that head included; else 0.
    public var exits: Int { configuration.exitRule == nil ? 0 : weights.exits.count }
    /// When a text leaves, by the code that the model is from; nil without exits.
    public var exitRule: ExitRule? { configuration.exitRule }
    /// A pack's default for calls that do not say when texts leave: a threshold, or a patience; 0: none.
    public var exitThreshold: Float { configuration.exitDefault.threshold }
    public var exitPatience: Int { configuration.exitDefault.patience }
    /// The labels of a classification or tagging head, by index.
    public var labels: [String] { configuration.labels }

    /// The name of a joined span: its label without the prefix of the scheme, "B-" or "I-". As in transformers, the prefix extends
    /// up to the first hyphen.
    public func entity(_ label: Int) -> String {
        let label = configuration.labels[label]
        return label.utf8Part(Model.entityStart(of: label)..<label.utf8.count)
    }

    /// The byte offset of the name in a label.
    static func entityStart(of label: String) -> Int { label.utf8Offset(of: UInt8(ascii: "-")).map { $0 + 1 } ?? 0 }

    /// The answers that the model can give.
    public var answers: Answers {
        switch configuration.head {
        case .none, .detection: .embed
        case .sequence: configuration.labels.count <= 2 ? [.embed, .classify, .rerank] : [.embed, .classify]
        case .token: [.embed, .tag]
        case .span: [.embed, .answer]
        case .maskedLM: [.embed, .fill]
        }
    }

    /// Kinds of answer; raw values as in `limbeck.h`.
    public struct Answers: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let embed = Answers(rawValue: 1)
        public static let classify = Answers(rawValue: 2)
        public static let rerank = Answers(rawValue: 4)
        public static let tag = Answers(rawValue: 8)
        public static let answer = Answers(rawValue: 16)
        public static let fill = Answers(rawValue: 32)

        /// Their names, in the order of their raw values.
        var names: String {
            var names = ""
            for (bit, name) in ["embed", "classify", "rerank", "tag", "answer", "fill"].enumerated() where rawValue >> bit & 1 == 1
            {
                names += names.isEmpty ? name : ", " + name
            }
            return names
        }
    }
}
