import KernelInterface
import Limbeck

// The heads, on the states of a pass.

extension Network {
    /// The logits of texts by an exit: (sequences, labels). nil: it has no sequence head.
    package func sequenceLogits(_ tape: Tape, _ batch: TokenBatch, _ states: States, exit: Int, dropout: Float = 0) -> Variable? {
        guard case .sequence(let dense, let classifier) = parts.exits[exit].head, let state = states.exits[exit] else { return nil }
        var rows = pooled(tape, batch, state, configuration.headReading)
        if let dense { rows = apply(tape, dense, rows) }
        return LinearOperation(tape, dropped(tape, batch, rows, dropout), classifier.parts).out
    }

    /// The logits of tokens: of labels, of start and end, or of being replaced. (rows, outputs)
    package func tokenLogits(_ tape: Tape, _ states: States, rows: [Int]) -> Variable? {
        guard let exit = parts.exits.last else { return nil }
        switch exit.head {
        case .token(let head), .span(let head), .detection(let head):
            var x = GatherOperation(tape, states[-1], rows: rows).out
            if let dense = head.dense { x = apply(tape, dense, x) }
            return LinearOperation(tape, x, head.linear.parts).out
        default: return nil
        }
    }

    /// The logits of these tokens over the vocabulary. (rows, vocab)
    package func vocabularyLogits(_ tape: Tape, _ states: States, rows: [Int]) -> Variable? {
        guard case .maskedLM(let transform, let decoder)? = parts.exits.last?.head else { return nil }
        let x = apply(tape, transform, GatherOperation(tape, states[-1], rows: rows).out)
        return LinearOperation(tape, x, decoder.parts).out
    }

    private func pooled(_ tape: Tape, _ batch: TokenBatch, _ state: Variable, _ reading: HeadReading) -> Variable {
        switch reading {
        case .first: GatherOperation(tape, state, rows: Array(batch.starts.dropLast())).out
        case .last: GatherOperation(tape, state, rows: batch.starts.dropFirst().map { $0 - 1 }).out
        case .mean: PoolOperation(tape, state, starts: batch.starts) { 1 / Float(max(1, $0)) }.out
        }
    }

    private func apply(_ tape: Tape, _ layer: TrainableLayer, _ x: Variable) -> Variable {
        var out = LinearOperation(tape, x, layer.linear.parts, activation: layer.activation).out
        if layer.relu { out = ActivationOperation(tape, out, .relu).out }
        if let norm = layer.norm { out = NormOperation(tape, out, norm).out }
        return out
    }

    private func dropped(_ tape: Tape, _ batch: TokenBatch, _ rows: Variable, _ probability: Float) -> Variable {
        guard probability > 0 else { return rows }
        let addresses = tape.arena.take(RowAddress.self, batch.sequences)
        if !tape.isMeasuring {
            for (row, start) in batch.starts.dropLast().enumerated() { addresses[row] = batch.addresses[start] }
        }
        let place = DropoutPlace(probability: probability, site: 1, addresses: UnsafePointer(addresses))
        return ResidualOperation(tape, rows, residual: nil, dropout: place).out
    }

    /// The vectors of texts, as the folder's modules make them; the length is 1 if `isNormalized`, or, if that is nil, as they say.
    package func vectors(_ tape: Tape, _ batch: TokenBatch, _ states: States, isNormalized: Bool?) -> Variable {
        let steps = parts.vector
        var out: Variable
        switch steps.poolings[0] {
        case .cls: out = pooled(tape, batch, states[-1], .first)
        case .lastToken: out = pooled(tape, batch, states[-1], .last)
        case .meanSqrtLenTokens:
            out = PoolOperation(tape, states[-1], starts: batch.starts) { 1 / Float(max(1, $0)).squareRoot() }.out
        case .pooler:
            out = pooled(tape, batch, states[-1], .first)
            if let pooler = parts.pooler { out = apply(tape, pooler, out) }
        default: out = pooled(tape, batch, states[-1], .mean)
        }
        let ends = isNormalized == nil ? 0 : steps.trailingUnitLengths
        for stage in steps.stages.dropLast(ends) {
            switch stage {
            case .dense(let layer, _, _, _): out = apply(tape, layer, out)
            case .norm(let norm): out = NormOperation(tape, out, norm).out
            case .unitLength: out = UnitLengthOperation(tape, out).out
            }
        }
        return isNormalized == true ? UnitLengthOperation(tape, out).out : out
    }

    /// Why vectors of the folder cannot be trained; nil: they can.
    package var refusedVectors: String? {
        let steps = parts.vector
        if steps.poolings.count > 1 { return "several poolings side by side" }
        switch steps.poolings[0] {
        case .max, .weightedMean: return "'\(steps.poolings[0].name)' pooling"
        default: break
        }
        if steps.kept < steps.width { return "vectors cut to \(steps.kept) numbers" }
        for case .dense(_, let isSigmoid, let addsInputs, let adds) in steps.stages where isSigmoid || addsInputs || adds != nil {
            return "a dense module with more than one matrix"
        }
        return nil
    }
}
