import KernelInterface
import Synchronization

/// Everything a session writes to: one allocation, carved up once. T is `maxTokens`; a sequence has at least one token, so
/// T also bounds the sequences of a batch. W is `wordTokens`.
final class Scratch {
    // The batch.
    let ids: UnsafeMutablePointer<Int32>  // (T + W)
    let types: UnsafeMutablePointer<Int32>  // (T + W)
    let positions: UnsafeMutablePointer<Int32>  // (T)
    let starts: UnsafeMutablePointer<Int>  // (T + 1), the first token of each sequence
    let tokenStarts: UnsafeMutablePointer<UInt32>  // (T + W), byte ranges of the tokens in their text
    let tokenEnds: UnsafeMutablePointer<UInt32>  // (T + W)
    let words: UnsafeMutablePointer<Int32>  // (T + W), the word each token belongs to
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
    private let memory: Memory

    /// Token states a head takes at a time.
    static let headRows = 64
    /// More tokens than a word has: room for the beginning of the word in which a window of a long context begins.
    static let wordTokens = WordPieceOptions.characterBound + 16
    /// Spans of one window that may become answers.
    static let candidateCount = 2 * Session.mostAnswers + 10
    /// Answers of all windows so far.
    static let answerCount = 4096

    init(_ weights: __shared Weights, _ c: __shared Configuration, maxTokens: Int, threads: Int) throws(LimbeckError) {
        headStride = rowStride(max(c.hiddenSize, c.embeddingSize, weights.vector.widest(hidden: c.hiddenSize)))
        promptedBytes = Scratch.promptedBytes(maxTokens: maxTokens)
        let headSpace = Scratch.headRows * headStride
        let longest = min(maxTokens, c.maxPositions)
        threadStride = max(
            Attention.scratch(tokens: longest, headSize: c.headSize, positionPanels: c.positionPanels), weights.productScratch,
            weights.attendsInBytes(c) ? Attention.scratchInBytes(tokens: longest, headSize: c.headSize) : 0
        ).roundedUp(to: 16)
        let logitCount =
            switch c.head {
            case .none, .detection: 0
            case .sequence: Scratch.headRows * c.labels.count
            case .token: longest * c.labels.count
            case .span: longest * 2
            case .maskedLM: c.vocabSize
            }

        let (stride, depth, prompts) = (threadStride, weights.integerDepth, promptedBytes)
        let residual = weights.vector.addsProducts ? headStride : 0
        let extended = maxTokens + Scratch.wordTokens
        let (candidateCount, answerCount) = c.head == .span ? (Scratch.candidateCount, Scratch.answerCount) : (0, 0)
        func carve(_ layout: inout Layout) -> Parts {
            let batch = (
                layout.take(Int32.self, extended), layout.take(Int32.self, extended), layout.take(Int32.self, maxTokens),
                layout.take(Int.self, maxTokens + 1), layout.take(UInt32.self, extended),
                layout.take(UInt32.self, extended), layout.take(Int32.self, extended)
            )
            return Parts(
                batch: batch, prompted: layout.take(UInt8.self, prompts),
                matrices: Scratch.matrices(c.widths, tokens: maxTokens, &layout),
                blocks: layout.take(ProductWork.Block.self, pieces(maxTokens, ProductWork.leastBlockRows)),
                inputBytes: Scratch.inputBytes(depth: depth, tokens: maxTokens, &layout),
                firstItems: layout.take(Int.self, maxTokens + 1), thread: layout.take(Float.self, threads * stride),
                rows: layout.take(Float.self, headSpace), dense: layout.take(Float.self, headSpace),
                residual: layout.take(Float.self, residual),
                logits: layout.take(Float.self, logitCount), candidates: layout.take(SpanCandidate.self, candidateCount),
                answers: layout.take(PooledAnswer.self, answerCount))
        }
        var measure = Layout()
        _ = carve(&measure)
        memory = try Memory(bytes: measure.bytes)
        bytes = measure.bytes
        var layout = Layout(base: memory.base)
        let parts = carve(&layout)
        (ids, types, positions, starts, tokenStarts, tokenEnds, words) = parts.batch
        (matrices, blocks, inputBytes) = (parts.matrices, parts.blocks, parts.inputBytes)
        (firstItems, thread) = (parts.firstItems, parts.thread)
        prompted = parts.prompted
        (rows, dense, self.residual, logits) = (parts.rows, parts.dense, parts.residual, parts.logits)
        (candidates, answers) = (parts.candidates, parts.answers)
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

    private struct Parts {
        var batch:
            (
                UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>,
                UnsafeMutablePointer<Int>, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>,
                UnsafeMutablePointer<Int32>
            )
        var prompted: UnsafeMutablePointer<UInt8>
        var matrices: InlineArray<7, Matrix>
        var blocks: UnsafeMutablePointer<ProductWork.Block>
        var inputBytes: ByteRows
        var firstItems: UnsafeMutablePointer<Int>
        var thread, rows, dense, residual, logits: UnsafeMutablePointer<Float>
        var candidates: UnsafeMutablePointer<SpanCandidate>
        var answers: UnsafeMutablePointer<PooledAnswer>
    }
}
