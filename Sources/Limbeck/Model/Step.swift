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

/// One step of the encoder. The embeddings are a list of them, and so is a layer: a family's forward pass is data, built from its
/// tensors and then packed.
package enum Step<Form: WeightForm> {
    /// into = norm(the sum of the tables' rows for each token); the norm only if there is one.
    case embed(EmbeddingTables<Form.Table>, into: Buffer, norm: Form.Norm?)
    /// into = the words' rows of the next token, of this one and of the previous one, side by side; zeros past the ends.
    case trigrams(word: Form.Table, into: Buffer)
    /// into = norm(activation(from W^T + b + residual)), times from G^T + b, from column `column` on; the residual, the norm and the
    /// gate G only if there are any.
    case product(
        Form.Matrix, from: Buffer, into: Buffer, column: Int = 0, activation: Activation = .identity, gate: Form.Matrix? = nil,
        residual: Buffer? = nil, norm: Form.Norm? = nil)
    /// into = norm(from), which may be the same buffer.
    case normalize(Form.Norm, from: Buffer, into: Buffer)
    /// The queries and keys of `projected` turned by their positions' angles, those of one of the model's tables.
    case rotate(table: Int)
    /// context = softmax(q k^T / sqrt(headSize) + bias) v, of `projected`; over so many keys on either side of the query, if it says;
    /// with scores of the positions, if it has any.
    case attention(window: Int? = nil, positions: Form.Positions? = nil)
}

/// The rows that make up a token's embedding; each table only if there is one.
package struct EmbeddingTables<Table> {
    package var word: Table?  // (vocab, width)
    package var position: Table?  // (rows, width)
    package var type: Table?  // (types, width)
}

/// What weights are at one stage of their way from the file to the kernels.
package protocol WeightForm {
    /// Of linear layers.
    associatedtype Matrix
    associatedtype Norm
    /// A row for each id.
    associatedtype Table
    /// Of disentangled attention.
    associatedtype Positions
    /// A linear layer after the encoder, with its activation.
    associatedtype Layer
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

    package mutating func widen(_ buffer: Buffer, to width: Int) {
        widths[buffer.rawValue] = max(widths[buffer.rawValue], width)
    }
}
