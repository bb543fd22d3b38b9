import KernelInterface

extension Session {
    /// Labelled spans in text order, by the rules of the transformers token-classification pipeline. Returns their number, and
    /// writes those for which there is room. A text longer than `maxLength` tokens is tagged up to there.
    package func tag(
        _ text: Text, options: TagOptions, into spans: UnsafeMutableBufferPointer<TagSpan>
    ) throws(LimbeckError) -> Int {
        guard case .token(let classifier) = plan.head else {
            throw unable("does not tag tokens")
        }
        let tokenizer = try tokenizer()
        try beginCall()
        try makeBatch(of: text, length: try length(options.maxLength), tokenizer: tokenizer)
        try encode()
        let labels = classifier.outputs
        try tokenLogits(classifier, tokens: 0..<batch.tokens, into: scratch.logits)  // (tokens, labels)

        var joiner = SpanJoiner(model: model, options: options, spans: spans)
        var word: Range<Int>? = nil
        for token in 0..<batch.tokens where batch.words[token] >= 0 {
            encoder.workers.kernels.softmax(scratch.logits + token * labels, labels)
            if let open = word, continuesWord(token, of: text, options.aggregation, tokenizer) {
                word = open.lowerBound..<token + 1
            } else {
                if let word { joiner.take(entity(of: word, labels, options.aggregation)) }
                word = token..<token + 1
            }
        }
        if let word { joiner.take(entity(of: word, labels, options.aggregation)) }
        return joiner.finish()
    }

    /// Whether a token continues the word of the previous one, for the strategies that label words. As in the pipeline, an unknown
    /// token never does. If the vocabulary marks continuations, a token does if it is not written as the text is, because it begins
    /// with "##" (or because the normaliser changed it). Otherwise it does if there is no space at its beginning.
    private func continuesWord(_ token: Int, of text: Text, _ aggregation: Aggregation, _ tokenizer: Tokenizer) -> Bool {
        guard aggregation != .none, aggregation != .simple else { return false }
        let id = batch.ids[token]
        guard id != tokenizer.unk else { return false }
        guard tokenizer.marksContinuations else {
            let start = Int(batch.tokenStarts[token])
            return start > 0 && text[start - 1] != 0x20 && (start == text.count || text[start] != 0x20)
        }
        let source = Text(rebasing: text[Int(batch.tokenStarts[token])..<Int(batch.tokenEnds[token])])
        return tokenizer.withTokenBytes(id) { scalars(of: $0) } != scalars(of: source)
    }

    /// The label of a word, or of a single token, from its probabilities (tokens, labels), which may be overwritten.
    private func entity(of word: Range<Int>, _ labels: Int, _ aggregation: Aggregation) -> TagSpan {
        let first = scratch.logits + word.lowerBound * labels
        var (label, score) = largest(first, labels)
        switch aggregation {
        case .none, .simple, .first:
            break
        case .average:
            for token in word.dropFirst() {
                for i in 0..<labels { first[i] += scratch.logits[token * labels + i] }
            }
            for i in 0..<labels { first[i] /= Float(word.count) }
            (label, score) = largest(first, labels)
        case .max:
            for token in word.dropFirst() {
                let other = largest(scratch.logits + token * labels, labels)
                if other.score > score { (label, score) = other }
            }
        }
        return TagSpan(
            label: label, score: score, start: batch.tokenStarts[word.lowerBound], end: batch.tokenEnds[word.upperBound - 1])
    }
}

/// The largest of a row and its index; of equals the first.
private func largest(_ row: UnsafePointer<Float>, _ count: Int) -> (label: Int32, score: Float) {
    var best = 0
    for i in 1..<max(1, count) where row[i] > row[best] { best = i }
    return (Int32(truncatingIfNeeded: best), row[best])
}

/// The length of a text as Python counts it, in scalars.
private func scalars(of text: Text) -> Int {
    guard let bytes = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
    var position = 0, count = 0
    while position < text.count {
        position = UTF8Reader.read(bytes, at: position, end: text.count).end
        count += 1
    }
    return count
}

/// Merges adjacent parts of one entity into spans and writes them, except those outside of any entity.
private struct SpanJoiner {
    private let model: Model
    private let options: TagOptions
    private let spans: UnsafeMutableBufferPointer<TagSpan>
    private var count = 0
    /// The span that is being merged: its label is that of the first part, its score the sum of all.
    private var open: TagSpan?
    private var parts = 0
    private var lastLabel: Int32 = 0

    init(model: Model, options: TagOptions, spans: UnsafeMutableBufferPointer<TagSpan>) {
        self.model = model
        self.options = options
        self.spans = spans
    }

    mutating func take(_ part: TagSpan) {
        if var span = open, options.aggregation != .none, continues(part.label) {
            span.score += part.score
            span.end = part.end
            open = span
            parts += 1
        } else {
            close()
            open = part
            parts = 1
        }
        lastLabel = part.label
    }

    /// The number of spans, written or not.
    mutating func finish() -> Int {
        close()
        return count
    }

    /// Whether a part with this label continues the previous one: it is of the same entity, and does not begin a new one. A label
    /// without "B-" or "I-" continues a previous label that is the same.
    private func continues(_ label: Int32) -> Bool {
        let labels = model.configuration.labels
        let (begins, name) = scheme(labels[Int(label)])
        return !begins && name == scheme(labels[Int(lastLabel)]).name
    }

    private func scheme(_ label: String) -> (begins: Bool, name: String) {
        let begins = label.hasUTF8Prefix("B-")
        return (begins, label.utf8Part((begins || label.hasUTF8Prefix("I-") ? 2 : 0)..<label.utf8.count))
    }

    private mutating func close() {
        guard var span = open else { return }
        open = nil
        span.score /= Float(parts)
        let label = model.configuration.labels[Int(span.label)]
        let start = options.aggregation == .none ? 0 : Model.entityStart(of: label)
        let isOutside = label.utf8.count == start + 1 && label.hasUTF8Suffix("O")
        guard options.keepOutside || !isOutside else { return }
        if count < spans.count { spans[count] = span }
        count += 1
    }
}
