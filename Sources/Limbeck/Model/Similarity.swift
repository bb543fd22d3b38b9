/// How vectors of a model are compared, by its folder's word.
public enum Similarity: UInt32, Sendable, CaseIterable {
    case cosine = 1
    case dot = 2
    /// The distance, with a minus: nearer is more.
    case euclidean = 3
    /// The sum of the differences, with a minus.
    case manhattan = 4

    /// By `rawValue`, from 1.
    static let names: StaticString = "cosine dot euclidean manhattan"

    public var name: String { word(Int(rawValue) - 1, in: Similarity.names) }

    /// By the place of its name.
    init?(place: Int) { self.init(rawValue: UInt32(truncatingIfNeeded: place) + 1) }
}
