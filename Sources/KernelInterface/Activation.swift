/// Activation functions of the feed-forward layers, by formula; the Hugging Face names are in `FamilyRules`.
public enum Activation: Sendable {
    case identity
    /// x Phi(x), the exact GELU.
    case gelu
    /// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))): gelu_new, gelu_pytorch_tanh, gelu_fast.
    case geluTanh
    /// x sigmoid(1.702 x).
    case quickGELU
    case relu
    /// x sigmoid(x).
    case silu
    case tanh
}
