import KernelInterface

// The words and numbers of a pack's description. Named values are in lists; the index in a list is the value.

package enum PackNames {
    /// By `Family.rawValue`, from 1.
    package static let families: StaticString =
        "bert distilbert roberta albert electra mpnet mobilebert deberta modernbert nomic_bert fastbert"
    /// By `Precision.rawValue`, from 1.
    static let precisions: StaticString = "float32 float16 int8 int4"
    /// By `Scores.rawValue`, from 1.
    static let scores: StaticString = "softmax sigmoid raw"
    /// By `ExitRule.rawValue`, from 1.
    static let exitRules: StaticString = "entropy uncertainty uncertainty_below patience"
    /// By `Buffer.rawValue`.
    static let buffers: StaticString = "embedded hidden narrow projected context attended intermediate"
    /// By the kinds in Steps.swift.
    static let steps: StaticString = "embed trigrams product normalize rotate attention"
    static let activations: StaticString = "identity gelu gelu_tanh quick_gelu relu silu tanh"
    static var activationValues: [Activation] { [.identity, .gelu, .geluTanh, .quickGELU, .relu, .silu, .tanh] }
    static let heads: StaticString = "none sequence token span masked_lm detection"
    static var headValues: [HeadKind] { [.none, .sequence, .token, .span, .maskedLM, .detection] }

    @inline(never) static func name(of activation: Activation) -> String {
        word(activationValues.firstIndex(of: activation) ?? 0, in: activations)
    }
}
