/// The resources that a session may use.
public struct SessionOptions: Sendable {
    /// 0: the CPUs available to this process, by its affinity and the quota of its control groups
    /// (cgroups). 1: no thread is created.
    public var threads = 0
    /// The memory bound in tokens; 0: 512, or the model's `maxLength` if that is more. Larger batches are split internally.
    public var maxTokens = 0
    /// nil: the best that this CPU has.
    public var kernels: InstructionSet? = nil
    /// Called during a call, some 30 times a second, on the thread of the call; true ends the call, which throws `.interrupted`.
    /// The session can be used again afterwards, but not from within the function.
    public var interrupt: (@Sendable () -> Bool)? = nil

    /// The layers to run. All answers then are those of the last one that is run, and `forward` counts only these.
    public var depth = Depth.full
    /// The fraction of the heads and of the feed-forward network's columns to run in every layer, the first ones, as DynaBERT
    /// (Hou et al. 2020, arXiv 2004.04037) cuts layers as BERT's: round(width * heads), half to even, are left.
    public var width = 1.0

    public init(
        threads: Int = 0, maxTokens: Int = 0, kernels: InstructionSet? = nil, interrupt: (@Sendable () -> Bool)? = nil,
        depth: Depth = .full, width: Double = 1
    ) {
        self.threads = threads
        self.maxTokens = maxTokens
        self.kernels = kernels
        self.interrupt = interrupt
        self.depth = depth
        self.width = width
    }
}
