import KernelInterface

// The task heads, on states of the batch that was just computed.

extension Session {
    /// act(W x[first token] + b) for sequences of the batch, at most `Scratch.headRows`.
    /// -> out (sequences, hidden), `outStride` apart. A sequence without tokens counts as a state of zeros.
    func dense(
        _ linear: Linear, tanh: Bool, relu: Bool, sequences: Range<Int>, into out: UnsafeMutablePointer<Float>, outStride: Int
    ) {
        let hidden = model.configuration.hiddenSize, stride = rowStride(hidden)
        for (row, sequence) in sequences.enumerated() {
            let start = scratch.starts[sequence]
            let isEmpty = start == scratch.starts[sequence + 1]
            copy(isEmpty ? nil : scratch.hidden + start * stride, to: scratch.rows + row * stride, count: hidden)
        }
        dots(linear, rows: sequences.count, of: scratch.rows, stride, into: out, outStride)
        let activate = encoder.workers.kernels.activate
        for row in 0..<sequences.count {
            if tanh { activate(out + row * outStride, linear.outputs, .tanh) }
            if relu { activate(out + row * outStride, linear.outputs, .relu) }
        }
    }

    /// The classifier's logits for sequences of the batch. -> out (sequences, labels)
    func sequenceLogits(sequences: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        guard case .sequence(let source, let classifier) = model.weights.head else { return }
        let stride = rowStride(model.configuration.hiddenSize)
        forEachBlock(of: sequences) { block in
            dense(source.dense, tanh: source.tanh, relu: source.relu, sequences: block, into: scratch.dense, outStride: stride)
            let first = (block.lowerBound - sequences.lowerBound) * classifier.outputs
            dots(classifier, rows: block.count, of: scratch.dense, stride, into: out + first, classifier.outputs)
        }
    }

    /// The pooler's vectors for sequences of the batch: tanh(W x[first token] + b). -> out (sequences, hidden)
    func pooledVectors(_ pooler: Linear, sequences: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        let hidden = model.configuration.hiddenSize
        forEachBlock(of: sequences) { block in
            let first = (block.lowerBound - sequences.lowerBound) * hidden
            dense(pooler, tanh: true, relu: false, sequences: block, into: out + first, outStride: hidden)
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
        let c = model.configuration
        let stride = rowStride(c.hiddenSize)
        forEachBlock(of: tokens) { block in
            dots(transform, rows: block.count, of: scratch.hidden + block.lowerBound * stride, stride, into: scratch.dense, stride)
            let kernels = encoder.workers.kernels
            for row in 0..<block.count { kernels.activate(scratch.dense + row * stride, c.hiddenSize, c.activation) }
            let normalization = Normalization(
                x: scratch.dense, stride: stride, width: c.hiddenSize, weight: norm.weight, bias: norm.bias, eps: c.layerNormEps)
            withUnsafePointer(to: normalization) { kernels.normalize($0, 0..<block.count) }
            let first = (block.lowerBound - tokens.lowerBound) * decoder.outputs
            dots(decoder, rows: block.count, of: scratch.dense, stride, into: out + first, decoder.outputs)
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

    private func dots(
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
