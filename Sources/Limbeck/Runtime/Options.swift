/// The instruction sets a session can run on; raw values as in `limbeck.h`. All give the same bits. Those with VNNI, AMX or dot products
/// differ from the ones before them in products of bytes alone.
public enum InstructionSet: UInt32, Sendable, CaseIterable {
    case portable = 1
    /// AVX2 with FMA and F16C (Haswell, Zen and later).
    case avx2 = 2
    /// AVX-512 F, BW, DQ, VL (Skylake-SP, Zen 4 and later).
    case avx512 = 3
    case neon = 4
    /// AVX2 and AVX-VNNI (Alder Lake, Zen 5 and later).
    case avxVNNI = 5
    /// AVX-512 and its VNNI (Cascade Lake, Zen 4 and later).
    case avx512VNNI = 6
    /// The same and AMX for bytes (Sapphire Rapids and later). The operating system gives the process the right to use it, once and for
    /// all, when a session asks for it.
    case amx = 7
    /// NEON and its dot products (Cortex-A55 and A76, Neoverse N1 and later).
    case neonDot = 8
}

/// What a session may use.
public struct SessionOptions: Sendable {
    /// 0: the CPUs this process may use, by its affinity and the quota of its control groups (cgroups). 1: no thread is created.
    public var threads = 0
    /// The memory bound in tokens; 0: 512, or the model's `maxLength` if that is more. Larger batches are split inside.
    public var maxTokens = 0
    /// nil: the best this CPU has.
    public var kernels: InstructionSet? = nil
    /// Called during a call, some 30 times a second, on the thread of the call; true ends the call, which throws `.interrupted`.
    /// The session can be used again afterwards, but not in there.
    public var interrupt: (@Sendable () -> Bool)? = nil

    public init(
        threads: Int = 0, maxTokens: Int = 0, kernels: InstructionSet? = nil, interrupt: (@Sendable () -> Bool)? = nil
    ) {
        self.threads = threads
        self.maxTokens = maxTokens
        self.kernels = kernels
        self.interrupt = interrupt
    }
}

/// How token states become one vector; raw values as in `limbeck.h`.
public enum Pooling: UInt32, Sendable {
    case mean = 1
    /// The first token's state.
    case cls = 2
    case max = 3
    /// tanh(W x[CLS] + b), BERT's pooler.
    case pooler = 4
    /// The sum, divided by the root of the number of tokens.
    case meanSqrtLenTokens = 5
    /// The mean with weights 1, 2, 3 and so on, in the order of the text.
    case weightedMean = 6
    case lastToken = 7

    /// As sentence-transformers, Python and the command line spell them, by `rawValue`, from 1.
    private static let names: StaticString = "mean cls max pooler mean_sqrt_len_tokens weightedmean lasttoken"

    public var name: String { word(Int(rawValue) - 1, in: Pooling.names) }

    /// One of those that need the states alone: all but the pooler.
    init?(name: String) {
        guard let place = place(of: name, in: Pooling.names) else { return nil }
        self.init(rawValue: UInt32(truncatingIfNeeded: place) + 1)
        if self == .pooler { return nil }
    }
}

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

/// What becomes of logits; raw values as in `limbeck.h`.
public enum Scores: UInt32, Sendable {
    case softmax = 1
    case sigmoid = 2
    case raw = 3
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
