import KernelInterface

/// When sequences leave a batch early, as a call asks for it.
package struct ExitChoice {
    /// One for all exits, or one for each exit but the last, where all leave that are left. None: no exit by a threshold.
    package var thresholds = UnsafeBufferPointer<Float>(start: nil, count: 0)
    /// So many exits in a row that agree with the one before; 0: no exit by patience.
    package var patience = 0
    /// nil: the model's own.
    package var rule: ExitRule?

    package init() {}

    package init(thresholds: UnsafeBufferPointer<Float>, patience: Int, rule: ExitRule?) {
        (self.thresholds, self.patience, self.rule) = (thresholds, patience, rule)
    }
}

/// A rule with its numbers, checked.
struct Leaving {
    private let rule: ExitRule
    private let thresholds: UnsafeBufferPointer<Float>
    private let patience: Int
    private let softmax: (UnsafeMutablePointer<Float>, Int) -> Void

    /// nil: nothing leaves early.
    init?(_ choice: ExitChoice, _ session: Session, labels: Int) throws(LimbeckError) {
        let thresholds = choice.thresholds, exits = session.plan.exits.count - 1
        guard thresholds.count > 0 || choice.patience > 0 || choice.rule != nil else { return nil }
        guard let own = session.model.configuration.exitRule else { throw session.unable("has no exits") }
        guard session.model.configuration.problem != .multiLabel else {
            throw session.unable("gives several labels to a text, which no rule of an exit is made for")
        }
        rule = choice.rule ?? (choice.patience > 0 ? .patience : own == .patience ? .entropy : own)
        patience = choice.patience
        self.thresholds = thresholds
        softmax = session.encoder.workers.kernels.softmax
        guard (rule == .patience) == (patience > 0), rule == .patience || thresholds.count > 0 else {
            throw LimbeckError(
                .invalidArgument, "exit_rule needs exit_thresholds, or exit_patience if it is patience, and not the other")
        }
        // A regression agrees with itself if it stays within the threshold.
        guard rule != .patience || thresholds.isEmpty || labels == 1, rule == .patience || labels > 1 else {
            throw LimbeckError(
                .invalidArgument,
                labels == 1
                    ? "the model has one output, and so exits by patience alone"
                    : "both a threshold and patience, expected one of them")
        }
        guard thresholds.count <= 1 || thresholds.count == exits else {
            throw LimbeckError(.invalidArgument, "\(thresholds.count) exit thresholds, expected 1 or \(exits)")
        }
        let isBounded = rule == .uncertainty || rule == .uncertaintyBelow
        for threshold in thresholds where !(threshold >= 0 && threshold <= (isBounded ? 1 : .greatestFiniteMagnitude)) {
            throw LimbeckError(
                .invalidArgument, isBounded ? "exit_thresholds must be 0 to 1" : "exit_thresholds must be finite, and at least 0")
        }
    }

    /// Whether a sequence leaves at an exit with these logits; updates what is known of it. `space`: room for as many numbers.
    func leaves(
        at exit: Int, _ logits: UnsafePointer<Float>, _ labels: Int, _ opinion: inout Opinion, space: UnsafeMutablePointer<Float>
    ) -> Bool {
        guard rule != .patience else { return agrees(logits, labels, &opinion) }
        let threshold = Double(thresholds[thresholds.count == 1 ? 0 : exit])
        space.update(from: logits, count: labels)
        softmax(space, labels)
        let entropy = Leaving.entropy(space, labels)
        return switch rule {
        case .entropy: entropy < threshold
        case .uncertainty: entropy / naturalLogarithm(Double(labels)) <= threshold
        case .uncertaintyBelow, .patience: entropy / naturalLogarithm(Double(labels)) < threshold
        }
    }

    private func agrees(_ logits: UnsafePointer<Float>, _ labels: Int, _ opinion: inout Opinion) -> Bool {
        var label = 0
        for i in 1..<max(1, labels) where logits[i] > logits[label] { label = i }
        let isFirst = opinion.label < 0
        let isSame =
            labels == 1
            ? (logits[0] - opinion.value).magnitude < (thresholds.first ?? 0) : opinion.label == Int32(truncatingIfNeeded: label)
        opinion.agreeing = !isFirst && isSame ? opinion.agreeing + 1 : 0
        (opinion.label, opinion.value) = (Int32(truncatingIfNeeded: label), logits[label])
        return Int(opinion.agreeing) == patience
    }

    /// -sum p ln p, in order, in double precision; NaN if a p is.
    static func entropy(_ p: UnsafePointer<Float>, _ count: Int) -> Double {
        var sum = 0.0
        // The logarithm of 0 is not needed: p ln p vanishes with p.
        for i in 0..<count where p[i] != 0 { sum -= Double(p[i]) * naturalLogarithm(Double(p[i])) }
        return sum
    }
}

/// ln x of a positive number, by additions, multiplications and divisions alone: libm's differs from one machine to the next in the
/// last bit, and a sequence must leave at the same exit on all. x = m 2^e with m from sqrt(1/2) to sqrt(2), and
/// ln m = 2 artanh((m - 1) / (m + 1)), whose series in |s| < 0.172 is exact to the last bits after eleven terms.
package func naturalLogarithm(_ x: Double) -> Double {
    guard x > 0, x.isFinite else { return .nan }
    var (m, e) = (x.significand, Double(x.exponent))
    if m > 1.414_213_562_373_095_1 { (m, e) = (m / 2, e + 1) }
    let s = (m - 1) / (m + 1), z = s * s
    var sum = 0.0
    for k in stride(from: 21, through: 1, by: -2) { sum = sum * z + 1 / Double(k) }
    return 2 * s * sum + e * 0.693_147_180_559_945_3
}
