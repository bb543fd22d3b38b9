import Limbeck

extension OptimizerSettings {
    /// The steps of warm-up of a schedule of `total` steps.
    func warmupSteps(_ total: Int) -> Double { warmup < 1 ? (warmup * Double(total)).rounded(.up) : warmup }

    /// The factor of the learning rate at a step, counted from 0.
    func factor(step: Int, of total: Int) -> Double {
        let i = Double(step), n = Double(total)
        switch schedule {
        case .constant: return 1
        case .linear:
            let w = warmupSteps(total)
            return i < w ? i / max(1, w) : max(0, (n - i) / max(1, n - w))
        case .bertAdam:
            let x = i / n, w = warmup < 1 ? warmup : warmup / n
            return x < w ? x / w : x < 1 ? (x - 1) / (w - 1) : 0
        case .cosine:
            let w = warmupSteps(total)
            return i < w ? i / max(1, w) : (1 + cosine(3.141592653589793 * min(1, (i - w) / max(1, n - w)))) / 2
        }
    }
}
