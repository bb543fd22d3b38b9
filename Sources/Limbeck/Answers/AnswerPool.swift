extension SpanCandidate: Ranked {
    func isBetter(than other: SpanCandidate) -> Bool {
        if score != other.score { return score > other.score }
        return first != other.first ? first < other.first : last < other.last
    }
}

/// The answers of all windows. As in the pipeline, spans whose texts are equal except for case are one answer with the sum of their
/// scores. The pool is bounded: if a context of hundreds of windows has thousands of different answers, the worst are dropped.
struct AnswerPool {
    private let context: Text
    private let answers: UnsafeMutablePointer<PooledAnswer>
    private(set) var count = 0

    init(_ answers: UnsafeMutablePointer<PooledAnswer>, context: Text) {
        self.answers = answers
        self.context = context
    }

    subscript(index: Int) -> PooledAnswer { answers[index] }

    mutating func add(score: Float, start: UInt32, end: UInt32) {
        let answer = PooledAnswer(score: score, start: start, end: end, hash: hash(start, end))
        for i in 0..<count where answers[i].hash == answer.hash && saysTheSame(answers[i], answer) {
            answers[i].score += score
            return
        }
        if count < Scratch.answerCount {
            answers[count] = answer
            count += 1
        } else {
            var worst = 0
            for i in 1..<count where answers[i].score < answers[worst].score { worst = i }
            if answers[worst].score < score { answers[worst] = answer }
        }
    }

    private func saysTheSame(_ a: PooledAnswer, _ b: PooledAnswer) -> Bool {
        guard var left = lowered(a.start, a.end), var right = lowered(b.start, b.end) else {
            return a.start == a.end && b.start == b.end
        }
        while let scalar = left.next()?.scalar {
            if right.next()?.scalar != scalar { return false }
        }
        return right.next() == nil
    }

    /// FNV-1a over the scalars.
    private func hash(_ start: UInt32, _ end: UInt32) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        guard var scalars = lowered(start, end) else { return hash }
        while let scalar = scalars.next()?.scalar { hash = (hash ^ scalar) &* 16_777_619 }
        return hash
    }

    private func lowered(_ start: UInt32, _ end: UInt32) -> NormalizedScalars? {
        guard let bytes = context.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        return NormalizedScalars(bytes, from: Int(start), to: Int(end), NormalizerOptions(lowers: true))
    }
}
