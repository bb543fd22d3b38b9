import KernelInterface

/// What `config.json` and the files beside it say, checked; shapes are those of the tensors.
package struct Configuration: Sendable {
    package var family: Family
    package var hiddenSize = 0
    /// The width of the embedding tables.
    package var embeddingSize = 0
    package var layers = 0
    package var attentionHeads = 0
    /// Per head; `attentionHeads * headSize` may differ from `hiddenSize`.
    package var headSize = 0
    package var intermediateSize = 0
    package var vocabSize = 0
    /// The longest sequence.
    package var maxPositions = 0
    /// Positions are counted from this id on; nil: from 0.
    package var paddingId: Int32?
    /// 0: the family has no token types.
    package var typeVocabSize = 0
    /// Panels of the embeddings of distances; 0 without disentangled attention.
    package var positionPanels = 0
    /// Of the encoder's buffers.
    package var widths = BufferWidths()
    package var head: HeadKind = .none
    /// `id2label`, by index; without it, "LABEL_0" and so on.
    package var labels: [String] = []
    package var headReading = HeadReading.first
    package var problem = Problem.singleLabel
    package var prompts = Prompts.ofEmbeddings
    package var similarity = Similarity.cosine
    /// What a folder of sentence-transformers' cross-encoders makes of logits; nil: it is none.
    package var crossEncoderScores: Scores? = nil
    /// Texts are truncated to so many tokens, special ones included; at most `maxPositions`.
    package var maxLength = 0
    /// What the matrices' numbers are.
    package var precision = Precision.float32
}

/// Which state a head for sequences reads.
package enum HeadReading: Sendable {
    case first, mean, last
}

/// `problem_type`: what a classifier's numbers are.
package enum Problem: Sendable {
    case singleLabel, multiLabel
    /// They are the answer as they are.
    case regression
}

package enum HeadKind: Sendable {
    case none
    /// One answer per sequence, or per pair of texts (next-sentence prediction too).
    case sequence
    /// One label per token.
    case token
    /// Start and end logits per token.
    case span
    /// A distribution over the vocabulary per token.
    case maskedLM
    /// Was the token replaced?
    case detection
}
