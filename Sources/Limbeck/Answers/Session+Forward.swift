import KernelInterface

extension Session {
    /// Runs ragged sequences of ids, stored back to back, and returns the number of floats of the output. The caller compares it
    /// with the capacity, since nothing is computed if that is too small. `layer` matters only for `.hidden`: 0 is the embedding
    /// output, n the state after n layers, -1 the last. With `exits`, for the logits of sequences, each may leave at one, and `left`
    /// receives the number of layers before that.
    package func forward(
        ids: UnsafeBufferPointer<Int32>, types: UnsafeBufferPointer<Int32>?, lengths: UnsafeBufferPointer<Int>,
        output: ForwardOutput, layer: Int, exits: ExitChoice? = nil, into out: UnsafeMutableBufferPointer<Float>,
        left: UnsafeMutableBufferPointer<UInt32>? = nil
    ) throws(LimbeckError) -> Int {
        let layers = output == .hidden && layer != -1 ? layer : self.layers
        guard 0...self.layers ~= layers else {
            throw LimbeckError(.idOutOfRange, "layer is \(layer), and must be -1 to \(self.layers)")
        }
        try check(ids: ids, types: types, lengths: lengths)
        let (width, perToken) = try shape(output)
        var leaving: Leaving?
        if let exits { leaving = try Leaving(exits, self, labels: width) }
        let rows = perToken ? ids.count : lengths.count
        let (needed, overflow) = rows.multipliedReportingOverflow(by: width)
        guard !overflow else { throw LimbeckError(.invalidArgument, "the output would be larger than memory") }
        guard needed <= out.count, needed > 0, let base = out.baseAddress else { return needed }
        if let left { try need(lengths.count, by: 1, in: left.count) }
        var logits: LogitsOutput?
        if output == .branches { logits = LogitsOutput(out: base, labels: width / plan.exits.count, isOfAllExits: true) }
        if case (.logits, .sequence) = (output, plan.head) { logits = LogitsOutput(out: base, labels: width, layers: left) }

        try beginCall()
        var next = 0, firstToken = 0
        while next < lengths.count {
            let first = next
            batch.clear()
            while next < lengths.count, hasRoom(for: lengths[next]) {
                let start = batch.tokens, source = firstToken + start
                (batch.ids + start).update(from: ids.baseAddress! + source, count: lengths[next])
                if let types {
                    (batch.types + start).update(from: types.baseAddress! + source, count: lengths[next])
                } else {
                    (batch.types + start).update(repeating: 0, count: lengths[next])
                }
                close(count: lengths[next], index: next)
                next += 1
            }
            // An exit drops what has left.
            let tokens = batch.tokens
            if let logits {
                try compute(logits, leaving: leaving)
            } else {
                try encode(layers: layers)
                try write(output, into: base + (perToken ? firstToken : first) * width)
            }
            firstToken += tokens
        }
        return needed
    }

    private func check(
        ids: UnsafeBufferPointer<Int32>, types: UnsafeBufferPointer<Int32>?, lengths: UnsafeBufferPointer<Int>
    ) throws(LimbeckError) {
        let c = model.configuration
        var total = 0
        for length in lengths {
            guard length > 0 else { throw LimbeckError(.invalidArgument, "a sequence without ids") }
            guard length <= longest else { throw tooLong("a sequence of \(length) ids") }
            total += length
            guard total <= ids.count else { break }
        }
        guard total == ids.count else { throw LimbeckError(.invalidArgument, "the lengths do not add up to the ids") }
        try check(ids, below: c.vocabSize, "ids")
        if let types, c.typeVocabSize > 0 { try check(types, below: c.typeVocabSize, "types") }
    }

    private func check(_ numbers: UnsafeBufferPointer<Int32>, below count: Int, _ name: StaticString) throws(LimbeckError) {
        for (index, number) in numbers.enumerated() where number < 0 || Int(number) >= count {
            throw LimbeckError(.idOutOfRange, "\(name)[\(index)] is \(number), and must be 0 to \(count - 1)")
        }
    }

    /// The width of an output's rows, and whether rows are tokens or sequences.
    func shape(_ output: ForwardOutput) throws(LimbeckError) -> (width: Int, perToken: Bool) {
        let c = model.configuration
        switch (output, plan.head) {
        case (.hidden, _): return (c.hiddenSize, true)
        case (.pooled, _):
            guard model.weights.pooler != nil else { throw unable("has no pooler") }
            return (c.hiddenSize, false)
        case (.logits, .none): throw unable("has no head, and so no logits")
        case (.branches, .sequence(_, let classifier)) where model.configuration.exitRule != nil:
            return (plan.exits.count * classifier.outputs, false)
        case (.branches, _): throw unable("has no exits")
        case (.logits, .sequence(_, let classifier)): return (classifier.outputs, false)
        case (.logits, .token(let head)), (.logits, .span(let head)), (.logits, .detection(let head)): return (head.outputs, true)
        case (.logits, .maskedLM(_, let decoder)): return (decoder.outputs, true)
        }
    }

    private func write(_ output: ForwardOutput, into out: UnsafeMutablePointer<Float>) throws(LimbeckError) {
        let hidden = model.configuration.hiddenSize, stride = rowStride(hidden)
        switch (output, plan.head) {
        case (.hidden, _):
            for token in 0..<batch.tokens { copy(scratch.hidden + token * stride, to: out + token * hidden, count: hidden) }
        case (.pooled, _):
            if let pooler = model.weights.pooler { try pooledVectors(pooler, sequences: 0..<batch.sequences, into: out) }
        case (.logits, .none), (.logits, .sequence), (.branches, _): break
        case (.logits, .token(let head)), (.logits, .span(let head)), (.logits, .detection(let head)):
            try tokenLogits(head, tokens: 0..<batch.tokens, into: out)
        case (.logits, .maskedLM): try vocabularyLogits(tokens: 0..<batch.tokens, into: out)
        }
    }
}
