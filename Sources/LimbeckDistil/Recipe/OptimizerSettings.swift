import KernelInterface
import Limbeck

package struct OptimizerSettings {
    package var rule = ParameterUpdate.Rule.adamW
    package var learningRate = 5e-4
    package var beta1 = 0.9
    package var beta2 = 0.999
    package var epsilon = 1e-8
    package var weightDecay = 0.0
    /// Whether the moments are corrected for their zero start.
    package var isCorrected = true
    /// Parameters whose name contains one of these do not decay.
    package var noDecay = ["bias", "LayerNorm.weight"]
    package var clipping = Clipping.none
    package var schedule = Schedule.linear
    /// Steps if at least 1, else a fraction of all steps.
    package var warmup = 0.0
    /// The steps that the schedule is for; nil: those of the stage.
    package var scheduleSteps: Int?
    /// Patterns of names whose learning rate is multiplied by a factor; the first that fits counts.
    package var rates: [(pattern: String, factor: Double)] = []

    package init() {}

    package enum Clipping {
        case none
        /// By the norm of all gradients together.
        case global(Float)
        /// By each tensor's own norm.
        case tensor(Float)
    }

    /// Factors of the learning rate at step i of N, counted from 0, after W steps of warm-up.
    package enum Schedule {
        case constant
        /// i / max(1, W) before W, then (N - i) / max(1, N - W)
        case linear
        /// Google's: with x = i / N and w = W / N, x / w before w, then (x - 1) / (w - 1)
        case bertAdam
        /// i / max(1, W) before W, then (1 + cos(pi (i - W) / (N - W))) / 2
        case cosine
    }
}
