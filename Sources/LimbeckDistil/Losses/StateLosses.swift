import KernelInterface
import Limbeck

// Distances of states, attention scores and relations. The teacher's are constants.

extension LossContext {
    func stateTerms(_ state: StateLoss, _ loss: Loss, weight: Float) -> [Term] {
        guard let teacherStates else { return [] }
        var pairs = state.layers
        if state.followsDepth { pairs = matchedStates.enumerated().map { LayerPair($0, $1) } }
        let mean: Float = state.isMeanOverLayers ? 1 / Float(max(1, pairs.count)) : 1
        var value = 0.0
        for (number, pair) in pairs.enumerated() {
            var s = states[pair.student], t = teacherStates[pair.teacher]
            if state.isFirstTokenOnly {
                let rows = Array(batch.starts.dropLast())
                s = GatherOperation(tape, s, rows: rows).out
                t = unrecorded { GatherOperation(tape, t, rows: rows).out }
            }
            s = projected(s, state.projection, number: number)
            if state.isNormalized {
                s = UnitLengthOperation(tape, s).out
                t = unrecorded { UnitLengthOperation(tape, t).out }
            }
            value += distance(s, t, state.distance, weight: weight * share * mean) * Double(mean)
        }
        return [Term(name: loss.name, value: value, weight: Double(weight))]
    }

    /// The mean over rows, and over units if squared; the gradient times `weight`.
    func distance(_ s: Variable, _ t: Variable, _ distance: StateLoss.Distance, weight: Float) -> Double {
        guard s.rows > 0 else { return 0 }
        switch distance {
        case .squared: return squared(s, t, scale: 1 / Float(s.rows * s.width), weight: weight)
        case .halfSquared: return squared(s, t, scale: 0.5 / Float(s.rows), weight: weight)
        case .cosine: return cosine(s, t, weight: weight)
        }
    }

    /// scale * sum (s - t)^2
    private func squared(_ s: Variable, _ t: Variable, scale: Float, weight: Float) -> Double {
        let gradient = tape.gradient(of: s), width = s.width
        return sum(s.rows, scratch: s.stride) { row, d in
            d.update(from: s.value + row * s.stride, count: width)
            tape.gradients.add(t.value + row * t.stride, d, width, -1)
            tape.gradients.add(d, gradient + row * s.stride, width, 2 * scale * weight)
            return Double(tape.gradients.dot(d, d, width))
        } * Double(scale)
    }

    /// The mean of 1 - cos(s, t), with cos = s . t / sqrt((s . s + e) (t . t + e)) and e = 1e-12, as torch's CosineEmbeddingLoss.
    func cosine(_ s: Variable, _ t: Variable, weight: Float) -> Double {
        let gradient = tape.gradient(of: s), width = s.width, factor = weight / Float(s.rows)
        return sum(s.rows) { row, _ in
            let x = s.value + row * s.stride, y = t.value + row * t.stride
            let xx = tape.gradients.dot(x, x, width) + 1e-12, yy = tape.gradients.dot(y, y, width) + 1e-12
            let inverse = 1 / (xx * yy).squareRoot(), cosine = tape.gradients.dot(x, y, width) * inverse
            tape.gradients.add(y, gradient + row * s.stride, width, -factor * inverse)
            tape.gradients.add(x, gradient + row * s.stride, width, factor * cosine / xx)
            return 1 - Double(cosine)
        } / Double(s.rows)
    }

    /// TinyBERT's: the mean over pairs of tokens and heads of (s - t)^2, with scores of at most -100 as 0, in both; summed over layers.
    func scoreTerms(_ layers: [LayerPair], _ loss: Loss, weight: Float) -> [Term] {
        guard let teacherStates else { return [] }
        var pairs = 0, value = 0.0
        for sequence in 0..<batch.sequences { pairs += batch.range(sequence).count * batch.range(sequence).count }
        for pair in layers {
            let s = projection(states, pair.student), t = projection(teacherStates, pair.teacher)
            let scale = 1 / Float(s.heads * pairs)
            value += scores(s, t, scale: scale, weight: 2 * scale * weight * share) * Double(scale)
        }
        return [Term(name: loss.name, value: value, weight: Double(weight))]
    }

    private func projection(_ states: States, _ layer: Int) -> States.Projected {
        states.projections[layer < 0 ? states.projections.count + layer : layer]
    }

    private func scores(_ s: States.Projected, _ t: States.Projected, scale: Float, weight: Float) -> Double {
        let gradient = tape.gradient(of: s.rows), batch = batch
        let (own, other) = (PairScores(s), PairScores(t))
        return sum(batch.sequences * s.heads, scratch: PairScores.floats(batch.longest, max(s.headSize, t.headSize))) {
            item, scratch in
            let tokens = batch.range(item / s.heads), head = item % s.heads, count = tokens.count, stride = rowStride(count)
            let (a, b, rest) = (scratch, scratch + count * stride, scratch + 2 * count * stride)
            own.compute(tape, tokens, column: head * s.headSize, other: own.spacing + head * s.headSize, into: a, stride, rest)
            other.compute(tape, tokens, column: head * t.headSize, other: other.spacing + head * t.headSize, into: b, stride, rest)
            var value = 0.0
            for row in 0..<count {
                var sum: Float = 0
                for column in 0..<count {
                    let place = row * stride + column, isMasked = a[place] <= -100
                    let difference = (isMasked ? 0 : a[place]) - (b[place] <= -100 ? 0 : b[place])
                    sum += difference * difference
                    a[place] = isMasked ? 0 : weight * difference
                }
                value += Double(sum)
            }
            own.addGradient(
                tape, tokens, column: head * s.headSize, other: own.spacing + head * s.headSize, from: a, stride, gradient, rest)
            return value
        }
    }

