import KernelInterface

extension Session {
    /// The spans of a context that best answer a question, best first, by the rules of the transformers question-answering
    /// pipeline. Returns their number, at most `topK`, and writes those for which there is room. Of spans with equal scores the
    /// earlier one ranks first. "No answer" is an empty span.
    package func answer(
        question: Text, context: Text, options: AnswerOptions, into answers: UnsafeMutableBufferPointer<AnswerSpan>
    ) throws(LimbeckError) -> Int {
        guard case .span(let head) = plan.head else {
            throw unable("does not answer questions")
        }
        guard 1...Session.maxAnswers ~= options.topK else {
            throw LimbeckError(.invalidArgument, "top_k is \(options.topK), and must be 1 to \(Session.maxAnswers)")
        }
        guard options.maxAnswerLength > 0 else {
            throw LimbeckError(.invalidArgument, "max_answer_length is \(options.maxAnswerLength), and must be at least 1")
        }
        let length = try length(options.maxLength)
        let tokenizer = try tokenizer()
        guard !tokenizer.truncatesLeft, !tokenizer.padsLeft else {
            throw LimbeckError(
                .unsupported,
                "a tokenizer that truncates or pads on the left is not supported in question answering, where the side matters")
        }
        var windows = try AnswerWindows(
            question: question, context: context, tokenizer: tokenizer,
            length: options.maxLength == 0 ? min(length, 384) : length, stride: options.stride)
        try beginCall()
        var pool = AnswerPool(scratch.answers, context: context)
        var none: Float? = nil
        while !windows.isDone {
            batch.clear()
            while try windows.append(to: self) {}
            try encode()
            for sequence in 0..<batch.sequences {
                let window = batch[sequence]
                guard !window.isEmpty else { continue }
                let inside = window.dropFirst(windows.before).dropLast(windows.after)
                try probabilities(head.output(0), window: window, inside: inside, into: scratch.logits)
                try probabilities(head.output(1), window: window, inside: inside, into: ends)
                none = min(none ?? .infinity, scratch.logits[0] * ends[0])
                (scratch.logits[0], ends[0]) = (0, 0)
                try take(options, window: window, inside: inside, into: &pool)
            }
        }
        return write(pool, none: options.allowNone ? none : nil, options.topK, into: answers)
    }

    /// The probability that the answer ends at each token of a window: (longest); it follows as many for the start.
    private var ends: UnsafeMutablePointer<Float> { scratch.logits + longest }

    /// The softmax over a window of the start or end logits. -> row (window). Only the tokens of the context, and [CLS], which
    /// means "no answer", take part.
    private func probabilities(
        _ head: TokenClassifier<Packed>, window: Range<Int>, inside: Range<Int>, into row: UnsafeMutablePointer<Float>
    ) throws(LimbeckError) {
        try tokenLogits(head, tokens: window, into: row)
        for token in window where !inside.contains(token) && batch.ids[token] != model.tokenizer?.cls {
            row[token - window.lowerBound] = -10000
        }
        encoder.workers.kernels.softmax(row, window.count)
    }

    /// Adds the best spans of a window, extended to whole words, to the pool. -> candidates (2 * topK + 10): more than `topK`, as
    /// in the pipeline, since extended spans may coincide.
    private func take(_ options: AnswerOptions, window: Range<Int>, inside: Range<Int>, into pool: inout AnswerPool)
        throws(LimbeckError)
    {
        var best = Best(scratch.candidates, capacity: 2 * options.topK + 10)
        let starts = scratch.logits - window.lowerBound, ends = ends - window.lowerBound
        for first in inside where starts[first] > 0 {
            try encoder.workers.interruption.check()
            for last in first..<min(first + min(options.maxAnswerLength, window.count), inside.upperBound) {
                let score = starts[first] * ends[last]
                guard score > 0 else { continue }
                best.offer(
                    SpanCandidate(score: score, first: Int32(truncatingIfNeeded: first), last: Int32(truncatingIfNeeded: last)))
            }
        }
        best.sort()
        for i in 0..<best.count {
            // Extends to the words at both ends, as far as they are in the window.
            var (first, last) = (Int(best[i].first), Int(best[i].last))
            while first > inside.lowerBound, batch.words[first - 1] == batch.words[first] { first -= 1 }
            while last + 1 < inside.upperBound, batch.words[last + 1] == batch.words[last] { last += 1 }
            pool.add(score: best[i].score, start: batch.tokenStarts[first], end: batch.tokenEnds[last])
        }
    }

    private func write(
        _ pool: AnswerPool, none: Float?, _ topK: Int, into answers: UnsafeMutableBufferPointer<AnswerSpan>
    ) -> Int {
        var best = Best(scratch.candidates, capacity: topK)
        for i in 0..<pool.count {
            best.offer(SpanCandidate(score: pool[i].score, first: Int32(truncatingIfNeeded: i), last: 0))
        }
        if let none { best.offer(SpanCandidate(score: none, first: Int32(truncatingIfNeeded: pool.count), last: 0)) }
        best.sort()
        for i in 0..<min(best.count, answers.count) {
            let index = Int(best[i].first)
            answers[i] =
                index < pool.count
                ? AnswerSpan(score: best[i].score, start: pool[index].start, end: pool[index].end)
                : AnswerSpan(score: best[i].score, start: 0, end: 0)
        }
        return best.count
    }
}
