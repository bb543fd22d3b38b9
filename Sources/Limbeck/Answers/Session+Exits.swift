import KernelInterface

/// Where the logits of sequences go, and as what.
struct LogitsOutput {
    /// (sequences, labels), by the caller's index of a sequence
    let out: UnsafeMutablePointer<Float>
    let labels: Int
    /// nil: logits, not scores.
    var scoring: Scoring?
    /// Only this label: (sequences).
    var label: Int?
    /// The logits of every exit: (sequences, exits, labels).
    var isOfAllExits = false
    /// (sequences) The number of layers after which each left.
    var layers: UnsafeMutableBufferPointer<UInt32>?
}

extension Session {
    /// Computes the batch, and the logits of all sequences at the last exit; or of each at the first exit where `leaving` lets it go,
    /// from where on it is computed no further.
    @inline(never) func compute(_ output: LogitsOutput, leaving: Leaving?) throws(LimbeckError) {
        try encoder.embed(batch)
        for sequence in 0..<(leaving == nil ? 0 : batch.sequences) { scratch.opinions[sequence] = Opinion() }
        let count = plan.exits.count
        var layers = 0
        for index in (leaving == nil && !output.isOfAllExits ? count - 1 : 0)..<count {
            let exit = plan.exits[index]
            try encoder.run(batch, layers: layers..<exit.layers)
            layers = exit.layers
            try encoder.run(batch, exit: exit)
            var left = 0, first = 0
            while first < batch.sequences {
                let block = first..<min(first + Scratch.headRows, batch.sequences)
                try sequenceLogits(of: exit, sequences: block, into: scratch.logits)  // (block, labels)
                for row in 0..<block.count {
                    let sequence = first + row, logits = scratch.logits + row * output.labels
                    if let leaving, index < count - 1 {
                        guard leaves(sequence, logits, leaving, exit: index, output.labels) else { continue }
                        left += 1
                    }
                    write(logits, of: batch.origin[sequence], exit: index, layers, to: output)
                }
                first = block.upperBound
            }
            if left == batch.sequences { return }
            if left > 0 { dropLeft() }
        }
    }

    /// `forward` for the logits of sequences, each from the exit where it left.
    package func forwardToExits(
        ids: UnsafeBufferPointer<Int32>, types: UnsafeBufferPointer<Int32>?, lengths: UnsafeBufferPointer<Int>,
        _ choice: ExitChoice,
        into out: UnsafeMutableBufferPointer<Float>, layers: UnsafeMutableBufferPointer<UInt32>?
    ) throws(LimbeckError) -> Int {
        _ = try sequenceLabels()
        return try forward(
            ids: ids, types: types, lengths: lengths, output: .logits, layer: -1, exits: choice, into: out, left: layers)
    }

    private func leaves(
        _ sequence: Int, _ logits: UnsafePointer<Float>, _ leaving: Leaving, exit: Int, _ labels: Int
    ) -> Bool {
        let opinion = scratch.opinions + sequence
        let leaves = leaving.leaves(at: exit, logits, labels, &opinion.pointee, space: scratch.probabilities)
        opinion.pointee.hasLeft = leaves
        return leaves
    }

    private func write(
        _ logits: UnsafeMutablePointer<Float>, of index: Int, exit: Int, _ layers: Int, to output: LogitsOutput
    ) {
        if let scoring = output.scoring { score(logits, output.labels, scoring) }
        output.layers?[index] = UInt32(truncatingIfNeeded: layers)
        if let label = output.label {
            output.out[index] = logits[label]
        } else {
            let place = output.isOfAllExits ? index * plan.exits.count + exit : index
            copy(logits, to: output.out + place * output.labels, count: output.labels)
        }
    }

    /// Drops the sequences that have left from the batch.
    private func dropLeft() {
        let opinions = scratch.opinions, count = batch.sequences
        encoder.compact(&batch) { !opinions[$0].hasLeft }
        var kept = 0
        for sequence in 0..<count where !opinions[sequence].hasLeft {
            opinions[kept] = opinions[sequence]
            kept += 1
        }
    }

    /// Converts a row of logits to scores, in place.
    private func score(_ row: UnsafeMutablePointer<Float>, _ count: Int, _ scoring: Scoring) {
        guard scoring.scores != .raw else { return }
        let softmax = encoder.workers.kernels.softmax
        for i in 0..<count {
            // A tiny temperature makes logits large; they are kept finite, since the difference of infinities would be NaN.
            let limit = Float.greatestFiniteMagnitude
            row[i] = min(max(row[i] / scoring.temperature, -limit), limit)
        }
        if scoring.scores == .sigmoid { sigmoid(row, count) } else { softmax(row, count) }
    }
}
