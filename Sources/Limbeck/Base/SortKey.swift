/// A sort key with the index of the element it belongs to; for a range in a file, say, its start and end. It is the only element
/// type that is sorted, because `sort` is specialised for each.
struct SortKey {
    let first: Int
    let second: Int
    let index: Int

    init(_ first: Int, _ second: Int = 0, index: Int) { (self.first, self.second, self.index) = (first, second, index) }

    /// Equal keys are ordered by index.
    @inline(never) static func sort(_ keys: inout [SortKey]) {
        keys.sort { ($0.first, $0.second, $0.index) < ($1.first, $1.second, $1.index) }
    }
}
