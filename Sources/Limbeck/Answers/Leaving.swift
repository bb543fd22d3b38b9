import KernelInterface

/// A rule with its numbers, checked.
struct Leaving {
    private let rule: ExitRule
    /// One for each exit; empty: `threshold` is for all.
    private let thresholds: UnsafeBufferPointer<Float>
    private let threshold: Float
    private let patience: Int
    private let softmax: (UnsafeMutablePointer<Float>, Int) -> Void

    /// As a call asks for it, or else by the model's default; nil: nothing leaves early.
    init?(_ choice: ExitChoice, _ session: Session, labels: Int) throws(LimbeckError) {
        let c = session.model.configuration, choice = choice.isEmpty ? c.exitDefault.choice : choice
        guard !choice.isEmpty else { return nil }
        guard c.exitRule != nil else { throw session.unable("has no exits") }
        guard c.problem != .multiLabel else {
            throw session.unable("gives several labels to a text, which no rule of an exit is made for")
        }
        if choice.rule == .never, !choice.hasThresholds, choice.patience == 0 { return nil }
        rule = try c.rule(of: choice, labels: labels, exits: session.plan.exits.count - 1)
        (threshold, thresholds, patience) = (choice.threshold ?? 0, choice.thresholds, choice.patience)
        softmax = session.encoder.workers.kernels.softmax
    }

    /// Whether a sequence leaves at an exit with these logits; updates what is known of it. `space`: room for as many numbers.
    func leaves(
        at exit: Int, _ logits: UnsafePointer<Float>, _ labels: Int, _ opinion: inout Opinion, space: UnsafeMutablePointer<Float>
    ) -> Bool {
        guard rule != .patience else { return agrees(logits, labels, &opinion) }
        let threshold = Double(thresholds.isEmpty ? threshold : thresholds[exit])
        space.update(from: logits, count: labels)
        softmax(space, labels)
        let entropy = Leaving.entropy(space, labels)
        return switch rule {
        case .entropy: entropy < threshold
        case .uncertainty: entropy / naturalLogarithm(Double(labels)) <= threshold
        case .uncertaintyBelow, .patience, .never: entropy / naturalLogarithm(Double(labels)) < threshold
        }
    }

    private func agrees(_ logits: UnsafePointer<Float>, _ labels: Int, _ opinion: inout Opinion) -> Bool {
        var label = 0
        for i in 1..<max(1, labels) where logits[i] > logits[label] { label = i }
        let isFirst = opinion.label < 0
        let isSame =
            labels == 1
            ? (logits[0] - opinion.value).magnitude < threshold : opinion.label == Int32(truncatingIfNeeded: label)
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
