import KernelInterface

// Texts are added to the batch until one does not fit; then the batch is computed, and the next one begins with that text.

extension Session {
    /// Whether a sequence still fits into the batch. An empty batch always has room. A sequence may have no token at all.
    func hasRoom(for count: Int) -> Bool {
        batch.sequences < batch.capacity && (batch.tokens == 0 || batch.tokens + count <= batchTokens)
    }

    /// Adds the caller's text `index`, or a pair, truncated to `length` tokens. False: there is no room left in this batch.
    func append(
        _ text: Text, pair: Text? = nil, index: Int = 0, after prompt: PreparedPrompt = PreparedPrompt(), length: Int,
        tokenizer: Tokenizer
    ) throws(LimbeckError) -> Bool {
        let start = batch.tokens
        guard hasRoom(for: 1) else { return false }
        // Finding where such a text continues takes all the room for tokens.
        if start > 0, prompt.bytes > 0, text.count > scratch.promptedBytes - prompt.bytes { return false }
        let text = try joined(text, after: prompt, tokenizer)
        let out = batch.room()
        let count = tokenizer.encode(text, pair: pair, addSpecialTokens: true, maxLength: length, into: out)
        guard count <= out.capacity else {
            // A single sequence fits, unless it has too many special tokens.
            guard start > 0 else { throw tooLong("\(count) tokens") }
            return false
        }
        guard count <= longest else { throw tooLong("\(count) tokens") }
        guard hasRoom(for: count) else { return false }
        try checkRows(start..<start + count)
        close(count: count, index: index)
        return true
    }

    /// A template may have more token types for a pair than the model has rows; ids were checked when the model was opened.
    func checkRows(_ range: Range<Int>) throws(LimbeckError) {
        let count = model.configuration.typeVocabSize
        guard count > 0 else { return }
        for i in range where batch.types[i] < 0 || Int(batch.types[i]) >= count {
            throw LimbeckError(.idOutOfRange, "the tokenizer's token type \(batch.types[i]), but the model has \(count) types")
        }
    }

    /// A batch of this text alone.
    func makeBatch(of text: Text, length: Int, tokenizer: Tokenizer) throws(LimbeckError) {
        batch.clear()
        _ = try append(text, length: length, tokenizer: tokenizer)
    }

    /// Ends a sequence whose ids and types are in place.
    func close(count: Int, index: Int) {
        batch.close(count: count, origin: index, paddingId: model.configuration.paddingId)
    }

    /// Computes the batch through its first `layers` layers, by default all.
    func encode(layers: Int? = nil) throws(LimbeckError) {
        try encoder.embed(batch)
        try encoder.run(batch, layers: 0..<(layers ?? plan.layers.count))
    }

    /// Makes batches of a list of texts, or of pairs, as many as needed; `each` computes a batch. An empty second text counts as
    /// none, as in the transformers pipelines.
    func forEachBatch(
        of texts: TextList, pairs: TextList? = nil, after prompt: PreparedPrompt, length: Int,
        each: () throws(LimbeckError) -> Void
    ) throws(LimbeckError) {
        try forEachBatch(count: texts.count, prompt, length: length, { (texts[$0], pairs?[$0].nonEmpty) }, each: each)
    }

    /// The same with one text paired with each of a list.
    func forEachBatch(
        of texts: TextList, with first: Text, after prompt: PreparedPrompt, length: Int,
        each: () throws(LimbeckError) -> Void
    ) throws(LimbeckError) {
        try forEachBatch(count: texts.count, prompt, length: length, { (first, texts[$0]) }, each: each)
    }

    private func forEachBatch(
        count: Int, _ prompt: PreparedPrompt, length: Int, _ pair: (Int) -> (Text, Text?),
        each: () throws(LimbeckError) -> Void
    ) throws(LimbeckError) {
        let tokenizer = try tokenizer()
        var next = 0
        while next < count {
            batch.clear()
            while next < count {
                let (text, second) = pair(next)
                guard try append(text, pair: second, index: next, after: prompt, length: length, tokenizer: tokenizer) else {
                    break
                }
                next += 1
            }
            try each()
        }
    }
}

extension Text {
    fileprivate var nonEmpty: Text? { isEmpty ? nil : self }
}
