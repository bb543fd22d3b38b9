/// What one of many is sorted by, and its index among them: where it begins and ends in a file, say. The one key there is, because
/// sorting is compiled for each kind of element.
struct SortKey {
    let first: Int
    let second: Int
    let index: Int

    init(_ first: Int, _ second: Int = 0, index: Int) { (self.first, self.second, self.index) = (first, second, index) }

    /// Of equals the one with the smaller index comes first.
    @inline(never) static func sort(_ keys: inout [SortKey]) {
        keys.sort { ($0.first, $0.second, $0.index) < ($1.first, $1.second, $1.index) }
    }
}
