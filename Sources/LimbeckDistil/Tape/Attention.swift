import KernelInterface
import Limbeck

/// context = dropout(softmax(q k^T / sqrt(headSize) + bias)) v, for each head of each sequence. Queries, keys and values are side by
/// side in `x`. The weights of attention are computed anew in the backward pass.
package final class AttentionOperation: Operation {
    private let x: Variable
    private let heads: Int
    private let headSize: Int
    private let window: Int
    private let batch: TokenBatch
    private let bias: DistanceBias?
    private let dropout: DropoutPlace?
    package let out: Variable

    package init(
        _ tape: Tape, _ x: Variable, heads: Int, headSize: Int, window: Int?, _ batch: TokenBatch, bias: DistanceBias?,
        dropout: DropoutPlace?
    ) {
        (self.x, self.heads, self.headSize, self.window) = (x, heads, headSize, window ?? .max)
        (self.batch, self.bias, self.dropout) = (batch, bias, dropout)
        let isTrained = bias?.source.parameter.isTrained == true
        out = tape.variable(batch.tokens, heads * headSize, needsGradient: x.needsGradient || isTrained)
        super.init()
        if dropout == nil { forward(tape) } else { forwardWithDropout(tape) }
        tape.record(self)
    }

    private var scale: Float { 1 / Float(headSize).squareRoot() }
    private var spacing: Int { heads * headSize }

    /// By the engine's kernel.
    private func forward(_ tape: Tape) {
        let job = Attention(
            query: x.value, key: x.value + spacing, value: x.value + 2 * spacing, stride: x.stride, tokens: 0, headSize: headSize,
            scale: scale, bias: bias?.table, biasStride: bias?.stride ?? 0, biasCenter: (bias?.span ?? 1) - 1, window: window,
            positions: nil, out: out.value, outStride: out.stride)
        let scratch = AttentionScratch.bytes(tokens: batch.longest, headSize: headSize) / MemoryLayout<Float>.stride
        let (batch, heads, x, out) = (batch, heads, x, out)
        tape.each(batch.sequences * heads, scratch: scratch) { item, scratch in
            let tokens = batch.range(item / heads)
            var job = job
            job.query += tokens.lowerBound * x.stride
            job.key += tokens.lowerBound * x.stride
            job.value += tokens.lowerBound * x.stride
            job.out += tokens.lowerBound * out.stride
            job.tokens = tokens.count
            withUnsafePointer(to: job) { tape.kernels.attention($0, item % heads, 0..<tokens.count, scratch) }
        }
    }

    private func forwardWithDropout(_ tape: Tape) {
        let (batch, heads, out) = (batch, heads, out), scratch = HeadScratch.floats(tokens: batch.longest, headSize: headSize)
        tape.each(batch.sequences * heads, scratch: scratch) { item, scratch in
            let head = HeadScratch(scratch, batch.range(item / heads).count, headSize: self.headSize)
            let place = self.head(item / heads, item % heads)
            self.weights(tape, place, head)
            self.drop(tape, place, head.weights, into: head.gradients, head.stride)
            tape.multiply(
                SmallProduct(
                    a: head.gradients, aStride: head.stride, b: place.value, bStride: self.x.stride, rows: place.count,
                    depth: place.count, columns: self.headSize, out: out.value + place.first * out.stride + place.column,
                    outStride: out.stride), head.scratch)
        }
    }

    /// With P the weights, D = dropout and O = D(P) v: dv += D(P)^T dO, dP = D(dO v^T), dS = P (dP - sum dP P),
    /// dq += dS k scale, dk += dS^T q scale.
    override package func backward(_ tape: Tape) {
        guard let gradient = out.gradient, out.needsGradient else { return }
        let dx = tape.gradient(of: x), batch = batch, heads = heads
        let scratch = HeadScratch.floats(tokens: batch.longest, headSize: headSize)
        if let bias, bias.source.parameter.isTrained {
            // The sequences share the bias's gradient, so a head takes them in turn.
            let target = bias.source.addedGradient()
            tape.each(heads, scratch: scratch) { head, scratch in
                for sequence in 0..<batch.sequences {
                    self.backward(tape, self.head(sequence, head), gradient, dx, scratch, (bias, target))
                }
            }
        } else {
            tape.each(batch.sequences * heads, scratch: scratch) { item, scratch in
                self.backward(tape, self.head(item / heads, item % heads), gradient, dx, scratch, nil)
            }
        }
    }

    private func backward(
        _ tape: Tape, _ place: Head, _ gradient: UnsafeMutablePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
        _ scratch: UnsafeMutablePointer<Float>, _ distance: (bias: DistanceBias, target: UnsafeMutablePointer<Float>)?
    ) {
        let count = place.count, stride = x.stride, head = HeadScratch(scratch, count, headSize: headSize)
        let dO = gradient + place.first * out.stride + place.column
        let dq = dx + place.first * stride + place.column
        weights(tape, place, head)
        let (p, dP) = (head.weights, head.gradients)
        // dv, from the weights after dropout.
        if dropout != nil { drop(tape, place, p, into: dP, head.stride) }
        tape.multiply(
            SmallProduct(
                a: dropout == nil ? p : dP, aStride: head.stride, isTransposedA: true, b: dO, bStride: out.stride, rows: count,
                depth: count, columns: headSize, out: dq + 2 * spacing, outStride: stride, accumulates: true), head.scratch)
        tape.multiply(
            SmallProduct(
                a: dO, aStride: out.stride, b: place.value, bStride: stride, isTransposedB: true, rows: count, depth: headSize,
                columns: count, out: dP, outStride: head.stride), head.scratch)
        if dropout != nil { drop(tape, place, dP, into: dP, head.stride) }
        for row in 0..<count { tape.gradients.softmaxGradient(p + row * head.stride, dP + row * head.stride, count) }
        if let distance {
            for query in 0..<count {
                for key in 0..<count {
                    let bucket = RelativeBias.bucket(key - query)
                    distance.target[bucket * distance.bias.source.stride + place.index] += dP[query * head.stride + key]
                }
            }
        }
        tape.multiply(
            SmallProduct(
                a: dP, aStride: head.stride, b: place.key, bStride: stride, rows: count, depth: count, columns: headSize, out: dq,
                outStride: stride, scale: scale, accumulates: true), head.scratch)
        tape.multiply(
            SmallProduct(
                a: dP, aStride: head.stride, isTransposedA: true, b: place.query, bStride: stride, rows: count, depth: count,
                columns: headSize, out: dq + spacing, outStride: stride, scale: scale, accumulates: true), head.scratch)
    }

    /// A head of a sequence.
    private struct Head {
        package var index: Int
        package var sequence: Int
        package var first: Int
        package var count: Int
        package var column: Int
        package var query: UnsafeMutablePointer<Float>  // (count, headSize), with the stride of x
        package var key: UnsafeMutablePointer<Float>
        package var value: UnsafeMutablePointer<Float>
    }

    private func head(_ sequence: Int, _ index: Int) -> Head {
        let tokens = batch.range(sequence)
        let query = x.value + tokens.lowerBound * x.stride + index * headSize
        return Head(
            index: index, sequence: sequence, first: tokens.lowerBound, count: tokens.count, column: index * headSize, query: query,
            key: query + spacing, value: query + 2 * spacing)
    }

    /// softmax(q k^T scale + bias) -> head.weights (count, count)
    private func weights(_ tape: Tape, _ place: Head, _ head: HeadScratch) {
        let count = place.count
        tape.multiply(
            SmallProduct(
                a: place.query, aStride: x.stride, b: place.key, bStride: x.stride, isTransposedB: true, rows: count,
                depth: headSize, columns: count, out: head.weights, outStride: head.stride, scale: scale), head.scratch)
        for query in 0..<count {
            let row = head.weights + query * head.stride
            if let bias {
                tape.gradients.add(bias.table + place.index * bias.stride + bias.span - 1 - query, row, count, 1)
            }
            let low = window < query ? query - window : 0
            let high = window < count - query - 1 ? query + window + 1 : count
            tape.kernels.softmax(row + low, high - low)
            row.update(repeating: 0, count: low)
            (row + high).update(repeating: 0, count: count - high)
        }
    }

    /// Dropout of the weights of a head, or of their gradients.
    private func drop(
        _ tape: Tape, _ place: Head, _ x: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>, _ stride: Int
    ) {
        guard var dropout else { return }
        dropout.addresses += place.first
        dropout.site += UInt32(place.index) << 16
        let job = dropout.job(tape, x, stride, place.count, base: nil, out: out, stride)
        withUnsafePointer(to: job) { tape.gradients.dropout($0, 0..<place.count) }
    }
}

