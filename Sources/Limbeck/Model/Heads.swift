import KernelInterface

// The task heads, on states of the batch that was just computed.

extension Session {
    /// `dense` of the first tokens of sequences of the batch, at most `Scratch.headRows`.
    /// -> out (sequences, outputs), `outStride` apart. A sequence without tokens counts as a state of zeros.
    func dense(_ dense: Dense, sequences: Range<Int>, into out: UnsafeMutablePointer<Float>, outStride: Int) {
        gatherFirstTokens(of: sequences)
        apply(dense, rows: sequences.count, of: scratch.rows, scratch.headStride, into: out, outStride)
    }

    /// The states of the first tokens. -> scratch.rows (sequences, hidden)
    private func gatherFirstTokens(of sequences: Range<Int>) {
        let hidden = model.configuration.hiddenSize, stride = rowStride(hidden)
        for (row, sequence) in sequences.enumerated() {
            let start = scratch.starts[sequence]
            let isEmpty = start == scratch.starts[sequence + 1]
            copy(isEmpty ? nil : scratch.hidden + start * stride, to: scratch.rows + row * scratch.headStride, count: hidden)
        }
    }

    /// The classifier's logits for sequences of the batch. -> out (sequences, labels)
    func sequenceLogits(sequences: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        guard case .sequence(let source, let classifier) = model.weights.head else { return }
        let stride = scratch.headStride
        forEachBlock(of: sequences) { block in
            var states = scratch.rows
            if let source {
                states = scratch.dense
                dense(source, sequences: block, into: states, outStride: stride)
            } else {
                gatherFirstTokens(of: block)
            }
            let first = (block.lowerBound - sequences.lowerBound) * classifier.outputs
            dots(classifier, rows: block.count, of: states, stride, into: out + first, classifier.outputs)
        }
    }

    /// The pooler's vectors for sequences of the batch: tanh(W x[first token] + b). -> out (sequences, hidden)
    func pooledVectors(_ pooler: Dense, sequences: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        let hidden = model.configuration.hiddenSize
        forEachBlock(of: sequences) { block in
            let first = (block.lowerBound - sequences.lowerBound) * hidden
            dense(pooler, sequences: block, into: out + first, outStride: hidden)
        }
    }

    /// Logits per token from one linear layer: labels, or start and end. -> out (tokens, outputs)
    func tokenLogits(_ linear: Linear, tokens: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        let stride = rowStride(model.configuration.hiddenSize)
        dots(linear, rows: tokens.count, of: scratch.hidden + tokens.lowerBound * stride, stride, into: out, linear.outputs)
    }

    /// Logits over the vocabulary: decoder(LN(act(transform x))). -> out (tokens, vocab)
    func vocabularyLogits(tokens: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        guard case .maskedLM(let transform, let norm, let decoder) = model.weights.head else { return }
        forEachBlock(of: tokens) { block in
            apply(transform, to: block)
            let normalization = norm.normalization(of: scratch.dense, stride: scratch.headStride, width: transform.linear.outputs)
            withUnsafePointer(to: normalization) { encoder.workers.kernels.normalize($0, 0..<block.count) }
            let first = (block.lowerBound - tokens.lowerBound) * decoder.outputs
            dots(decoder, rows: block.count, of: scratch.dense, scratch.headStride, into: out + first, decoder.outputs)
        }
    }

    /// A logit per token: was it replaced? -> out (tokens)
    func detectionLogits(tokens: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        guard case .detection(let source, let classifier) = model.weights.head else { return }
        forEachBlock(of: tokens) { block in
            apply(source, to: block)
            let first = block.lowerBound - tokens.lowerBound
            dots(classifier, rows: block.count, of: scratch.dense, scratch.headStride, into: out + first, 1)
        }
    }

    /// `dense` of tokens of the batch, at most `Scratch.headRows`. -> scratch.dense (tokens, outputs)
    private func apply(_ dense: Dense, to tokens: Range<Int>) {
        let stride = rowStride(model.configuration.hiddenSize)
        apply(
            dense, rows: tokens.count, of: scratch.hidden + tokens.lowerBound * stride, stride, into: scratch.dense,
            scratch.headStride)
    }

    @inline(never) private func apply(
        _ dense: Dense, rows: Int, of a: UnsafePointer<Float>, _ aStride: Int, into out: UnsafeMutablePointer<Float>,
        _ outStride: Int
    ) {
        dots(dense.linear, rows: rows, of: a, aStride, into: out, outStride)
        let activate = encoder.workers.kernels.activate
        for row in 0..<rows {
            activate(out + row * outStride, dense.linear.outputs, dense.activation)
            if dense.relu { activate(out + row * outStride, dense.linear.outputs, .relu) }
        }
    }

    /// Cuts a range into what a head takes at a time.
    func forEachBlock(of range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var first = range.lowerBound
        while first < range.upperBound {
            let end = min(first + Scratch.headRows, range.upperBound)
            body(first..<end)
            first = end
        }
    }

    @inline(never) private func dots(
        _ linear: Linear, rows: Int, of a: UnsafePointer<Float>, _ aStride: Int, into out: UnsafeMutablePointer<Float>,
        _ outStride: Int
    ) {
        let job = Dots(
            a: a, aStride: aStride, rows: rows, width: linear.inputs, weight: linear.weight, bias: linear.bias, out: out,
            outStride: outStride)
        encoder.workers.run(.dots(job, columns: linear.outputs), items: pieces(linear.outputs, Work.dotsColumns))
    }

    func copy(_ source: UnsafePointer<Float>?, to out: UnsafeMutablePointer<Float>, count: Int) {
        if let source { out.update(from: source, count: count) } else { out.update(repeating: 0, count: count) }
    }
}
