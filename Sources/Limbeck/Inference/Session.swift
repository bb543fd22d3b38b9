import CPlatform
import KernelInterface

/// Runs a model: scratch memory and threads. Serves one thread at a time; sessions of one model are independent.
///
/// All memory is allocated here; no later call that succeeds allocates any, unless it returns Swift arrays. The numbers of an
/// answer do not depend on the options.
public final class Session {
    public let model: Model
    /// Including the caller's thread.
    public let threads: Int
    /// The maximum number of tokens computed at a time; larger batches are split internally, with the same bits.
    public let maxTokens: Int
    /// A batch of several sequences is split beyond this many tokens.
    package let batchTokens: Int
    /// The instruction set in use.
    public let kernels: InstructionSet

    let scratch: Scratch
    package let encoder: Encoder
    /// The batch being filled, or the last computed one.
    package var batch: Batch
    /// Where a C program reads why a call failed: its handle of a session is this object.
    package var message = UnsafeMutableBufferPointer<CChar>(start: nil, count: 0)

    /// Throws `.invalidArgument`, `.outOfMemory`, `.threadsUnavailable`, or `.kernelsUnavailable`.
    public convenience init(_ model: Model, options: SessionOptions = SessionOptions()) throws(LimbeckError) {
        try self.init(model, options: options) { $0 }
    }

    /// Replaces the instruction set's kernels, for example by the same ones with a clock around them.
    package init(_ model: Model, options: SessionOptions, replacing kernels: (Kernels) -> Kernels) throws(LimbeckError) {
        guard 0...Session.maxThreads ~= options.threads else {
            throw LimbeckError(.invalidArgument, "threads is \(options.threads), and must be 0 to \(Session.maxThreads)")
        }
        guard 0...Session.tokenLimit ~= options.maxTokens else {
            throw LimbeckError(.invalidArgument, "max_tokens is \(options.maxTokens), and must be 0 to \(Session.tokenLimit)")
        }
        let set = try Session.instructionSet(options.kernels, for: model)
        let c = model.configuration
        self.model = model
        self.kernels = set
        threads = options.threads > 0 ? options.threads : min(Int(platform_cpu_count()), Session.maxThreads)
        maxTokens = options.maxTokens > 0 ? options.maxTokens : min(max(512, c.maxLength), Session.tokenLimit)
        // The outputs of one step should stay in the caches for the next. With weights of four bytes, reading them once more costs
        // more.
        let plan = try Plan(model, depth: options.depth, width: options.width)
        let cached = threads * Session.cachedBytes / (4 * plan.widths.widest)
        batchTokens = options.maxTokens == 0 && model.quantizesInputs ? min(cached, maxTokens) : maxTokens
        scratch = try Scratch(model, plan, maxTokens: maxTokens, threads: threads)
        batch = scratch.batch
        let workers = try Workers(
            count: threads, kernels: kernels(set.kernels), scratch: scratch.thread, scratchStride: scratch.threadStride,
            interruption: Interruption(options.interrupt))
        encoder = Encoder(plan: plan, workers: workers, scratch: scratch)
    }

    private static func instructionSet(_ wish: InstructionSet?, for model: Model) throws(LimbeckError) -> InstructionSet {
        let set = wish ?? .best
        guard set.isAvailable else {
            throw LimbeckError(.kernelsUnavailable, "kernels is \(set.rawValue), an instruction set that this CPU lacks")
        }
        // Without int8 GEMMs, AMX is not needed; and a process cannot give the permission back.
        guard set == .amx, model.quantizesInputs, !platform_request_amx() else { return set }
        guard wish == nil else {
            throw LimbeckError(.kernelsUnavailable, "the operating system does not let this process use AMX")
        }
        return .avx512VNNI
    }

    /// The number of layers that it runs.
    public var layers: Int { plan.layers.count }
    /// The exits among them, as `Model.exits`.
    public var exits: Int { model.exitRule == nil ? 0 : plan.exits.count }
    /// The number of layers before each exit, the last one included.
    public var exitLayers: [Int] { plan.exits.map { $0.layers } }

    /// The attention heads that it runs in a layer.
    public var attentionHeads: Int { plan.heads }

    /// The session's scratch memory.
    public var memoryBytes: Int { scratch.bytes + plan.bytes }

    /// Bytes per thread of the widest matrix between two steps.
    private static let cachedBytes = 3 << 20
    package static let maxThreads = 256
    package static let tokenLimit = 1 << 20
    /// The maximum number of answers per call.
    package static let maxAnswers = 1000
}

extension Session {
    var plan: Plan { encoder.plan }

    /// Begins every call: makes it interruptible, and restarts the threads after a fork().
    func beginCall() throws(LimbeckError) { try encoder.workers.beginCall() }

    /// The longest sequence that this session computes.
    var longest: Int { min(maxTokens, model.configuration.maxPositions) }

    /// The error for a sequence that is too long.
    @inline(never) func tooLong(_ what: __owned Message) -> LimbeckError {
        let positions = model.configuration.maxPositions
        return LimbeckError(
            .tooLong,
            positions <= maxTokens ? "\(what), and the model takes \(positions)" : "\(what), and max_tokens is \(maxTokens)")
    }

    /// The error for a task that the model has no head for.
    @inline(never) func unable(_ what: __owned Message) -> LimbeckError {
        LimbeckError(.unsupported, "the model \(what); it can: \(model.answers.names)")
    }

    /// The number of tokens to which a text is truncated: as requested, within the limits of model and session.
    func length(_ wish: Int) throws(LimbeckError) -> Int {
        guard wish >= 0 else { throw LimbeckError(.invalidArgument, "max_length is negative") }
        return wish == 0 ? min(model.configuration.maxLength, longest) : min(wish, longest)
    }

    func tokenizer() throws(LimbeckError) -> Tokenizer {
        guard let tokenizer = model.tokenizer else {
            throw LimbeckError(.noTokenizer, "the model's folder has no tokenizer")
        }
        return tokenizer
    }
}
