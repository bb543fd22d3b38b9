/// How a model's vectors are compared, as its folder specifies.
public enum Similarity: UInt32, Sendable, CaseIterable {
    case cosine = 1
    case dot = 2
    /// The negative distance, so that larger means more similar.
    case euclidean = 3
    /// The negative sum of the absolute differences.
    case manhattan = 4

    /// By `rawValue`, from 1.
    static let names: StaticString = "cosine dot euclidean manhattan"

    public var name: String { word(Int(rawValue) - 1, in: Similarity.names) }

    /// By the index of its name.
    init?(place: Int) { self.init(rawValue: UInt32(truncatingIfNeeded: place) + 1) }
}
