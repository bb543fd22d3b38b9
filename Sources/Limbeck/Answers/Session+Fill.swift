import KernelInterface

extension Session {
    /// For each mask token in the text, in order, the most probable tokens, best first; ties are broken by the lower id. Returns
    /// the number of candidates; nothing is computed if there is too little room for them. Masks beyond the truncation are ignored.
    package func fill(
        _ text: Text, options: FillOptions, into candidates: UnsafeMutableBufferPointer<Candidate>
    ) throws(LimbeckError) -> Int {
        guard case .maskedLM(_, let decoder) = plan.head else {
            throw unable("does not predict masked tokens")
        }
        guard options.topK > 0 else { throw LimbeckError(.invalidArgument, "top_k is \(options.topK), and must be at least 1") }
        let tokenizer = try tokenizer()
        guard let mask = tokenizer.mask else { throw LimbeckError(.noMask, "the tokenizer has no mask token") }
        try beginCall()
        try makeBatch(of: text, length: try length(options.maxLength), tokenizer: tokenizer)

        var masks = 0
        for token in 0..<batch.tokens where batch.ids[token] == mask { masks += 1 }
        guard masks > 0 else {
            throw LimbeckError(.noMask, "there is no \(tokenizer.token(mask) ?? "mask") among the text's \(batch.tokens) tokens")
        }
        let perMask = min(options.topK, decoder.outputs), needed = masks * perMask
        guard let out = candidates.baseAddress, needed <= candidates.count else { return needed }

        try encode()
        var index = 0
        for token in 0..<batch.tokens where batch.ids[token] == mask {
            try vocabularyLogits(tokens: token..<token + 1, into: scratch.logits)  // (vocab)
            encoder.workers.kernels.softmax(scratch.logits, decoder.outputs)
            var best = Best(out + index * perMask, capacity: perMask)
            for id in 0..<decoder.outputs {
                best.offer(
                    Candidate(
                        token: Int32(truncatingIfNeeded: id), score: scratch.logits[id], mask: UInt32(truncatingIfNeeded: index)))
            }
            best.sort()
            index += 1
        }
        return needed
    }
}

extension Candidate: Ranked {
    func isBetter(than other: Candidate) -> Bool {
        score != other.score ? score > other.score : token < other.token
    }
}
