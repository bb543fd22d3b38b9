import KernelInterface

/// Where a step of the encoder reads and writes: matrices of (tokens, width) in the session's scratch.
package enum Buffer: Int, CaseIterable, Sendable {
    /// The embeddings, where they are projected to the hidden size.
    case embedded
    /// The state between layers.
    case hidden
    /// Queries, keys and values, side by side.
    case projected
    /// What attention gathered, the heads side by side.
    case context
    /// The state after attention.
    case attended
    /// Inside the feed-forward network.
    case intermediate
}

/// One step of a layer. A layer is a list of them, so a family's block is data: built from its tensors, then packed.
package enum Step<Matrix, Norm> {
    /// into = norm(activation(from W^T + b) + residual); the residual and the norm only if there are any.
    case product(
        Matrix, from: Buffer, into: Buffer, activation: Activation = .identity, residual: Buffer? = nil, norm: Norm? = nil)
    /// context = softmax(q k^T / sqrt(headSize) + bias) v, of `projected`.
    case attention
}

/// The widths of the buffers, by the steps that write them; 0 for a buffer that a model does without.
package struct BufferWidths: Sendable {
    private var widths = InlineArray<6, Int>(repeating: 0)

    package subscript(buffer: Buffer) -> Int { widths[buffer.rawValue] }

    package mutating func widen(_ buffer: Buffer, to width: Int) {
        widths[buffer.rawValue] = max(widths[buffer.rawValue], width)
    }
}
