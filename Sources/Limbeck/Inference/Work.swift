import KernelInterface

/// A phase of the forward pass as a value: a job for one kernel, and its division into work items.
enum Work {
    case none
    case embed(Embedding, rows: Int)
    case trigrams(Trigrams)
    case normalize(Normalization, rows: Int)
    case rotate(Rotation, rows: Int)
    case product(ProductWork)
    case attention(AttentionWork)
    case dots(Dots, columns: Int)
    /// Any work of whoever runs it, which outlives the phase: training has phases of its own.
    case body(UnsafePointer<Workers.Body>)

    @inline(never) func run(_ item: Int, kernels: borrowing Kernels, scratch: UnsafeMutablePointer<Float>) {
        switch self {
        case .none:
            break
        case .embed(let job, let rows):
            withUnsafePointer(to: job) { kernels.embed($0, cut(rows, Work.passRows, item)) }
        case .trigrams(let job):
            withUnsafePointer(to: job) { kernels.trigrams($0, cut(job.tokens, Work.passRows, item)) }
        case .normalize(let job, let rows):
            withUnsafePointer(to: job) { kernels.normalize($0, cut(rows, Work.passRows, item)) }
        case .rotate(let job, let rows):
            withUnsafePointer(to: job) { kernels.rotate($0, cut(rows, Work.passRows, item)) }
        case .product(let work):
            work.run(item, kernels: kernels, scratch: scratch)
        case .attention(let work):
            work.run(item, kernels: kernels, scratch: scratch)
        case .dots(let job, let columns):
            withUnsafePointer(to: job) { kernels.dots($0, cut(columns, Work.dotsColumns, item)) }
        case .body(let body):
            body.pointee(item, scratch)
        }
    }

    /// Rows per work item of kernels that work on whole rows.
    static let passRows = 64
    /// Columns of dot products per work item: a multiple of the columns that the kernel processes together.
    static let dotsColumns = 64
}

/// The range of the `index`-th piece of 0..<count in pieces of `size`.
package func cut(_ count: Int, _ size: Int, _ index: Int) -> Range<Int> {
    index * size..<min(count, index * size + size)
}

/// The number of pieces of `size` in `count`, rounded up.
package func pieces(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }

/// Attention over a packed batch: each sequence separately, divided by heads, and by queries if there are few heads.
struct AttentionWork {
    /// The job for the tokens of the whole batch; `tokens` is filled in per sequence.
    var job: Attention
    var heads: Int
    /// (sequences + 1) the first token of each sequence, and the end.
    var starts: UnsafePointer<Int>
    /// (sequences + 1) the first work item of each sequence, and the end.
    var firstItems: UnsafeMutablePointer<Int>
    var sequences: Int
    var blockQueries: Int
    let isQuantized: Bool

    init(
        _ job: Attention, isQuantized: Bool, heads: Int, starts: UnsafePointer<Int>, sequences: Int, threads: Int,
        isInterruptible: Bool, firstItems: UnsafeMutablePointer<Int>
    ) {
        self.job = job
        self.isQuantized = isQuantized
        self.heads = heads
        self.starts = starts
        self.sequences = sequences
        self.firstItems = firstItems
        // Each work item packs the keys and values of its head, so queries are split only if the heads alone do not occupy the
        // threads, or if an interruption would have to wait too long for the end of a work item.
        blockQueries =
            heads * sequences < 2 * threads ? AttentionWork.queries : isInterruptible ? 8 * AttentionWork.queries : Int.max
        var item = 0
        for sequence in 0..<sequences {
            firstItems[sequence] = item
            let tokens = starts[sequence + 1] - starts[sequence]
            item += pieces(heads, headsPerItem(tokens)) * queryBlocks(tokens)
        }
        firstItems[sequences] = item
    }

    var items: Int { firstItems[sequences] }

    /// A multiple of the queries that either kernel processes at a time.
    private static let queries = 144

    /// With short sequences a work item has several heads, so that its overhead is small.
    private func headsPerItem(_ tokens: Int) -> Int { max(1, min(heads, 64 / max(1, tokens))) }

    private func queryBlocks(_ tokens: Int) -> Int { blockQueries == Int.max ? 1 : pieces(tokens, blockQueries) }

    func run(_ item: Int, kernels: borrowing Kernels, scratch: UnsafeMutablePointer<Float>) {
        // The last sequence whose first work item is not after this one.
        var low = 0, high = sequences - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if firstItems[middle] <= item { low = middle } else { high = middle - 1 }
        }
        let start = starts[low], tokens = starts[low + 1] - start
        let blocks = queryBlocks(tokens), index = item - firstItems[low]
        var job = self.job
        job.query += start * job.stride
        job.key += start * job.stride
        job.value += start * job.stride
        job.out += start * job.outStride
        job.tokens = tokens
        let queries = blocks == 1 ? 0..<tokens : cut(tokens, blockQueries, index % blocks)
        for head in cut(heads, headsPerItem(tokens), index / blocks) {
            withUnsafePointer(to: job) {
                if isQuantized {
                    kernels.quantizedAttention($0, head, queries, scratch)
                } else {
                    kernels.attention($0, head, queries, scratch)
                }
            }
        }
    }
}
