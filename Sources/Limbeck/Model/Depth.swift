/// The layers of a model that a session runs.
public enum Depth: Sendable, Equatable {
    case full
    /// The first layers, as many as this.
    case layers(Int)
    /// A fraction of the layers, spread over all, as DynaBERT (Hou et al. 2020, arXiv 2004.04037) drops the others.
    case fraction(Double)

    /// The layers to run of a model with `count`, in order: of a fraction d the authors keep floor(i / d) for each i below d count,
    /// rounded half to even.
    package func kept(of count: Int) throws(LimbeckError) -> [Int] {
        switch self {
        case .full: return Array(0..<count)
        case .layers(let layers):
            guard layers >= 1, layers <= count else {
                throw LimbeckError(.invalidArgument, "layers is \(layers), expected 1 to the model's \(count)")
            }
            return Array(0..<layers)
        case .fraction(let fraction):
            // Also refuses NaN.
            guard fraction > 0, fraction <= 1 else {
                throw LimbeckError(.invalidArgument, "depth must be more than 0, and at most 1")
            }
            let depth = Int((fraction * Double(count)).rounded(.toNearestOrEven))
            guard depth > 0 else { throw LimbeckError(.invalidArgument, "depth leaves none of the model's \(count) layers") }
            return (0..<depth).map { Int(Double($0) / fraction) }
        }
    }
}
