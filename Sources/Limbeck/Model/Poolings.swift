/// Several poolings, in the order in which their results stand side by side. There are six, and the library takes one several times; what
/// fits into a number needs no array.
package struct Poolings: Sendable, Equatable {
    private var bits: UInt64 = 0
    package private(set) var count = 0

    static let most = 16

    init(_ poolings: Pooling...) {
        for pooling in poolings { _ = append(pooling) }
    }

    /// False: there is no room for more.
    @inline(never) mutating func append(_ pooling: Pooling) -> Bool {
        guard count < Poolings.most else { return false }
        bits |= UInt64(pooling.rawValue) << UInt64(4 * count)
        count += 1
        return true
    }

    package subscript(place: Int) -> Pooling { Pooling(rawValue: UInt32(bits >> UInt64(4 * place) & 15)) ?? .mean }
}
