public struct EmbedOptions: Sendable {
    /// nil: as the folder specifies, mean by default.
    public var pooling: Pooling? = nil
    /// L2 normalisation, after any cut. nil: as the folder specifies. `false`: the folder's final normalisation is not done either.
    public var normalize: Bool? = nil
    /// The number of leading dimensions to keep, counted before the folder's own cut; normalised after the cut if the folder
    /// normalises (Matryoshka). 0: as the folder specifies.
    public var dimensions = 0
    /// Truncate texts to this many tokens; 0: the model's `maxLength`.
    public var maxLength = 0
    /// A prefix of every text; "": none. nil: as `promptName` specifies.
    public var prompt: String? = nil
    /// The name of one of the model's `prompts`. nil: its default, if it has one.
    public var promptName: String? = nil

    public init(
        pooling: Pooling? = nil, normalize: Bool? = nil, dimensions: Int = 0, maxLength: Int = 0, prompt: String? = nil,
        promptName: String? = nil
    ) {
        (self.pooling, self.normalize, self.dimensions, self.maxLength) = (pooling, normalize, dimensions, maxLength)
        (self.prompt, self.promptName) = (prompt, promptName)
    }
}

public struct ClassifyOptions: Sendable {
    /// nil: as the folder of a cross-encoder specifies; otherwise softmax, sigmoid for a multi-label model or a single label, raw
    /// logits where `problem_type` is `regression`.
    public var scores: Scores? = nil
    /// Divides the logits before the softmax or sigmoid.
    public var temperature: Float = 1
    public var maxLength = 0
    /// As in `EmbedOptions`; for a pair, a prefix of the first text.
    public var prompt: String? = nil
    public var promptName: String? = nil
    /// When a text leaves the encoder early, in a model with exits; nil: by the default of its pack, or else never.
    public var exit: ExitOptions? = nil

    public init(
        scores: Scores? = nil, temperature: Float = 1, maxLength: Int = 0, prompt: String? = nil, promptName: String? = nil,
        exit: ExitOptions? = nil
    ) {
        (self.scores, self.temperature, self.maxLength) = (scores, temperature, maxLength)
        (self.prompt, self.promptName, self.exit) = (prompt, promptName, exit)
    }
}

/// When a text leaves the encoder at an exit.
public struct ExitOptions: Sendable {
    /// One for all exits, or one for each but the last, where all leave that are left. Nothing is below 0.
    public var thresholds: [Float] = []
    /// Exits in a row that agree with the one before, by their best label, or by an output within the threshold in a model with a
    /// single one. 0: not by patience.
    public var patience = 0
    /// nil: the model's own for thresholds; patience if that is given.
    public var rule: ExitRule? = nil

    public init(thresholds: [Float] = [], patience: Int = 0, rule: ExitRule? = nil) {
        (self.thresholds, self.patience, self.rule) = (thresholds, patience, rule)
    }

    public static func threshold(_ threshold: Float) -> ExitOptions { ExitOptions(thresholds: [threshold]) }
    public static func patience(_ patience: Int) -> ExitOptions { ExitOptions(patience: patience) }
}

/// How tokens are merged into spans, as in the transformers pipeline; raw values as in `limbeck.h`.
public enum Aggregation: UInt32, Sendable {
    case none = 1
    case simple = 2
    case first = 3
    case average = 4
    case max = 5
}

public struct TagOptions: Sendable {
    public var aggregation: Aggregation = .simple
    /// Spans labelled "O" are left out unless this is set.
    public var keepOutside = false
    public var maxLength = 0

    public init(aggregation: Aggregation = .simple, keepOutside: Bool = false, maxLength: Int = 0) {
        self.aggregation = aggregation
        self.keepOutside = keepOutside
        self.maxLength = maxLength
    }
}

public struct AnswerOptions: Sendable {
    /// At most 1,000.
    public var topK = 1
    /// In tokens.
    public var maxAnswerLength = 15
    /// The tokens in one window, including the question; 0: 384, or the model's `maxLength` if that is less.
    public var maxLength = 0
    /// The overlap of windows in tokens; 0: 128, or half a window if that is less.
    public var stride = 0
    /// Includes "no answer" among the candidates, as an empty span.
    public var allowNone = false

    public init(topK: Int = 1, maxAnswerLength: Int = 15, maxLength: Int = 0, stride: Int = 0, allowNone: Bool = false) {
        self.topK = topK
        self.maxAnswerLength = maxAnswerLength
        self.maxLength = maxLength
        self.stride = stride
        self.allowNone = allowNone
    }
}

public struct FillOptions: Sendable {
    public var topK = 5
    public var maxLength = 0

    public init(topK: Int = 5, maxLength: Int = 0) {
        self.topK = topK
        self.maxLength = maxLength
    }
}

/// What `forward` returns; raw values as in `limbeck.h`.
public enum ForwardOutput: UInt32, Sendable {
    /// (tokens, hidden): the state after a layer.
    case hidden = 1
    /// (sequences, hidden): the pooler's vector.
    case pooled = 2
    /// The head's raw numbers.
    case logits = 3
    /// (sequences, exits, labels): the logits of all exits.
    case branches = 4
}
