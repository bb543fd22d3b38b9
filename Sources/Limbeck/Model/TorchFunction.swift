import KernelInterface

/// A class of torch.nn that sentence-transformers' files name, created without arguments.
enum TorchFunction: Int {
    case identity, tanh, relu, gelu, silu, sigmoid, softmax

    init?(name: String) { self.init(rawValue: place(of: name, in: "Identity Tanh ReLU GELU SiLU Sigmoid Softmax") ?? -1) }

    /// The activation of a layer; a sigmoid is applied after it.
    var activation: Activation {
        switch self {
        case .identity, .sigmoid, .softmax: .identity
        case .tanh: .tanh
        case .relu: .relu
        case .gelu: .gelu
        case .silu: .silu
        }
    }

    /// How logits become scores; nil: not available as scores.
    var scores: Scores? {
        switch self {
        case .identity: .raw
        case .sigmoid: .sigmoid
        case .softmax: .softmax
        case .tanh, .relu, .gelu, .silu: nil
        }
    }
}

extension MemberReader {
    /// A class of torch.nn, such as "torch.nn.modules.activation.Tanh"; nil if it is missing.
    @inline(never) func torchFunction(_ key: String) -> TorchFunction? {
        guard let name = string(key) else { return nil }
        if name.hasUTF8Prefix("torch.nn."), let function = TorchFunction(name: name.afterLastDot) { return function }
        unsupported(key, name)
        return nil
    }
}
