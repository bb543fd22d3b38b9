import KernelInterface
import Synchronization

/// All memory that a session writes to: one allocation, divided once, by the initialiser that also measures it. T is `maxTokens`,
/// which also bounds the sequences of a batch.
final class Scratch {
    /// The memory of the session's batches, empty.
    let batch: Batch
    /// A prompt, and the text after it.
    let prompted: UnsafeMutablePointer<UInt8>  // (promptedBytes)
    let promptedBytes: Int

    // The encoder's state.
    private let matrices: InlineArray<7, Matrix>  // (T, stride), by Buffer
    let blocks: UnsafeMutablePointer<ProductWork.Block>  // (blocks of rows)
    /// The quantised inputs of a GEMM, in a model with int8 GEMMs.
    let inputBytes: ByteRows  // (T + slack, depth)
    let firstItems: UnsafeMutablePointer<Int>  // (T + 1)
    /// Scratch of each thread for its current work item.
    let thread: UnsafeMutablePointer<Float>  // (threads, threadStride)
    let threadStride: Int

    // The heads.
    let rows: UnsafeMutablePointer<Float>  // (headRows, headStride), gathered token states
    let dense: UnsafeMutablePointer<Float>  // (headRows, headStride), the outputs of a head's first layer
    let headStride: Int
    /// Of each sequence, in a model with exits: what the last exits have said, and whether it has left.
    let opinions: UnsafeMutablePointer<Opinion>  // (T)
    let probabilities: UnsafeMutablePointer<Float>  // (labels)
    let residual: UnsafeMutablePointer<Float>  // (headStride), for the stages of a vector that need it
    let logits: UnsafeMutablePointer<Float>  // the part of the head's output that decoding needs
    let candidates: UnsafeMutablePointer<SpanCandidate>  // (candidateCount) in a model that answers questions
    let answers: UnsafeMutablePointer<PooledAnswer>  // (answerCount) in a model that answers questions

    let bytes: Int
    private let memory: Memory?

    /// Token states that a head processes at a time.
    static let headRows = 64
    /// Spans of one window that may become answers.
    static let candidateCount = 2 * Session.maxAnswers + 10
    /// Answers of all windows so far.
    static let answerCount = 4096

    convenience init(_ model: __shared Model, _ plan: __shared Plan, maxTokens: Int, threads: Int) throws(LimbeckError) {
        var measure = Layout()
        _ = Scratch(model, plan, maxTokens: maxTokens, threads: threads, in: &measure, nil)
        let memory = try Memory(bytes: measure.bytes)
        var layout = Layout(base: memory.base)
        self.init(model, plan, maxTokens: maxTokens, threads: threads, in: &layout, memory)
    }

    @inline(never) private init(
        _ model: __shared Model, _ plan: __shared Plan, maxTokens: Int, threads: Int, in layout: inout Layout, _ memory: Memory?
    ) {
        let c = model.configuration, vector = model.weights.vector
        batch = Batch(&layout, capacity: maxTokens)
        promptedBytes = Scratch.promptedBytes(maxTokens: maxTokens)
        prompted = layout.take(UInt8.self, promptedBytes)

        matrices = Scratch.matrices(plan.widths, tokens: maxTokens, &layout)
        blocks = layout.take(ProductWork.Block.self, pieces(maxTokens, ProductWork.minBlockRows))
        inputBytes = Scratch.inputBytes(depth: plan.largest { $0.integerDepth }, tokens: maxTokens, &layout)
        firstItems = layout.take(Int.self, maxTokens + 1)
        let longest = min(maxTokens, c.maxPositions)
        threadStride = plan.largest { $0.scratchBytes(tokens: longest, isQuantized: plan.quantizesAttention) }.roundedUp(to: 64) / 4
        thread = layout.take(Float.self, threads * threadStride)

        headStride = rowStride(max(c.hiddenSize, c.embeddingSize, vector.widest(hidden: c.hiddenSize), plan.widestExit))
        opinions = layout.take(Opinion.self, c.exitRule == nil ? 0 : maxTokens)
        probabilities = layout.take(Float.self, c.exitRule == nil ? 0 : c.labels.count)
        rows = layout.take(Float.self, Scratch.headRows * headStride)
        dense = layout.take(Float.self, Scratch.headRows * headStride)
        residual = layout.take(Float.self, vector.addsProducts ? headStride : 0)
        let logitCount =
            switch c.head {
            case .none, .detection: 0
            case .sequence: Scratch.headRows * c.labels.count
            case .token: longest * c.labels.count
            case .span: longest * 2
            case .maskedLM: c.vocabSize
            }
        logits = layout.take(Float.self, logitCount)
        candidates = layout.take(SpanCandidate.self, c.head == .span ? Scratch.candidateCount : 0)
        answers = layout.take(PooledAnswer.self, c.head == .span ? Scratch.answerCount : 0)
        (bytes, self.memory) = (layout.bytes, memory)
    }

    /// Space for the longest prompt, and a beginning of a text long enough that a word ends in it, even in a language without
    /// spaces: the tokens of a batch are mostly shorter than this.
    static func promptedBytes(maxTokens: Int) -> Int { max(4 * Prompts.maxBytes, 128 * maxTokens) }

    /// The encoder's matrices, one after the other, except those that are never needed at the same time: the outputs of a layer's
    /// feed-forward network and of the embeddings share memory with those of attention.
    private static func matrices(_ widths: BufferWidths, tokens: Int, _ layout: inout Layout) -> InlineArray<7, Matrix> {
        func size(_ buffer: Buffer) -> Int { widths[buffer] == 0 ? 0 : tokens * rowStride(widths[buffer]) }
        let hidden = layout.take(Float.self, size(.hidden))
        let attended = layout.take(Float.self, size(.attended))
        let narrow = layout.take(Float.self, size(.narrow))
        let attention = size(.projected) + size(.context)
        let shared = layout.take(Float.self, max(attention, size(.intermediate), size(.embedded)))
        var matrices = InlineArray<7, Matrix>(repeating: Matrix(start: shared, stride: 0))
        for buffer in Buffer.allCases {
            let start =
                switch buffer {
                case .hidden: hidden
                case .attended: attended
                case .narrow: narrow
                case .context: shared + size(.projected)
                case .embedded, .projected, .intermediate: shared
                }
            matrices[buffer.rawValue] = Matrix(start: start, stride: rowStride(widths[buffer]))
        }
        return matrices
    }

    /// Space for inputs of this depth; none if it is 0.
    private static func inputBytes(depth: Int, tokens: Int, _ layout: inout Layout) -> ByteRows {
        // One more cache line, so that the rows of a tile do not map to the same cache sets.
        let (stride, rows) = depth == 0 ? (0, 0) : (depth + 64, tokens)
        return ByteRows(
            bytes: layout.take(UInt8.self, (rows + ByteRows.slack) * stride), stride: stride,
            scales: layout.take(Float.self, rows), zeros: layout.take(Int32.self, rows))
    }

    struct Matrix {
        var start: UnsafeMutablePointer<Float>  // (T, stride)
        var stride: Int
    }

    subscript(buffer: Buffer) -> Matrix { matrices[buffer.rawValue] }

    /// The state of the batch. (T, rowStride(hidden))
    var hidden: UnsafeMutablePointer<Float> { self[.hidden].start }
}
