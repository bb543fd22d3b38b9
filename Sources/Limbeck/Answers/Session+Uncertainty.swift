import KernelInterface

extension Session {
    /// What a threshold is compared with at an exit: of the exit's logits, the entropy in nats, or, for FastBERT's rules, the entropy
    /// divided by that of as many equal probabilities.
    package func uncertainty(of logits: [Float], rule: ExitRule) -> Double {
        var p = logits
        let count = p.count
        p.withUnsafeMutableBufferPointer { if let start = $0.baseAddress { encoder.workers.kernels.softmax(start, count) } }
        let entropy = p.withUnsafeBufferPointer { $0.baseAddress.map { Leaving.entropy($0, count) } ?? 0 }
        return rule == .uncertainty || rule == .uncertaintyBelow ? entropy / naturalLogarithm(Double(count)) : entropy
    }
}
