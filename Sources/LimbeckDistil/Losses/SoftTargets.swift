import KernelInterface
import Limbeck

// Distributions of a teacher. Of -sum p_t log p_s and of KL(p_t || p_s) the gradient is the same, (p_s - p_t) / T.

extension LossContext {
    func softTerms(_ soft: SoftLoss, _ loss: Loss, weight: Float) -> [Term] {
        let share = weight * share
        switch soft.target {
        case .logits, .maskedLogits:
            guard let (student, teacher) = pairedLogits(soft.target) else { return [] }
            return [Term(name: loss.name, value: self.soft(student, teacher, soft, weight: share), weight: Double(weight))]
        case .exits:
            guard let last = exitLogits(ownExit) else { return [] }
            var terms: [Term] = []
            for exit in 0..<ownExit where self.student.parts.exits[exit].layers < self.student.layers {
                guard let logits = exitLogits(exit) else { continue }
                let value = self.soft(logits, last, soft, weight: share)
                terms.append(Term(name: "\(loss.name)\(exit)", value: value, weight: Double(weight)))
            }
            return terms
        }
    }

    /// The logits of student and teacher for the same rows.
    private func pairedLogits(_ target: SoftLoss.Target) -> (Variable, Variable)? {
        guard let teacher, let teacherStates else { return nil }
        switch student.configuration.head {
        case .sequence:
            let own = teacher.parts.exits.count - 1
            guard let student = exitLogits(ownExit),
                let teacher = unrecorded({ teacher.sequenceLogits(tape, batch, teacherStates, exit: own) })
            else { return nil }
            return (student, teacher)
        case .maskedLM:
            let isMasked = if case .maskedLogits = target { true } else { false }
            let rows = isMasked ? labelled(targets.maskedLabels) : Array(0..<batch.tokens)
            let student: Variable?
            if isMasked {
                student = maskedLogits(rows)
            } else {
                if logits.allTokens == nil { logits.allTokens = self.student.vocabularyLogits(tape, states, rows: rows) }
                student = logits.allTokens
            }
            guard let student, let teacher = unrecorded({ teacher.vocabularyLogits(tape, teacherStates, rows: rows) }) else {
                return nil
            }
            return (student, teacher)
        case .token, .span, .detection:
            let rows = Array(0..<batch.tokens)
            guard let student = student.tokenLogits(tape, states, rows: rows),
                let teacher = unrecorded({ teacher.tokenLogits(tape, teacherStates, rows: rows) })
            else { return nil }
            return (student, teacher)
        case .none: return nil
        }
    }

    /// The mean over rows, or over rows and classes.
    private func soft(_ s: Variable, _ t: Variable, _ soft: SoftLoss, weight: Float) -> Double {
        guard s.rows > 0 else { return 0 }
        let temperature = soft.temperature, inverse = 1 / temperature
        let squared = soft.isScaledBySquare ? temperature * temperature : 1
        let count = Float(s.rows) * (soft.isMeanOverClasses ? Float(s.width) : 1)
        let factor = weight * squared * inverse / count, gradient = tape.gradient(of: s), width = s.width
        let value =
            sum(s.rows, scratch: 3 * s.stride) { row, scratch in
                let (ps, pt, d) = (scratch, scratch + s.stride, scratch + 2 * s.stride)
                let x = s.value + row * s.stride, y = t.value + row * t.stride, own = gradient + row * s.stride
                let (shiftS, sumS) = tape.gradients.exponentials(x, ps, width, inverse)
                let (shiftT, sumT) = tape.gradients.exponentials(y, pt, width, inverse)
                var value = RowDivergence()
                if width <= RowDivergence.shortRow {
                    value = RowDivergence(x, y, width, temperature: Double(temperature))
                } else {
                    let (logS, logT) = (logarithm(Double(sumS)) + Double(shiftS), logarithm(Double(sumT)) + Double(shiftT))
                    func mean(_ p: UnsafePointer<Float>, _ sum: Float, _ x: UnsafePointer<Float>) -> Double {
                        Double(tape.gradients.dot(p, x, width)) / Double(sum) * Double(inverse)
                    }
                    value.crossEntropy = logS - mean(pt, sumT, x)
                    value.kl = value.crossEntropy - logT + mean(pt, sumT, y)
                    value.reversedKL = logT - logS + mean(ps, sumS, x) - mean(ps, sumS, y)
                }
                if case .reversedKL = soft.divergence {
                    // d KL(p_s || p_t) / d s = p_s (log p_s / p_t - KL) / T
                    for column in 0..<width {
                        d[column] = (x[column] - y[column]) * inverse
                        ps[column] /= sumS
                    }
                    tape.gradients.softmaxGradient(ps, d, width)
                    tape.gradients.add(d, own, width, factor)
                    return value.reversedKL
                }
                tape.gradients.add(ps, own, width, factor / sumS)
                tape.gradients.add(pt, own, width, -factor / sumT)
                if case .crossEntropy = soft.divergence { return value.crossEntropy }
                return value.kl
            } * Double(squared) / Double(count)
        return value
    }
}

/// The divergences of two rows of logits at a temperature.
struct RowDivergence {
    var crossEntropy = 0.0
    var kl = 0.0
    var reversedKL = 0.0

    /// Longer rows, over a vocabulary, are summed in float32: this many thousand exponentials in double precision would take longer than
    /// the step.
    static let shortRow = 1024

    init() {}

    /// In double precision: a divergence is a small difference of large numbers.
    init(_ s: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ count: Int, temperature: Double) {
        var (mostS, mostT) = (-Double.infinity, -Double.infinity)
        for place in 0..<count {
            mostS = max(mostS, Double(s[place]) / temperature)
            mostT = max(mostT, Double(t[place]) / temperature)
        }
        var (sumS, sumT, crossed, forward, backward) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for place in 0..<count {
            let x = Double(s[place]) / temperature - mostS, y = Double(t[place]) / temperature - mostT
            let (ex, ey) = (exponential(x), exponential(y))
            sumS += ex
            sumT += ey
            crossed += ey * x
            forward += ey * (y - x)
            backward += ex * (x - y)
        }
        let (logS, logT) = (logarithm(sumS), logarithm(sumT))
        crossEntropy = logS - crossed / sumT
        kl = forward / sumT + logS - logT
        reversedKL = backward / sumS + logT - logS
    }
}
