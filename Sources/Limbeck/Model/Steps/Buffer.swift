import KernelInterface

/// Where a step of the encoder reads and writes: matrices of (tokens, width) in the session's scratch.
package enum Buffer: Int, CaseIterable, Sendable {
    /// The embeddings, where they are projected to the hidden size.
    case embedded
    /// The state between layers.
    case hidden
    /// The narrow state inside MobileBERT's layers; with `attended`, where its feed-forward networks pass it to and fro.
    case narrow
    /// Queries, keys and values, side by side.
    case projected
    /// What attention gathered, the heads side by side.
    case context
    /// The state after attention.
    case attended
    /// Inside the feed-forward network.
    case intermediate
}

/// The widths of the buffers, by the steps that write them; 0 for a buffer that a model does without.
package struct BufferWidths: Sendable {
    private var widths = InlineArray<7, Int>(repeating: 0)

    package subscript(buffer: Buffer) -> Int { widths[buffer.rawValue] }

    var widest: Int {
        var widest = 1
        for buffer in Buffer.allCases { widest = max(widest, self[buffer]) }
        return widest
    }

    /// Of the buffer that a product of so many columns is written to. It writes whole panels.
    static func width(of columns: Int, from column: Int) -> Int { (column == 0 ? 0 : column + panelColumns) + columns }

    package mutating func widen(_ output: (buffer: Buffer, width: Int)?) {
        guard let output else { return }
        let place = output.buffer.rawValue
        widths[place] = max(widths[place], output.width)
    }
}