    func relationTerms(_ relation: RelationLoss, _ loss: Loss, weight: Float) -> [Term] {
        guard let teacherStates else { return [] }
        let s = projection(states, relation.layers.student), t = projection(teacherStates, relation.layers.teacher)
        var terms: [Term] = []
        let parts = [("query", relation.query), ("key", relation.key), ("value", relation.value)]
        for (part, (name, own)) in parts.enumerated() where own > 0 {
            let value = relations(s, t, part: part, heads: relation.relationHeads, weight: weight * own * share)
            terms.append(Term(name: name, value: value, weight: Double(weight * own)))
        }
        return terms
    }

    /// The mean over texts of sum KL(p_t || p_s) / (heads * tokens), with p = softmax(x x^T / sqrt(d)).
    private func relations(_ s: States.Projected, _ t: States.Projected, part: Int, heads: Int, weight: Float) -> Double {
        let gradient = tape.gradient(of: s.rows), batch = batch
        let widths = (s.heads * s.headSize / heads, t.heads * t.headSize / heads)
        let own = PairScores(s, size: widths.0), other = PairScores(t, size: widths.1)
        return sum(batch.sequences * heads, scratch: PairScores.floats(batch.longest, max(widths.0, widths.1))) { item, scratch in
            let tokens = batch.range(item / heads), head = item % heads, count = tokens.count, stride = rowStride(count)
            let (a, b, rest) = (scratch, scratch + count * stride, scratch + 2 * count * stride)
            let column = part * own.spacing + head * widths.0, otherColumn = part * other.spacing + head * widths.1
            own.compute(tape, tokens, column: column, other: column, into: a, stride, rest)
            other.compute(tape, tokens, column: otherColumn, other: otherColumn, into: b, stride, rest)
            let factor = weight / Float(heads * count * batch.sequences)
            var value = 0.0
            for row in 0..<count {
                let x = a + row * stride, y = b + row * stride
                value += RowDivergence(x, y, count, temperature: 1).kl
                tape.kernels.softmax(x, count)
                tape.kernels.softmax(y, count)
                for column in 0..<count { x[column] = factor * (x[column] - y[column]) }
            }
            own.addGradient(tape, tokens, column: column, other: column, from: a, stride, gradient, rest)
            return value / Double(heads * count)
        } / Double(batch.sequences)
    }
}

/// a b^T / sqrt(size) of two parts of projected rows, of one sequence, and its backward pass.
private struct PairScores {
    let rows: Variable
    let size: Int
    /// From a query to its key.
    let spacing: Int

    init(_ projected: States.Projected, size: Int? = nil) {
        (rows, self.size, spacing) = (projected.rows, size ?? projected.headSize, projected.heads * projected.headSize)
    }

    private var scale: Float { 1 / Float(size).squareRoot() }

    func compute(
        _ tape: Tape, _ tokens: Range<Int>, column: Int, other: Int, into out: UnsafeMutablePointer<Float>, _ stride: Int,
        _ scratch: UnsafeMutablePointer<Float>
    ) {
        let start = rows.value + tokens.lowerBound * rows.stride
        tape.multiply(
            SmallProduct(
                a: start + column, aStride: rows.stride, b: start + other, bStride: rows.stride, isTransposedB: true,
                rows: tokens.count, depth: size, columns: tokens.count, out: out, outStride: stride, scale: scale), scratch)
    }

    /// da += d b scale, db += d^T a scale
    func addGradient(
        _ tape: Tape, _ tokens: Range<Int>, column: Int, other: Int, from d: UnsafePointer<Float>, _ stride: Int,
        _ gradient: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let place = tokens.lowerBound * rows.stride, start = rows.value + place
        for (into, from, isTransposed) in [(column, other, false), (other, column, true)] {
            tape.multiply(
                SmallProduct(
                    a: d, aStride: stride, isTransposedA: isTransposed, b: start + from, bStride: rows.stride, rows: tokens.count,
                    depth: tokens.count, columns: size, out: gradient + place + into, outStride: rows.stride, scale: scale,
                    accumulates: true), scratch)
        }
    }

    /// Floats of scratch: two matrices of scores, and that of products.
    static func floats(_ tokens: Int, _ size: Int) -> Int {
        2 * tokens * rowStride(tokens) + SmallProduct.scratch(rows: tokens, depth: max(tokens, size), isTransposedA: true)
    }
}
