/// The prompt that a call puts before its texts.
package enum PromptChoice {
    /// The model's default, if it has one.
    case standard
    case text(Text)
    /// One of the model's prompts, by name.
    case named(Text)

    /// At most one of the two may be given.
    package init(text: Text?, name: Text?) throws(LimbeckError) {
        switch (text, name) {
        case (nil, nil): self = .standard
        case (let text?, nil): self = .text(text)
        case (nil, let name?): self = .named(name)
        default: throw LimbeckError(.invalidArgument, "both a prompt and the name of one, and a call has one at most")
        }
    }
}

/// The prompt of a call: its bytes are at the beginning of `Scratch.prompted`, and each text is put after them in turn.
struct PreparedPrompt {
    var bytes = 0
    /// The number of tokens excluded from pooling, in models that exclude prompts.
    var tokens = 0
}

// A text is tokenized together with the prompt before it, since tokens may span the boundary. What fits into the scratch is joined
// there. Of a longer text, the scratch has the beginning up to the start of a word; the rest is tokenized in place from there on,
// which gives the same words: see `Tokenizer.encode(_:from:into:limit:_:)`.

extension Session {
    /// Puts the prompt into the scratch; there must be no batch. `isStandard`: the model's default applies to this kind of call.
    func prepare(_ choice: PromptChoice, length: Int, isStandard: Bool) throws(LimbeckError) -> PreparedPrompt {
        let prompts = model.configuration.prompts
        var prompt = PreparedPrompt()
        switch choice {
        case .standard:
            if isStandard, let standard = prompts.standard { prompt.bytes = put(prompts.list[standard]) }
        case .named(let name):
            guard let place = prompts.place(of: name) else {
                throw LimbeckError(
                    .invalidArgument,
                    "the model has no prompt '\(String(utf8: name))'; it has \(prompts.names)")
            }
            prompt.bytes = put(prompts.list[place])
        case .text(let text):
            guard text.count <= Prompts.maxBytes else {
                throw LimbeckError(.tooLong, "a prompt of \(text.count) bytes, expected at most \(Prompts.maxBytes)")
            }
            if let start = text.baseAddress {
                scratch.prompted.update(from: start.assumingMemoryBound(to: UInt8.self), count: text.count)
            }
            prompt.bytes = text.count
        }
        if prompt.bytes > 0, model.weights.vector.leavesPromptOut {
            prompt.tokens = try promptTokens(Text(start: scratch.prompted, count: prompt.bytes), length: length)
        }
        return prompt
    }

    private func put(_ prompt: Prompt) -> Int {
        var text = prompt.text
        return text.withUTF8 { utf8 in
            if let start = utf8.baseAddress { scratch.prompted.update(from: start, count: utf8.count) }
            return utf8.count
        }
    }

    /// Counts as sentence-transformers does: the tokens of the prompt alone, like any text, without a special token at the end. So
    /// tokens that span the boundary are not counted as they are.
    private func promptTokens(_ prompt: Text, length: Int) throws(LimbeckError) -> Int {
        let tokenizer = try tokenizer()
        let out = TokenBuffer(ids: batch.ids, capacity: batch.capacity + Batch.wordTokens)
        let count = tokenizer.encode(prompt, pair: nil, addSpecialTokens: true, maxLength: length, into: out)
        guard count > 0, count <= out.capacity else { return count }
        return tokenizer.isSpecial(batch.ids[count - 1]) ? count - 1 : count
    }

    /// A text as tokenized after a prompt. It is in the scratch until the next text replaces it.
    func joined(_ text: Text, after prompt: PreparedPrompt, _ tokenizer: Tokenizer) throws(LimbeckError) -> JoinedText {
        guard prompt.bytes > 0 else { return JoinedText(text) }
        let room = scratch.promptedBytes - prompt.bytes
        let taken = min(room, text.count)
        if let start = text.baseAddress {
            (scratch.prompted + prompt.bytes).update(from: start.assumingMemoryBound(to: UInt8.self), count: taken)
        }
        let head = Text(start: scratch.prompted, count: prompt.bytes + taken)
        return taken == text.count ? JoinedText(head) : try joined(head, prompt, text, tokenizer)
    }

    /// Finds where to continue in a text that does not fit.
    private func joined(
        _ head: Text, _ prompt: PreparedPrompt, _ text: Text, _ tokenizer: Tokenizer
    ) throws(LimbeckError) -> JoinedText {
        // The tokens are written where those of the next sequence will be.
        let out = batch.room(extra: Batch.wordTokens)
        let count = tokenizer.tokensBeforeTrimming(of: head, into: out)
        let last = head.count - Session.uncertaisQuantized
        var index = count - 1
        while index > 0 {
            let (first, before) = (Int(out.starts![index]), Int(out.ends![index - 1]))
            // If one character becomes several words, they begin at the same byte.
            if out.words![index] != out.words![index - 1], before <= first, first >= prompt.bytes, first <= last {
                let byte = first - prompt.bytes
                return JoinedText(head, tokens: index, text, from: tokenizer.wordStart(out.ids![index], at: byte, of: text))
            }
            index -= 1
        }
        // A single word, of which the head has more tokens than needed, unless truncation keeps the last tokens.
        if count == out.capacity, count > longest, Int(out.ends![longest]) <= last, !tokenizer.truncatesLeft {
            return JoinedText(head)
        }
        throw LimbeckError(
            .tooLong, "a text of \(text.count) bytes after a prompt, without a new word in the first \(scratch.promptedBytes)")
    }

    /// Near the end of the joined text, words may differ from those of the whole text: within the length of an added token, or the
    /// context that normalizers look at.
    private static let uncertaisQuantized = 8192
}
