/// How logits become scores; raw values as in `limbeck.h`.
public enum Scores: UInt32, Sendable {
    case softmax = 1
    case sigmoid = 2
    case raw = 3
}
