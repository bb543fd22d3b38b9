import KernelInterface

/// The checked contents of `config.json` and the files next to it; shapes are those of the tensors.
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
    /// The maximum sequence length.
    package var maxPositions = 0
    /// Positions are counted from this id; nil: from 0.
    package var paddingId: Int32?
    /// 0: the family has no token types.
    package var typeVocabSize = 0
    /// Panels of the relative-position embeddings; 0 without disentangled attention.
    package var positionPanels = 0
    /// The widths of the encoder's buffers.
    package var widths = BufferWidths()
    package var head: HeadKind = .none
    /// `id2label`, by index; without it, "LABEL_0" and so on.
    package var labels: [String] = []
    package var headReading = HeadReading.first
    package var problem = Problem.singleLabel
    /// When sequences leave at the model's exits; nil: it has none but its head.
    package var exitRule: ExitRule?
    /// When they leave in calls that do not say.
    package var exitDefault = ExitDefault()
    package var prompts = Prompts.ofEmbeddings
    package var similarity = Similarity.cosine
    /// The scores of a sentence-transformers cross-encoder folder; nil: the folder is not a cross-encoder.
    package var crossEncoderScores: Scores? = nil
    /// Texts are truncated to this many tokens, including special ones; at most `maxPositions`.
    package var maxLength = 0
    /// The number format of the matrices.
    package var precision = Precision.float32
}

/// The state that a sequence head reads.
package enum HeadReading: Sendable {
    case first, mean, last
}

/// `problem_type`: the meaning of a classifier's outputs.
package enum Problem: Sendable {
    case singleLabel, multiLabel
    /// The outputs are the answer, without a softmax or sigmoid.
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
    /// Replaced-token detection: whether each token was replaced.
    case detection
}
