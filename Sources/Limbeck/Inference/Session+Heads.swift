import KernelInterface

// The task heads, on states of the last computed batch.

extension Session {
    /// `dense` of the first tokens (or as `reading` says) of at most `Scratch.headRows` sequences of the batch. -> out (sequences,
    /// outputs), `outStride` apart. A sequence without tokens counts as a state of zeros.
    func dense(
        _ dense: Dense, sequences: Range<Int>, reading: HeadReading = .first, into out: UnsafeMutablePointer<Float>, outStride: Int
    ) throws(LimbeckError) {
        gather(sequences, reading, from: .hidden, width: model.configuration.hiddenSize)
        try apply(dense, rows: sequences.count, of: scratch.rows, scratch.headStride, into: out, outStride)
    }

    /// The rows of the first or last tokens, or the means of all tokens. -> scratch.rows (sequences, width)
    private func gather(_ sequences: Range<Int>, _ reading: HeadReading, from buffer: Buffer, width: Int) {
        let (start, stride) = (scratch[buffer].start, scratch[buffer].stride)
        for (row, sequence) in sequences.enumerated() {
            let tokens = batch[sequence], count = tokens.count
            let (states, out) = (start + tokens.lowerBound * stride, scratch.rows + row * scratch.headStride)
            switch reading {
            case .mean: mean(states, stride, count, into: out, width)
            case .first: copy(count == 0 ? nil : states, to: out, count: width)
            case .last: copy(count == 0 ? nil : states + (count - 1) * stride, to: out, count: width)
            }
        }
    }

    /// The logits of an exit, whose steps have run, for at most `Scratch.headRows` sequences of the batch. -> out (sequences, labels)
    func sequenceLogits(
        of exit: Exit<Packed>, sequences: Range<Int>, into out: UnsafeMutablePointer<Float>
    ) throws(LimbeckError) {
        guard case .sequence(let source, let classifier) = exit.head else { return }
        let stride = scratch.headStride
        gather(sequences, model.configuration.headReading, from: exit.from, width: exit.head.width)
        var states = scratch.rows
        if let source {
            states = scratch.dense
            try apply(source, rows: sequences.count, of: scratch.rows, stride, into: states, stride)
        }
        try dots(classifier, rows: sequences.count, of: states, stride, into: out, classifier.outputs)
    }

    /// The pooler's vectors for sequences of the batch: tanh(W x[first token] + b). -> out (sequences, hidden)
    func pooledVectors(
        _ pooler: Dense, sequences: Range<Int>, into out: UnsafeMutablePointer<Float>
    ) throws(LimbeckError) {
        let hidden = model.configuration.hiddenSize
        try forEachBlock(of: sequences) { block throws(LimbeckError) in
            let first = (block.lowerBound - sequences.lowerBound) * hidden
            try dense(pooler, sequences: block, into: out + first, outStride: hidden)
        }
    }

    /// Logits per token: labels, start and end, or whether it was replaced. -> out (tokens, outputs)
    func tokenLogits(_ head: TokenClassifier<Packed>, tokens: Range<Int>, into out: UnsafeMutablePointer<Float>)
        throws(LimbeckError)
    {
        guard let source = head.dense else {
            let stride = rowStride(model.configuration.hiddenSize)
            return try dots(
                head.linear, rows: tokens.count, of: scratch.hidden + tokens.lowerBound * stride, stride, into: out, head.outputs)
        }
        try forEachBlock(of: tokens) { block throws(LimbeckError) in
            try apply(source, to: block)
            let first = (block.lowerBound - tokens.lowerBound) * head.outputs
            try dots(head.linear, rows: block.count, of: scratch.dense, scratch.headStride, into: out + first, head.outputs)
        }
    }

    /// Logits over the vocabulary: decoder(LN(act(transform x))). -> out (tokens, vocab)
    func vocabularyLogits(tokens: Range<Int>, into out: UnsafeMutablePointer<Float>) throws(LimbeckError) {
        guard case .maskedLM(let transform, let decoder) = plan.head else { return }
        try forEachBlock(of: tokens) { block throws(LimbeckError) in
            try apply(transform, to: block)
            let first = (block.lowerBound - tokens.lowerBound) * decoder.outputs
            try dots(decoder, rows: block.count, of: scratch.dense, scratch.headStride, into: out + first, decoder.outputs)
        }
    }

    /// `dense` of at most `Scratch.headRows` tokens of the batch. -> scratch.dense (tokens, outputs)
    private func apply(_ dense: Dense, to tokens: Range<Int>) throws(LimbeckError) {
        let stride = rowStride(model.configuration.hiddenSize)
        try apply(
            dense, rows: tokens.count, of: scratch.hidden + tokens.lowerBound * stride, stride, into: scratch.dense,
            scratch.headStride)
    }

    @inline(never) func apply(
        _ dense: Dense, rows: Int, of a: UnsafePointer<Float>, _ aStride: Int, into out: UnsafeMutablePointer<Float>,
        _ outStride: Int
    ) throws(LimbeckError) {
        try dots(dense.linear, rows: rows, of: a, aStride, into: out, outStride)
        let activate = encoder.workers.kernels.activate
        for row in 0..<rows {
            activate(out + row * outStride, dense.linear.outputs, dense.activation)
            if dense.relu { activate(out + row * outStride, dense.linear.outputs, .relu) }
        }
        guard let norm = dense.norm else { return }
        withUnsafePointer(to: norm.normalization(of: out, stride: outStride)) { encoder.workers.kernels.normalize($0, 0..<rows) }
    }

    /// Splits a range into blocks that a head processes at a time.
    func forEachBlock(
        of range: Range<Int>, _ body: (Range<Int>) throws(LimbeckError) -> Void
    ) throws(LimbeckError) {
        var first = range.lowerBound
        while first < range.upperBound {
            let end = min(first + Scratch.headRows, range.upperBound)
            try body(first..<end)
            first = end
        }
    }

    @inline(never) private func dots(
        _ linear: Linear, rows: Int, of a: UnsafePointer<Float>, _ aStride: Int, into out: UnsafeMutablePointer<Float>,
        _ outStride: Int
    ) throws(LimbeckError) {
        let job = Dots(
            a: a, aStride: aStride, rows: rows, width: linear.inputs, weight: linear.weight, bias: linear.bias, out: out,
            outStride: outStride)
        try encoder.workers.run(.dots(job, columns: linear.outputs), items: pieces(linear.outputs, Work.dotsColumns))
    }

    func copy(_ source: UnsafePointer<Float>?, to out: UnsafeMutablePointer<Float>, count: Int) {
        if let source { out.update(from: source, count: count) } else { out.update(repeating: 0, count: count) }
    }
}
