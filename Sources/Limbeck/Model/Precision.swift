/// The number format of a model's weights; raw values as in `limbeck.h`. Sums, norms and biases are float32 in all of them.
public enum Precision: UInt32, Sendable, CaseIterable {
    case float32 = 1
    /// IEEE binary16, half the size; arithmetic is in float32.
    case float16 = 2
    /// 8-bit weights; the inputs of GEMMs are quantised to 8 bits as well, at run time.
    case int8 = 3
    /// 4-bit weights, in groups with a scale each.
    case int4 = 4
}
