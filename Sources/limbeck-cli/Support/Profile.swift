import KernelInterface
import Synchronization

/// The time of a session by part: a table of kernels, each wrapped in a timer.
final class Profile: @unchecked Sendable {  // the counters are atomic
    enum Part: Int, CaseIterable {
        case products, bytes, attention, activations, norms, embeddings, heads

        var name: String {
            switch self {
            case .products: "products"
            case .bytes: "rows to bytes"
            case .attention: "attention"
            case .activations: "activations"
            case .norms: "LayerNorm"
            case .embeddings: "embeddings"
            case .heads: "heads"
            }
        }
    }

    /// The totals of all threads.
    struct Total {
        var seconds = 0.0
        /// Multiplications and additions.
        var operations = 0.0
    }

    private struct Counter: ~Copyable {
        let nanoseconds = Atomic<Int>(0)
        let operations = Atomic<Int>(0)
    }

    private let counters: UnsafeMutablePointer<Counter>

    init() {
        counters = .allocate(capacity: Part.allCases.count)
        for part in Part.allCases { (counters + part.rawValue).initialize(to: Counter()) }
    }

    deinit {
        counters.deinitialize(count: Part.allCases.count)
        counters.deallocate()
    }

    subscript(part: Part) -> Total {
        let counter = counters + part.rawValue
        return Total(
            seconds: Double(counter.pointee.nanoseconds.load(ordering: .relaxed)) / 1e9,
            operations: Double(counter.pointee.operations.load(ordering: .relaxed)))
    }

    func clear() {
        for part in Part.allCases {
            counters[part.rawValue].nanoseconds.store(0, ordering: .relaxed)
            counters[part.rawValue].operations.store(0, ordering: .relaxed)
        }
    }

    /// The same kernels, timed.
    func timed(_ kernels: Kernels) -> Kernels {
        var timed = kernels
        timed.product = { [self] job, rows, panels, scratch in
            time(.products, 2 * rows.count * job.pointee.depth * panels.count * panelColumns) {
                kernels.product(job, rows, panels, scratch)
            }
        }
        // This includes activations, which are computed while the next outputs are.
        timed.integer.product = { [self] job, rows, panels, _ in
            time(.products, 2 * rows.count * job.pointee.depth * panels.count * panelColumns) {
                kernels.integer.product(job, rows, panels, kernels.activateRows)
            }
        }
        timed.integer.quantize = { [self] job, rows in time(.bytes) { kernels.integer.quantize(job, rows) } }
        func attention(
            _ kernel: @escaping @Sendable (UnsafePointer<Attention>, Int, Range<Int>, UnsafeMutablePointer<Float>) -> Void
        )
            -> @Sendable (UnsafePointer<Attention>, Int, Range<Int>, UnsafeMutablePointer<Float>) -> Void
        {
            { [self] job, head, queries, scratch in
                let keys = min(job.pointee.tokens, max(1, min(job.pointee.window, job.pointee.tokens) * 2))
                time(.attention, 4 * queries.count * keys * job.pointee.headSize) { kernel(job, head, queries, scratch) }
            }
        }
        timed.attention = attention(kernels.attention)
        timed.quantizedAttention = attention(kernels.quantizedAttention)
        timed.rotate = { [self] job, rows in time(.attention) { kernels.rotate(job, rows) } }
        timed.activateRows = { [self] x, stride, rows, width, activation in
            time(.activations) { kernels.activateRows(x, stride, rows, width, activation) }
        }
        timed.normalize = { [self] job, rows in time(.norms) { kernels.normalize(job, rows) } }
        timed.embed = { [self] job, rows in time(.embeddings) { kernels.embed(job, rows) } }
        timed.trigrams = { [self] job, rows in time(.embeddings) { kernels.trigrams(job, rows) } }
        timed.dots = { [self] job, columns in
            time(.heads, 2 * job.pointee.rows * job.pointee.width * columns.count) { kernels.dots(job, columns) }
        }
        return timed
    }

    private func time(_ part: Part, _ operations: Int = 0, _ body: () -> Void) {
        let start = ContinuousClock.now
        body()
        let counter = counters + part.rawValue
        counter.pointee.nanoseconds.wrappingAdd(Int((ContinuousClock.now - start).seconds * 1e9), ordering: .relaxed)
        counter.pointee.operations.wrappingAdd(operations, ordering: .relaxed)
    }
}
