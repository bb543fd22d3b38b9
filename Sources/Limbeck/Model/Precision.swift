/// The form in which a model has its weights; raw values as in `limbeck.h`. Sums, norms and biases are float32 in all of them.
public enum Precision: UInt32, Sendable, CaseIterable {
    case float32 = 1
    /// IEEE binary16, half the size; the arithmetic is that of float32.
    case float16 = 2
    /// Bytes: the inputs of products become bytes too, when they are computed.
    case int8 = 3
    /// Half bytes, in groups with a scale each.
    case int4 = 4
}
