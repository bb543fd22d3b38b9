import KernelInterface

/// Cuts layers to a part of their width, as DynaBERT (Hou et al. 2020, arXiv 2004.04037) does: to the first heads of attention, and the
/// first columns of the feed-forward network. The state stays as wide as it is. A fraction w of m heads are k = round(w m), half to
/// even, and of n columns trunc(k / m n), in the arithmetic of the authors' code.
///
/// A narrow layer uses the model's own panels: a GEMM of fewer columns runs fewer panels, and one of fewer inputs the first part of
/// each. Only the sums of an integer matrix's columns are computed anew, as they depend on the inputs.
struct Narrowing {
    private let heads: Int
    private let headSize: Int
    /// The heads that are left.
    let kept: Int
    /// The memory of the sums.
    private(set) var sums: [Memory] = []

    /// nil: the layers keep their whole width.
    init?(_ width: Double, _ c: __shared Configuration) throws(LimbeckError) {
        // Also refuses NaN.
        guard width > 0, width <= 1 else {
            throw LimbeckError(.invalidArgument, "width must be more than 0, and at most 1")
        }
        (heads, headSize) = (c.attentionHeads, c.headSize)
        kept = Int((width * Double(heads)).rounded(.toNearestOrEven))
        guard kept > 0 else {
            throw LimbeckError(.invalidArgument, "width leaves none of the model's \(heads) attention heads")
        }
        if kept == heads { return nil }
    }

    /// Cuts the blocks of the layers. Returns the widths of the buffers, which no step exceeds, whatever a pack is made of.
    @inline(never) mutating func narrow(
        _ blocks: inout [[Step<Packed>]], _ layers: [[Int]], _ exits: [Exit<Packed>], _ embeddings: [Step<Packed>],
        _ angles: [PackedRotary]
    ) throws(LimbeckError) -> BufferWidths {
        var used: [Int] = [], widths = BufferWidths()
        for layer in layers {
            for block in layer where !used.contains(block) {
                used.append(block)
                blocks[block] = try narrow(blocks[block])
            }
        }
        for exit in exits { if let block = exit.block { used.append(block) } }
        widths.widen(embeddings)
        for block in used { widths.widen(blocks[block]) }
        for block in used where !Step.fit(blocks[block], widths, angles) { throw unlikeBERT }
        return widths
    }

    /// The steps of a narrow block.
    @inline(never) private mutating func narrow(_ block: [Step<Packed>]) throws(LimbeckError) -> [Step<Packed>] {
        var steps: [Step<Packed>] = []
        for step in block {
            switch step {
            case .product(let step): try narrow(step, into: &steps)
            case .attention(var step) where step.positions == nil && step.heads == heads && step.headSize == headSize:
                step.heads = kept
                steps.append(.attention(step))
            case .normalize(let step) where step.into == .hidden || step.into == .attended: steps.append(.normalize(step))
            default: throw unlikeBERT
            }
        }
        return steps
    }

    @inline(never) private var unlikeBERT: LimbeckError {
        LimbeckError(.unsupported, "width is for layers as BERT's, and the model has others")
    }

    @inline(never)
    private mutating func narrow(_ step: ProductStep<Packed>, into steps: inout [Step<Packed>]) throws(LimbeckError) {
        var step = step
        switch (step.from, step.into) {
        case (_, .projected):
            guard step.column == 0, step.columns == 3 * heads * headSize, step.gate == nil, step.residual == nil else {
                throw unlikeBERT
            }
            // The panels of the first queries, keys and values, which are side by side.
            let matrix = step.matrix
            var end = 0
            for part in 0..<3 {
                let start = part * heads * headSize, first = max(end, start / panelColumns)
                end = (start + kept * headSize).roundedUp(to: panelColumns) / panelColumns
                if first == end { continue }
                step.matrix = matrix.part(first..<end)
                (step.columns, step.column) = (step.matrix.columns, first * panelColumns)
                steps.append(.product(step))
            }
            return
        case (.narrow, _), (_, .narrow): throw unlikeBERT
        case (.context, _): step.depth = min(step.depth, kept * headSize)
        case (.intermediate, _): step.depth = columns(of: step.depth)
        case (_, .intermediate):
            step.columns = columns(of: step.columns)
            step.matrix.columns = step.columns
            step.gate?.columns = step.columns
        default: break
        }
        if step.depth < step.matrix.depth {
            guard step.gate == nil else { throw unlikeBERT }
            step.matrix = try first(step.depth, of: step.matrix)
        }
        steps.append(.product(step))
    }

    /// The columns that are left of the feed-forward network's.
    private func columns(of count: Int) -> Int { max(1, Int(Double(kept) / Double(heads) * Double(count))) }

    /// A matrix for the first inputs alone.
    @inline(never)
    private mutating func first(_ depth: Int, of matrix: PackedLinear) throws(LimbeckError) -> PackedLinear {
        var result = matrix
        result.depth = depth
        if case .float = matrix.panels { return result }
        let memory = try Memory(bytes: matrix.panelCount * panelColumns * 4)
        sums.append(memory)
        let codeDepth = matrix.integerPanelDepth
        // In the order of the depth, as when packing.
        switch matrix.panels {
        case .float: break
        case .int8(var panels):
            let sums = memory.base.assumingMemoryBound(to: Int32.self)
            for place in 0..<matrix.panelCount * depth {
                let panel = place / depth * panelColumns, k = place % depth
                let group = panel * codeDepth + k / 4 * 4 * panelColumns
                let codes = panels.codes + (group + k % 4)
                for column in 0..<panelColumns { sums[panel &+ column] &+= Int32(codes[4 &* column]) }
            }
            panels.sums = UnsafePointer(sums)
            result.panels = .int8(panels)
        case .int4(var panels):
            let sums = memory.base.assumingMemoryBound(to: Float.self)
            for place in 0..<matrix.panelCount * depth {
                let panel = place / depth * panelColumns, k = place % depth
                let group = panel * codeDepth / 2 + k / 8 * 4 * panelColumns
                let codes = panels.codes + (group + k % 4)
                let scale = panel * (codeDepth / NibblePanels.group) + k / NibblePanels.group * panelColumns
                let scales = panels.scales + scale
                let shift: UInt8 = k % 8 < 4 ? 0 : 4
                for column in 0..<panelColumns {
                    let code = Int32((codes[4 &* column] >> shift) & 15) &- 8
                    sums[panel &+ column] += Float(code) * float(half: scales[column])
                }
            }
            panels.sums = UnsafePointer(sums)
            result.panels = .int4(panels)
        }
        return result
    }
}

extension PackedLinear {
    /// Some of the panels.
    fileprivate func part(_ range: Range<Int>) -> PackedLinear {
        var result = self
        let start = range.lowerBound * panelColumns
        result.bias += start
        result.columns = min(columns, range.upperBound * panelColumns) - start
        switch panels {
        case .float(.float32(let numbers)): result.panels = .float(.float32(numbers + start * panelDepth))
        case .float(.float16(let halves)): result.panels = .float(.float16(halves + start * panelDepth))
        case .int8(var integers):
            integers.codes += start * integerPanelDepth
            (integers.scales, integers.sums) = (integers.scales + start, integers.sums + start)
            result.panels = .int8(integers)
        case .int4(var nibbles):
            nibbles.codes += start * integerPanelDepth / 2
            nibbles.scales += start * (integerPanelDepth / NibblePanels.group)
            nibbles.sums += start
            result.panels = .int4(nibbles)
        }
        return result
    }
}
