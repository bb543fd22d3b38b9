import CPlatform
import KernelInterface

/// A model at work: scratch memory and threads. Serves one thread at a time; sessions of one model are independent.
///
/// All memory is allocated here; no later call that succeeds allocates any, unless it returns Swift arrays. The numbers of an answer do
/// not depend on the options.
public final class Session {
    public let model: Model
    /// The caller's thread included.
    public let threads: Int
    /// The most tokens computed at a time; larger batches are split inside, with the same bits.
    public let maxTokens: Int
    /// A batch of several sequences is split beyond so many tokens.
    package let batchTokens: Int
    /// The instruction set in use.
    public let kernels: InstructionSet

    let scratch: Scratch
    package let encoder: Encoder
    /// Being filled, or just computed.
    package var batch: Batch
    /// Where a C program reads why a call failed. (A class of the C interface's own, which had it beside the session, would bring
    /// what the arrays of that module need into the library once more: 20 kB.)
    package var message = UnsafeMutableBufferPointer<CChar>(start: nil, count: 0)

    /// Throws `.invalidArgument`, `.outOfMemory`, `.threadsUnavailable`, or `.kernelsUnavailable`.
    public convenience init(_ model: Model, options: SessionOptions = SessionOptions()) throws(LimbeckError) {
        try self.init(model, options: options) { $0 }
    }

    /// With other kernels in place of the instruction set's, such as the same ones with a clock around them.
    package init(_ model: Model, options: SessionOptions, replacing kernels: (Kernels) -> Kernels) throws(LimbeckError) {
        guard 0...Session.mostThreads ~= options.threads else {
            throw LimbeckError(.invalidArgument, "threads is \(options.threads), and must be 0 to \(Session.mostThreads)")
        }
        guard 0...Session.mostTokens ~= options.maxTokens else {
            throw LimbeckError(.invalidArgument, "max_tokens is \(options.maxTokens), and must be 0 to \(Session.mostTokens)")
        }
        let set = try Session.instructionSet(options.kernels, for: model)
        let c = model.configuration
        self.model = model
        self.kernels = set
        threads = options.threads > 0 ? options.threads : min(Int(platform_cpu_count()), Session.mostThreads)
        // What a batch leaves for the next step is to stay in the caches.
        maxTokens = options.maxTokens > 0 ? options.maxTokens : min(max(512, c.maxLength), Session.mostTokens)
        // With weights of four bytes, reading them once more costs more.
        let cached = threads * Session.cachedBytes / (4 * c.widths.widest)
        batchTokens = options.maxTokens == 0 && model.quantizesInputs ? min(cached, maxTokens) : maxTokens
        let plan = Plan(model)
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
        // Without products of bytes nobody needs it; what a process is given it cannot give back.
        guard set == .amx, model.quantizesInputs, !platform_request_amx() else { return set }
        guard wish == nil else {
            throw LimbeckError(.kernelsUnavailable, "the operating system does not let this process use AMX")
        }
        return .avx512VNNI
    }

    /// The session's scratch memory.
    public var memoryBytes: Int { scratch.bytes }

    /// Of the widest matrix between two steps, so much for each thread.
    private static let cachedBytes = 3 << 20
    package static let mostThreads = 256
    package static let mostTokens = 1 << 20
    /// The most answers that one call gives.
    package static let mostAnswers = 1000
}

extension Session {
    var plan: Plan { encoder.plan }

    /// Every call begins with it, so that it can be interrupted, and after a fork() has threads.
    func beginCall() throws(LimbeckError) { try encoder.workers.beginCall() }

    /// The longest sequence this session computes.
    var longest: Int { min(maxTokens, model.configuration.maxPositions) }

    /// Of one sequence that is longer.
    @inline(never) func tooLong(_ what: __owned Message) -> LimbeckError {
        let positions = model.configuration.maxPositions
        return LimbeckError(
            .tooLong,
            positions <= maxTokens ? "\(what), and the model takes \(positions)" : "\(what), and max_tokens is \(maxTokens)")
    }

    /// Of a question for which the model has no head.
    @inline(never) func unable(_ what: __owned Message) -> LimbeckError {
        LimbeckError(.unsupported, "the model \(what); it can: \(model.answers.names)")
    }

    /// The tokens to which a text is truncated: the caller's wish, within what the model and the session take.
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