/// The scratch of one head: weights, their gradients, and that of products.
private struct HeadScratch {
    package let stride: Int
    package let weights: UnsafeMutablePointer<Float>  // (tokens, stride)
    package let gradients: UnsafeMutablePointer<Float>  // (tokens, stride)
    package let scratch: UnsafeMutablePointer<Float>

    package init(_ base: UnsafeMutablePointer<Float>, _ tokens: Int, headSize: Int) {
        stride = rowStride(tokens)
        (weights, gradients, scratch) = (base, base + tokens * stride, base + 2 * tokens * stride)
    }

    package static func floats(tokens: Int, headSize: Int) -> Int {
        2 * tokens * rowStride(tokens)
            + SmallProduct.scratch(rows: tokens, depth: max(tokens, headSize), isTransposedA: true)
    }
}

extension Tape {
    package func multiply(_ job: SmallProduct, _ scratch: UnsafeMutablePointer<Float>) {
        withUnsafePointer(to: job) { gradients.product($0, scratch) }
    }
}

/// The relative position bias of a batch's longest sequence, by head and distance, as the kernel reads it.
package final class DistanceBias {
    package let source: Slice  // (buckets, heads)
    package let span: Int
    package let stride: Int
    package let table: UnsafeMutablePointer<Float>  // (heads, stride)

    package init(_ tape: Tape, _ source: Slice, span: Int) {
        (self.source, self.span, stride) = (source, span, RelativeBias.stride(span: span))
        let (table, stride) = (tape.arena.take(Float.self, source.columns * stride), stride)
        self.table = table
        tape.each(source.columns) { head, _ in
            (table + head * stride).update(repeating: 0, count: stride)
            for distance in 1 - span..<span {
                table[head * stride + distance + span - 1] = source.value[RelativeBias.bucket(distance) * source.stride + head]
            }
        }
    }
}
