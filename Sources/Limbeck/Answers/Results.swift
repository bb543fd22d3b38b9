// The results for Swift programs.

/// A label and its score.
public struct Classification: Sendable, Equatable {
    public var label: String
    /// Its index in the model's labels.
    public var index: Int
    public var score: Float
}

/// A labelled part of a text.
public struct Tagged: Sendable, Equatable {
    /// "PER"; with `Aggregation.none`, "B-PER".
    public var label: String
    public var score: Float
    /// The part itself: its indices are those of the text.
    public var text: Substring
    /// The same in UTF-8.
    public var utf8Offsets: Range<Int>
}

/// A part of a context that answers a question; empty for "no answer", where that is allowed.
public struct Answer: Sendable, Equatable {
    public var score: Float
    /// The part itself: its indices are those of the context.
    public var text: Substring
    /// The same in UTF-8.
    public var utf8Offsets: Range<Int>
}

/// A token proposed for a mask.
public struct FilledToken: Sendable, Equatable {
    /// As in the vocabulary ("##ing").
    public var token: String
    public var id: Int32
    /// Its probability.
    public var score: Float
}

/// A matrix of numbers.
public struct Matrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    /// Row-major.
    public let values: [Float]

    public subscript(row: Int, column: Int) -> Float { values[row * columns + column] }
    public subscript(row row: Int) -> ArraySlice<Float> { values[row * columns..<(row + 1) * columns] }
}
