import KernelInterface

// The batch in the scratch: sequences back to back. Texts go in until one does not fit; then the batch is computed, and the next
// one begins with that text.

extension Session {
    func clearBatch() {
        sequences = 0
        scratch.starts[0] = 0
    }

    /// Tokens in the batch.
    var tokens: Int { scratch.starts[sequences] }

    /// Whether a sequence is to be computed with those that are there. One alone has room.
    func hasRoom(for count: Int) -> Bool { tokens == 0 || tokens + count <= batchTokens }

    /// Adds a text, or a pair, truncated to `length` tokens. False: there is no room left in this batch.
    func append(
        _ text: Text, pair: Text? = nil, after prompt: PreparedPrompt = PreparedPrompt(), length: Int, tokenizer: Tokenizer
    ) throws(LimbeckError) -> Bool {
        let start = tokens
        guard hasRoom(for: 1) else { return false }
        // To find where such a text goes on takes all the room for tokens.
        if start > 0, prompt.bytes > 0, text.count > scratch.promptedBytes - prompt.bytes { return false }
        let text = try joined(text, after: prompt, tokenizer)
        let out = TokenBuffer(
            ids: scratch.ids + start, types: scratch.types + start, starts: scratch.tokenStarts + start,
            ends: scratch.tokenEnds + start, words: scratch.words + start, capacity: maxTokens - start)
        let count = tokenizer.encode(text, pair: pair, addSpecialTokens: true, maxLength: length, into: out)
        guard count <= out.capacity else {
            // One sequence fits by itself, unless the special tokens alone are too many.
            guard start > 0 else { throw tooLong("\(count) tokens") }
            return false
        }
        guard count <= longest else { throw tooLong("\(count) tokens") }
        guard hasRoom(for: count) else { return false }
        try checkRows(start..<start + count)
        close(count: count)
        return true
    }

    /// A template may have more token types for a pair than the model has rows; its ids were checked at opening.
    func checkRows(_ range: Range<Int>) throws(LimbeckError) {
        let count = model.configuration.typeVocabSize
        guard count > 0 else { return }
        for i in range where scratch.types[i] < 0 || Int(scratch.types[i]) >= count {
            throw LimbeckError(.idOutOfRange, "the tokenizer's token type \(scratch.types[i]), and the model has \(count) types")
        }
    }

    /// A batch of this text alone.
    func makeBatch(of text: Text, length: Int, tokenizer: Tokenizer) throws(LimbeckError) {
        clearBatch()
        _ = try append(text, length: length, tokenizer: tokenizer)
    }

    /// Ends a sequence whose ids and types are in place.
    func close(count: Int) {
        let start = tokens
        number(start, count)
        sequences += 1
        scratch.starts[sequences] = start + count
    }

    /// The positions of a sequence's tokens.
    private func number(_ start: Int, _ count: Int) {
        let (ids, positions) = (scratch.ids + start, scratch.positions + start)
        guard let padding = model.configuration.paddingId else {
            for i in 0..<count { positions[i] = Int32(truncatingIfNeeded: i) }
            return
        }
        var last = padding
        for i in 0..<count {
            if ids[i] != padding { last += 1 }
            positions[i] = ids[i] == padding ? padding : last
        }
    }

    /// Computes the batch through its first `layers` layers, all by default.
    func encode(layers: Int? = nil) throws(LimbeckError) {
        guard tokens > 0 else { return }
        try encoder.run(tokens: tokens, sequences: sequences, layers: layers ?? model.configuration.layers)
    }

    /// Computes a list of texts, or of pairs, in as many batches as they need. `each` is called after a batch, with the texts in it.
    /// An empty second text is none, as in the transformers pipelines.
    func forEachBatch(
        of texts: TextList, pairs: TextList? = nil, after prompt: PreparedPrompt, length: Int,
        each: (Range<Int>) throws(LimbeckError) -> Void
    ) throws(LimbeckError) {
        try forEachBatch(count: texts.count, prompt, length: length, { (texts[$0], pairs?[$0].nonEmpty) }, each: each)
    }

    /// The same with one text paired with each of a list.
    func forEachBatch(
        of texts: TextList, with first: Text, after prompt: PreparedPrompt, length: Int,
        each: (Range<Int>) throws(LimbeckError) -> Void
    ) throws(LimbeckError) {
        try forEachBatch(count: texts.count, prompt, length: length, { (first, texts[$0]) }, each: each)
    }

    private func forEachBatch(
        count: Int, _ prompt: PreparedPrompt, length: Int, _ pair: (Int) -> (Text, Text?),
        each: (Range<Int>) throws(LimbeckError) -> Void
    ) throws(LimbeckError) {
        let tokenizer = try tokenizer()
        var next = 0
        while next < count {
            let first = next
            clearBatch()
            while next < count {
                let (text, second) = pair(next)
                guard try append(text, pair: second, after: prompt, length: length, tokenizer: tokenizer) else { break }
                next += 1
            }
            try encode()
            try each(first..<next)
        }
    }
}

extension Text {
    fileprivate var nonEmpty: Text? { isEmpty ? nil : self }
}
