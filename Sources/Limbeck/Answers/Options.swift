public struct EmbedOptions: Sendable {
    /// nil: as the folder says; mean without a word from it.
    public var pooling: Pooling? = nil
    /// L2, of what is left after a cut. nil: as the folder says. `false`: without what the folder does so last.
    public var normalize: Bool? = nil
    /// The first so many dimensions, of all that the model has before its folder's own cut, normalised after the cut where the folder
    /// normalises (Matryoshka); 0: as the folder says.
    public var dimensions = 0
    /// Truncate texts to so many tokens; 0: the model's `maxLength`.
    public var maxLength = 0
    /// Put before every text; "": nothing. nil: as `promptName` says.
    public var prompt: String? = nil
    /// One of the model's `prompts`. nil: its default, if it has one.
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
    /// nil: as the folder of a cross-encoder says; else softmax, sigmoid for a multi-label model or one label, the raw numbers where
    /// `problem_type` is `regression`.
    public var scores: Scores? = nil
    /// Logits are divided by it before the softmax or sigmoid.
    public var temperature: Float = 1
    public var maxLength = 0
    /// As in `EmbedOptions`; of a pair it is put before the first text.
    public var prompt: String? = nil
    public var promptName: String? = nil

    public init(
        scores: Scores? = nil, temperature: Float = 1, maxLength: Int = 0, prompt: String? = nil, promptName: String? = nil
    ) {
        (self.scores, self.temperature, self.maxLength) = (scores, temperature, maxLength)
        (self.prompt, self.promptName) = (prompt, promptName)
    }
}

/// How tokens are joined to spans, as in the transformers pipeline; raw values as in `limbeck.h`.
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
    /// Tokens in one window, question included; 0: 384, or the model's `maxLength` if that is less.
    public var maxLength = 0
    /// Tokens by which windows overlap; 0: 128, or half a window if that is less.
    public var stride = 0
    /// Lets "no answer" compete, as an empty span.
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
}
