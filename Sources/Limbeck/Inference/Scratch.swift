import KernelInterface
import Synchronization

/// Everything a session writes to: one allocation, carved up once, by the initializer that also measures it. T is `maxTokens`, which bounds
/// the sequences of a batch too.
final class Scratch {
    /// The memory of the session's batches, empty.
    let batch: Batch
    /// A prompt, and the text after it.
    let prompted: UnsafeMutablePointer<UInt8>  // (promptedBytes)
    let promptedBytes: Int

    // The encoder's state.
    private let matrices: InlineArray<7, Matrix>  // (T, stride), by Buffer
    let blocks: UnsafeMutablePointer<ProductWork.Block>  // (blocks of rows)
    /// A product's inputs as bytes, in a model that has such products.
    let inputBytes: ByteRows  // (T + slack, depth)
    let firstItems: UnsafeMutablePointer<Int>  // (T + 1)
    /// For what a thread has in flight.
    let thread: UnsafeMutablePointer<Float>  // (threads, threadStride)
    let threadStride: Int

    // The heads.
    let rows: UnsafeMutablePointer<Float>  // (headRows, headStride), a few token states, gathered
    let dense: UnsafeMutablePointer<Float>  // (headRows, headStride), what a head's first layer makes of them
    let headStride: Int
    let residual: UnsafeMutablePointer<Float>  // (headStride), where a vector's stages need it
    let logits: UnsafeMutablePointer<Float>  // what decoding needs of the head's output
    let candidates: UnsafeMutablePointer<SpanCandidate>  // (candidateCount) in a model that answers questions
    let answers: UnsafeMutablePointer<PooledAnswer>  // (answerCount) in such a model

    let bytes: Int
    private let memory: Memory?

    /// Token states a head takes at a time.
    static let headRows = 64
    /// Spans of one window that may become answers.
    static let candidateCount = 2 * Session.mostAnswers + 10
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

        matrices = Scratch.matrices(c.widths, tokens: maxTokens, &layout)
        blocks = layout.take(ProductWork.Block.self, pieces(maxTokens, ProductWork.leastBlockRows))
        inputBytes = Scratch.inputBytes(depth: plan.largest { $0.integerDepth }, tokens: maxTokens, &layout)
        firstItems = layout.take(Int.self, maxTokens + 1)
        let longest = min(maxTokens, c.maxPositions)
        threadStride = plan.largest { $0.scratchBytes(tokens: longest, isQuantized: plan.quantizesAttention) }.roundedUp(to: 64) / 4
        thread = layout.take(Float.self, threads * threadStride)

        headStride = rowStride(max(c.hiddenSize, c.embeddingSize, vector.widest(hidden: c.hiddenSize)))
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

    /// Room for the longest prompt and a text whose beginning is so long that a word ends in it, even one of a language without spaces: a
    /// batch's tokens are mostly shorter than this.
    static func promptedBytes(maxTokens: Int) -> Int { max(4 * Prompts.mostBytes, 128 * maxTokens) }

    /// The encoder's matrices, next to each other except where two are never needed at once: what a layer's feed-forward network
    /// and the embeddings write shares its memory with what its attention does.
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

    /// Room for inputs of so much depth; none if it is 0.
    private static func inputBytes(depth: Int, tokens: Int, _ layout: inout Layout) -> ByteRows {
        // One cache line more, so that the rows of a tile do not fall on the same cache sets.
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
