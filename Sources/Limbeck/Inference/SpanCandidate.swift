// A session's data for the answers to a question.

/// A span of tokens in a window, or an answer in the pool, with its score.
struct SpanCandidate {
    var score: Float
    /// Tokens of the batch, the last one included; in the pool, the answer's index and 0.
    var first: Int32
    var last: Int32
}

/// An answer, merged from the windows so far.
struct PooledAnswer {
    /// The sum over all spans with the same text.
    var score: Float
    /// Bytes of the context: where the answer was first found.
    var start: UInt32
    var end: UInt32
    /// The hash of its text in lower case.
    var hash: UInt32
}
