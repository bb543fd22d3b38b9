/// Where a sequence may leave the encoder: the number of layers before, steps of its own on the state, if any, and a head.
package struct Exit<Form: WeightForm> {
    package var layers: Int
    /// The block of its own steps, which leave the state as it is.
    package var block: Int?
    /// The buffer whose rows the head reads.
    package var from = Buffer.hidden
    package var head: Head<Form>

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> Exit<Map.Target> where Map.Source == Form {
        Exit<Map.Target>(layers: layers, block: block, from: from, head: head.map(&map))
    }
}

extension Head<Packed> {
    /// The width of the rows that a sequence head reads; 0 for other heads.
    var width: Int {
        guard case .sequence(let dense, let classifier) = self else { return 0 }
        return dense?.linear.inputs ?? classifier.inputs
    }
}

/// When a sequence leaves the encoder at an exit, p being the softmax of its logits; raw values as in `limbeck.h`.
public enum ExitRule: UInt32, Sendable {
    /// -sum p ln p is below the threshold (DeeBERT, Xin et al. 2020, arXiv 2004.12993; ElasticBERT, Liu et al. 2022).
    case entropy = 1
    /// -sum p ln p / ln(labels) is at most the threshold (FastBERT, Liu et al. 2020, arXiv 2004.02178: the authors' run_fastbert.py).
    case uncertainty = 2
    /// The same below the threshold (the PyPI package fastbert).
    case uncertaintyBelow = 3
    /// So many exits in a row have agreed with the one before (PABEE, Zhou et al. 2020, arXiv 2006.04152).
    case patience = 4
    /// Nothing leaves before the last exit, whatever a pack has as its default.
    case never = 5
}

/// When sequences leave a batch early, as a call asks for it.
package struct ExitChoice {
    /// One threshold for all exits.
    package var threshold: Float?
    /// One for each exit but the last, where all leave that are left.
    package var thresholds = UnsafeBufferPointer<Float>(start: nil, count: 0)
    /// So many exits in a row that agree with the one before; 0: no exit by patience.
    package var patience = 0
    /// nil: the model's own.
    package var rule: ExitRule?

    package init() {}

    /// One threshold is for all exits; none: no exit by a threshold.
    package init(thresholds: UnsafeBufferPointer<Float>, patience: Int, rule: ExitRule?) {
        (self.patience, self.rule) = (patience, rule)
        if thresholds.count == 1 { threshold = thresholds[0] } else { self.thresholds = thresholds }
    }

    var hasThresholds: Bool { threshold != nil || thresholds.count > 0 }
    var isEmpty: Bool { !hasThresholds && patience == 0 && rule == nil }
}

/// The choice that a pack has for calls without one: a threshold, or a patience; both 0: none.
package struct ExitDefault: Sendable {
    package var threshold: Float = 0
    package var patience = 0

    /// Empty without a default.
    var choice: ExitChoice {
        var choice = ExitChoice()
        choice.patience = patience
        if threshold != 0 { choice.threshold = threshold }
        return choice
    }
}

extension Configuration {
    /// Whether there are exits, of a kind that texts can leave at.
    var mayLeave: Bool { head == .sequence && exitRule != nil && problem != .multiLabel }

    /// The rule that a choice asks for, checked with its numbers: of a model with exits whose head has `labels` outputs.
    @inline(never)
    func rule(of choice: ExitChoice, labels: Int, exits: Int) throws(LimbeckError) -> ExitRule {
        let own = exitRule
        let rule = choice.rule ?? (choice.patience > 0 ? .patience : own == .patience ? .entropy : own ?? .entropy)
        guard (rule == .patience) == (choice.patience > 0), rule == .patience || choice.hasThresholds, rule != .never else {
            throw LimbeckError(
                .invalidArgument, "exit_rule needs exit_thresholds, or exit_patience if it is patience, and not the other")
        }
        // A regression agrees with itself if it stays within the threshold.
        guard rule != .patience || !choice.hasThresholds || labels == 1, rule == .patience || labels > 1 else {
            throw LimbeckError(
                .invalidArgument,
                labels == 1
                    ? "the model has one output, and so exits by patience alone"
                    : "both a threshold and patience, expected one of them")
        }
        guard choice.thresholds.isEmpty || choice.thresholds.count == exits else {
            throw LimbeckError(.invalidArgument, "\(choice.thresholds.count) exit thresholds, expected 1 or \(exits)")
        }
        let isBounded = rule == .uncertainty || rule == .uncertaintyBelow
        let largest: Float = isBounded ? 1 : .greatestFiniteMagnitude
        var areValid = choice.threshold.map { $0 >= 0 && $0 <= largest } ?? true
        for threshold in choice.thresholds { areValid = areValid && threshold >= 0 && threshold <= largest }
        guard areValid else {
            throw LimbeckError(
                .invalidArgument, isBounded ? "exit_thresholds must be 0 to 1" : "exit_thresholds must be finite, and at least 0")
        }
        return rule
    }
}
