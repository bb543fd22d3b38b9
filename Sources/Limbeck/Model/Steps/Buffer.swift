import KernelInterface

/// The buffers that a step of the encoder reads and writes: matrices of (tokens, width) in the session's scratch.
package enum Buffer: Int, CaseIterable, Sendable {
    /// The embeddings, if they are projected to the hidden size.
    case embedded
    /// The state between layers.
    case hidden
    /// The narrow state inside MobileBERT's layers; its feed-forward networks alternate between this buffer and `attended`.
    case narrow
    /// Queries, keys and values, side by side.
    case projected
    /// The output of attention, the heads side by side.
    case context
    /// The state after attention.
    case attended
    /// Inside the feed-forward network.
    case intermediate
}

/// The widths of the buffers, given by the steps that write them; 0 for a buffer that a model does not use.
package struct BufferWidths: Sendable {
    private var widths = InlineArray<7, Int>(repeating: 0)

    package subscript(buffer: Buffer) -> Int { widths[buffer.rawValue] }

    var widest: Int {
        var widest = 1
        for buffer in Buffer.allCases { widest = max(widest, self[buffer]) }
        return widest
    }

    /// The width of the buffer that a GEMM of `columns` columns writes from `column` on. A GEMM writes whole panels, which a row has
    /// room for if they begin with one of its own.
    static func width(of columns: Int, from column: Int) -> Int {
        column + columns + (column % panelColumns == 0 ? 0 : panelColumns)
    }

    package mutating func widen(_ output: (buffer: Buffer, width: Int)?) {
        guard let output else { return }
        let place = output.buffer.rawValue
        widths[place] = max(widths[place], output.width)
    }

    @inline(never) mutating func widen<Form>(_ steps: [Step<Form>]) { for step in steps { widen(step.output) } }
}
