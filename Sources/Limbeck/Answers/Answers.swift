/// A labelled range of a text.
public struct TagSpan: Sendable, Equatable {
    /// Index into the model's labels.
    public var label: Int32
    public var score: Float
    /// UTF-8 byte offsets into the text.
    public var start: UInt32
    public var end: UInt32
}

/// A range of a context that answers a question.
public struct AnswerSpan: Sendable, Equatable {
    public var score: Float
    /// UTF-8 byte offsets into the context.
    public var start: UInt32
    public var end: UInt32
}

/// A token proposed for a mask.
public struct Candidate: Sendable, Equatable {
    public var token: Int32
    /// Its probability.
    public var score: Float
    /// The index of the mask in the text, from 0.
    public var mask: UInt32
}
