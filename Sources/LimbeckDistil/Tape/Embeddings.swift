import KernelInterface
import Limbeck

/// out = the sum of the tables' rows for each token. Tables have one stride.
package final class EmbeddingOperation: Operation {
    private let tables: EmbeddingTables<Slice>
    private let batch: TokenBatch
    private let padding: (word: Int32?, position: Int32?)
    package let out: Variable

    /// The rows `padding` of the tables get no gradient here, as with `padding_idx` in torch.
    package init(
        _ tape: Tape, _ batch: TokenBatch, _ tables: EmbeddingTables<Slice>, width: Int, padding: (word: Int32?, position: Int32?)
    ) {
        (self.tables, self.batch, self.padding) = (tables, batch, padding)
        let isTrained = [tables.word, tables.position, tables.type].contains { $0?.parameter.isTrained == true }
        out = tape.variable(batch.tokens, width, needsGradient: isTrained)
        super.init()
        func rows(_ table: Slice?) -> Rows? { table.map { .float32(UnsafePointer($0.value)) } }
        // The kernel takes rows without padding; those of a parameter are as wide as its stride, with zeros at the end.
        let stride = (tables.word ?? tables.position)?.stride ?? width
        let job = Embedding(
            ids: batch.ids, positions: batch.positions, types: batch.types, word: rows(tables.word),
            position: rows(tables.position),
            type: rows(tables.type), width: stride, out: out.value, outStride: out.stride, normalization: nil)
        tape.each(batch.tokens, by: Tape.passRows) { rows in withUnsafePointer(to: job) { tape.kernels.embed($0, rows) } }
        tape.record(self)
    }

    /// Each table's rows add up in the order of the tokens; the columns are divided among the threads.
    override package func backward(_ tape: Tape) {
        guard let gradient = out.gradient else { return }
        add(tape, gradient, tables.word, batch.ids, except: padding.word)
        add(tape, gradient, tables.position, batch.positions, except: padding.position)
        add(tape, gradient, tables.type, batch.types, except: nil)
    }

    private func add(
        _ tape: Tape, _ gradient: UnsafePointer<Float>, _ table: Slice?, _ indices: UnsafePointer<Int32>, except padding: Int32?
    ) {
        guard let table, table.parameter.isTrained else { return }
        let target = table.addedGradient(), out = out
        tape.each(out.width, by: 64) { columns in
            for row in 0..<out.rows where indices[row] != padding {
                tape.gradients.add(
                    gradient + row * out.stride + columns.lowerBound,
                    target + Int(indices[row]) * table.stride + columns.lowerBound, columns.count, 1)
            }
        }
    }
}

/// RoPE on queries and keys, in place: the rows' values before it are not needed. Backward, the angles are turned back.
package final class RotationOperation: Operation {
    private let x: Variable
    private let step: RotationStep
    private let batch: TokenBatch
    private let table: AngleTable

    package init(_ tape: Tape, _ x: Variable, _ step: RotationStep, _ batch: TokenBatch, _ table: AngleTable) {
        (self.x, self.step, self.batch, self.table) = (x, step, batch, table)
        super.init()
        rotate(tape, x.value, table.forward)
        tape.record(self)
    }

    override package func backward(_ tape: Tape) {
        if let gradient = x.gradient { rotate(tape, gradient, table.backward) }
    }

    private func rotate(_ tape: Tape, _ rows: UnsafeMutablePointer<Float>, _ angles: UnsafePointer<Float>) {
        let job = Rotation(
            x: rows, stride: x.stride, heads: 2 * step.heads, headSize: step.headSize, half: table.pairs,
            positions: batch.positions,
            table: angles)
        tape.each(x.rows, by: Tape.passRows) { rows in withUnsafePointer(to: job) { tape.kernels.rotate($0, rows) } }
    }
}

/// Cosines and sines of RoPE, and the same with the sines' sign turned.
package final class AngleTable {
    package let pairs: Int
    package let forward: UnsafePointer<Float>  // (positions, 2 * pairs)
    package let backward: UnsafePointer<Float>
    private let memory: Memory

    package init(_ rotary: Rotary, positions: Int) throws(LimbeckError) {
        pairs = rotary.pairs
        let count = rotary.count(positions: positions)
        memory = try Memory(bytes: 2 * count * MemoryLayout<Float>.stride)
        let table = memory.base.assumingMemoryBound(to: Float.self)
        rotary.fill(table, positions: positions)
        for place in 0..<count { (table + count)[place] = place / rotary.pairs % 2 == 0 ? table[place] : -table[place] }
        (forward, backward) = (UnsafePointer(table), UnsafePointer(table + count))
    }
}
