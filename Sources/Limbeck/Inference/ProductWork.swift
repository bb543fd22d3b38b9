import CPlatform
import KernelInterface
import Synchronization

/// A GEMM as blocks of rows by groups of panels, including quantisation of its inputs and LayerNorm of its outputs. The first
/// thread that needs a block of inputs quantises it, and the thread that finishes the last group of a block normalises it, so
/// neither needs a phase of its own.
struct ProductWork {
    /// One matrix. The outputs of the gate, the second matrix, are multiplied with those of the first.
    enum Operation {
        case float(Product)
        case integer(IntegerProduct)

        func run(_ rows: Range<Int>, _ panels: Range<Int>, kernels: borrowing Kernels, scratch: UnsafeMutablePointer<Float>) {
            switch self {
            case .float(let job): withUnsafePointer(to: job) { kernels.product($0, rows, panels, scratch) }
            case .integer(let job): withUnsafePointer(to: job) { kernels.integer.product($0, rows, panels, kernels.activateRows) }
            }
        }

        /// The same operation with the order of its blocks.
        func walked(step: Int, groupPanels: Int) -> Operation {
            guard case .float(var job) = self else { return self }
            (job.blockStep, job.groupPanels) = (step, groupPanels)
            return .float(job)
        }
    }

    private let matrix: Operation
    private let gate: Operation?
    private let quantization: Quantization?
    private let normalization: Normalization?
    private let rows: Int
    private let blockRows: Int
    private let panels: Int
    private let groupPanels: Int
    private let blocks: UnsafeMutablePointer<Block>

    /// The state of a block of rows, shared between threads.
    struct Block: ~Copyable {
        /// Groups left, if there is a normalisation.
        let left = Atomic<Int>(0)
        /// Quantisation of the block's inputs: not begun, begun by a thread, or done.
        let bytes = Atomic<Int>(0)

        static let none = 0, begun = 1, made = 2
    }

    /// For float GEMMs: a multiple of the tile heights of all instruction sets.
    static let floatBlockRows = 48
    static let minBlockRows = 32

    init(
        _ matrix: Operation, gate: Operation?, of quantization: Quantization?, weights: PackedLinear, rows: Int,
        normalization: Normalization?, threads: Int, kernels: borrowing Kernels, blocks: UnsafeMutablePointer<Block>
    ) {
        (self.quantization, self.normalization) = (quantization, normalization)
        (self.rows, self.blocks) = (rows, blocks)
        panels = weights.panelCount
        blockRows = quantization == nil ? ProductWork.floatBlockRows : kernels.integer.blockRows
        let count = pieces(rows, blockRows)
        // The weights of a group stay in the L2 cache while the blocks of rows pass; and there are
        // enough work items for all threads.
        let bytes = weights.panelBytes * (gate == nil ? 1 : 2)
        let cached = max(1, 512 * 1024 / bytes)
        let groups = max(pieces(panels, cached), threads == 1 ? 1 : min(panels, pieces(4 * threads, count)))
        groupPanels = pieces(panels, groups)
        self.matrix = matrix.walked(step: threads * blockRows, groupPanels: groupPanels)
        self.gate = gate?.walked(step: threads * blockRows, groupPanels: groupPanels)
        for block in 0..<count {
            blocks[block].left.store(pieces(panels, groupPanels), ordering: .relaxed)
            blocks[block].bytes.store(Block.none, ordering: .relaxed)
        }
    }

    var items: Int { pieces(rows, blockRows) * pieces(panels, groupPanels) }

    func run(_ item: Int, kernels: borrowing Kernels, scratch: UnsafeMutablePointer<Float>) {
        let count = pieces(rows, blockRows)
        let block = item % count
        let range = cut(rows, blockRows, block), group = cut(panels, groupPanels, item / count)
        if let quantization { makeBytes(quantization, block, range, kernels: kernels) }
        var first = group.lowerBound
        while first < group.upperBound {
            let some = first..<min(first + panelsAtATime, group.upperBound)
            matrix.run(range, some, kernels: kernels, scratch: scratch)
            gate?.run(range, some, kernels: kernels, scratch: scratch)
            first = some.upperBound
        }
        guard let normalization else { return }
        // Acquire and release: the last thread must see the writes of the others.
        if blocks[block].left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            withUnsafePointer(to: normalization) { kernels.normalize($0, range) }
        }
    }

    /// How many panels of outputs are computed before their gates: few enough to be still in the L1 cache then, but enough for
    /// instruction sets that have to be set up.
    private var panelsAtATime: Int {
        if gate == nil { return panels }
        if case .integer = matrix { return 8 }
        return 1
    }

    private func makeBytes(_ job: Quantization, _ block: Int, _ range: Range<Int>, kernels: borrowing Kernels) {
        let state = blocks + block
        if state.pointee.bytes.load(ordering: .acquiring) == Block.made { return }
        let isMine = state.pointee.bytes.compareExchange(
            expected: Block.none, desired: Block.begun, ordering: .acquiringAndReleasing
        ).exchanged
        if isMine {
            withUnsafePointer(to: job) { kernels.integer.quantize($0, range) }
            state.pointee.bytes.store(Block.made, ordering: .releasing)
            return
        }
        var spins = 0
        while state.pointee.bytes.load(ordering: .acquiring) != Block.made { pause(&spins) }
    }
}

/// A short wait; from time to time it yields the CPU, in case there are more threads than CPUs.
func pause(_ spins: inout Int) {
    spins += 1
    if spins % 1024 == 0 { platform_yield() } else { platform_pause() }
}
