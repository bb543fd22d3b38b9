import KernelInterface
import Limbeck

// Cross entropy with labels: the logits' gradient is (p - the label's) / rows.

extension LossContext {
    /// The mean of -log p(label) over rows with a label, times `weight` in the gradient. Without any the value is 0.
    func crossEntropy(_ logits: Variable, _ labels: [Int32], weight: Float) -> Double {
        let rows = labels.filter { $0 != Targets.none }.count
        let gradient = tape.gradient(of: logits)
        guard rows > 0 else { return 0 }
        let factor = weight / Float(rows)
        return sum(labels.count, scratch: logits.stride) { row, e in
            guard labels[row] != Targets.none else { return 0 }
            let x = logits.value + row * logits.stride, own = gradient + row * logits.stride, label = Int(labels[row])
            let (shift, total) = tape.gradients.exponentials(x, e, logits.width, 1)
            tape.gradients.add(e, own, logits.width, factor / total)
            own[label] -= factor
            return logarithm(Double(total)) + Double(shift) - Double(x[label])
        } / Double(rows)
    }

    /// Cross entropy over classes, or, with one output, the squared error.
    func labelLoss(_ logits: Variable, weight: Float) -> Double {
        guard logits.width == 1 else { return crossEntropy(logits, targets.labels.map { Int32($0) }, weight: weight) }
        let gradient = tape.gradient(of: logits), labels = targets.labels
        let factor = 2 * weight / Float(labels.count)
        return sum(labels.count) { row, _ in
            let difference = logits.value[row * logits.stride] - labels[row]
            gradient[row * logits.stride] += factor * difference
            return Double(difference) * Double(difference)
        } / Double(labels.count)
    }

    func crossEntropyTerms(_ target: Loss.LabelTarget, _ loss: Loss, weight: Float) -> [Term] {
        func term(_ value: Double) -> [Term] { [Term(name: loss.name, value: value, weight: Double(weight))] }
        let share = weight * share
        switch target {
        case .sequence:
            guard let logits = exitLogits(ownExit) else { return [] }
            return term(labelLoss(logits, weight: share))
        case .token:
            let rows = labelled(targets.tokenLabels)
            guard let logits = student.tokenLogits(tape, states, rows: rows) else { return [] }
            return term(crossEntropy(logits, rows.map { targets.tokenLabels[$0] }, weight: share))
        case .maskedToken:
            let rows = labelled(targets.maskedLabels)
            guard let logits = maskedLogits(rows) else { return [] }
            return term(crossEntropy(logits, rows.map { targets.maskedLabels[$0] }, weight: share))
        case .span: return term(spans(weight: share))
        case .exits(let exits):
            var terms: [Term] = []
            let chosen = student.parts.exits.filter { !exits.isInnerOnly || $0.layers < student.layers }.count
            let total = exits.isWeightedByDepth ? Float(chosen * (chosen + 1) / 2) : 1
            for exit in 0..<chosen {
                guard let logits = exitLogits(exit) else { continue }
                let own = exits.isWeightedByDepth ? Float(exit + 1) / total : 1
                let value = labelLoss(logits, weight: share * own)
                terms.append(Term(name: "\(loss.name)\(exit)", value: value, weight: Double(weight * own)))
            }
            return terms
        }
    }

    /// Of masked tokens alone, unless all tokens' logits are there anyhow.
    func maskedLogits(_ rows: [Int]) -> Variable? {
        if let all = logits.allTokens { return GatherOperation(tape, all, rows: rows).out }
        if let known = logits.maskedTokens { return known }
        logits.maskedTokens = student.vocabularyLogits(tape, states, rows: rows)
        return logits.maskedTokens
    }

    /// (CE of the first token + CE of the last) / 2, each over the tokens of its own text; the mean over texts.
    private func spans(weight: Float) -> Double {
        guard let logits = student.tokenLogits(tape, states, rows: Array(0..<batch.tokens)) else { return 0 }
        let gradient = tape.gradient(of: logits), stride = logits.stride, ends = [targets.spanStarts, targets.spanEnds]
        var loss = 0.0
        for column in 0..<2 {
            func label(_ sequence: Int) -> Int? {
                let label = Int(ends[column][sequence])
                return label >= 0 && label < batch.range(sequence).count ? label : nil
            }
            let count = (0..<batch.sequences).filter { label($0) != nil }.count
            guard count > 0 else { continue }
            let factor = weight / 2 / Float(count)
            loss +=
                sum(batch.sequences, scratch: 2 * rowStride(batch.longest)) { sequence, scratch in
                    guard let label = label(sequence) else { return 0 }
                    let tokens = batch.range(sequence), e = scratch + rowStride(batch.longest)
                    let place = tokens.lowerBound * stride + column
                    for token in 0..<tokens.count { scratch[token] = logits.value[place + token * stride] }
                    let (shift, total) = tape.gradients.exponentials(scratch, e, tokens.count, 1)
                    for token in 0..<tokens.count { gradient[place + token * stride] += factor / total * e[token] }
                    gradient[place + label * stride] -= factor
                    return logarithm(Double(total)) + Double(shift) - Double(scratch[label])
                } / Double(count) / 2
        }
        return loss
    }
}
