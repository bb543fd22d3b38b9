/// How token states are pooled to one vector; raw values as in `limbeck.h`.
public enum Pooling: UInt32, Sendable {
    case mean = 1
    /// The first token's state.
    case cls = 2
    case max = 3
    /// tanh(W x[CLS] + b), BERT's pooler.
    case pooler = 4
    /// The sum, divided by the square root of the number of tokens.
    case meanSqrtLenTokens = 5
    /// The mean with weights 1, 2, 3 and so on, in the order of the text.
    case weightedMean = 6
    case lastToken = 7

    /// The spelling of sentence-transformers, Python and the command line, by `rawValue`, from 1.
    private static let names: StaticString = "mean cls max pooler mean_sqrt_len_tokens weightedmean lasttoken"

    public var name: String { word(Int(rawValue) - 1, in: Pooling.names) }

    /// A pooling of the states alone: any but the pooler.
    init?(name: String) {
        guard let place = place(of: name, in: Pooling.names) else { return nil }
        self.init(rawValue: UInt32(truncatingIfNeeded: place) + 1)
        if self == .pooler { return nil }
    }
}

/// Several poolings, in the order in which their results are concatenated. There are six kinds, each allowed several times as in
/// sentence-transformers. Packed into an integer, they need no array.
package struct Poolings: Sendable, Equatable {
    private var bits: UInt64 = 0
    package private(set) var count = 0

    static let limit = 16

    init(_ poolings: Pooling...) {
        for pooling in poolings { _ = append(pooling) }
    }

    /// False if there is no room for more.
    @inline(never) mutating func append(_ pooling: Pooling) -> Bool {
        guard count < Poolings.limit else { return false }
        bits |= UInt64(pooling.rawValue) << UInt64(4 * count)
        count += 1
        return true
    }

    package subscript(place: Int) -> Pooling { Pooling(rawValue: UInt32(bits >> UInt64(4 * place) & 15)) ?? .mean }
}
