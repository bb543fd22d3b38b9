// What a session keeps of the answers to a question.

/// A span of tokens in a window, or an answer in the pool, and its score.
struct SpanCandidate {
    var score: Float
    /// Tokens of the batch, the last one included; in the pool, the answer's index and 0.
    var first: Int32
    var last: Int32
}

/// An answer as the windows so far give it.
struct PooledAnswer {
    /// The sum over all spans that say the same.
    var score: Float
    /// Bytes of the context: the first place where it was found.
    var start: UInt32
    var end: UInt32
    /// Of its text in lower case.
    var hash: UInt32
}
