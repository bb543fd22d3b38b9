import Limbeck

/// A recipe, read and checked: what is trained, from whom, on what, and how. A method of distillation is a recipe; see docs/distillation.md.
package struct Recipe {
    /// nil: losses need labels alone.
    package var teacher: TeacherSource?
    package var student: StudentSource
    /// nil: a static student reads texts only to count its tokens.
    package var data: DataSource?
    /// Texts are truncated to so many tokens, special ones included; nil: the student's own limit.
    package var maxLength: Int?
    package var seed: UInt64 = 42
    /// The folder of the student, its log and its checkpoints.
    package var output: String
    package var stages: [Stage]
    /// Writes a checkpoint after every so many optimiser steps; 0: at the end of each stage alone.
    package var checkpointSteps = 200
    /// Writes the gradients of these steps beside the log, for comparison with other trainers.
    package var recordedSteps: [Int] = []
    /// Of the recipe's text: a checkpoint belongs to it.
    package var fingerprint = 0
    /// The file as JSON without spaces, with its overrides: for the student's card, and to tell whether a checkpoint is of the same recipe.
    package var source = ""

    package init(student: StudentSource, data: DataSource?, output: String, stages: [Stage]) {
        (self.student, self.data, self.output, self.stages) = (student, data, output, stages)
    }
}

package struct TeacherSource {
    package var path: String
    /// Whether the teacher's dropout stays on, as in TinyBERT's code.
    package var dropout: Float = 0
    /// A file for its vectors of the texts, which are computed once; nil: they are kept for one run alone.
    package var store: String?

    package init(path: String) { self.path = path }
}

package struct StudentSource {
    package enum Origin {
        /// Layers, embeddings and head of the teacher.
        case teacher
        /// A model folder.
        case folder(String)
        /// Random weights, in the architecture of the teacher or of a folder.
        case new(like: String?)
        /// No network: a table of the teacher's vectors of single tokens.
        case table(StaticSource)
    }

    package var origin: Origin
    /// The layers that are kept, from 0, in this order; nil: all, or as many as `layerCount`.
    package var layers: [Int]?
    /// Sizes of a new student that differ from the model it is like.
    package var layerCount: Int?
    package var hiddenSize: Int?
    package var attentionHeads: Int?
    package var intermediateSize: Int?
    package var hasTokenTypes = true
    package var hasPooler = true
    /// The head: nil as in the model it is from.
    package var head: HeadSource?
    /// Trims the vocabulary to the tokens of the corpus: the most frequent ones, up to this many; nil: the vocabulary stays.
    package var vocabularySize: Int?
    /// Of a new student that is thinner: its embeddings are those of the model that it is like, projected to their principal components.
    package var projectsEmbeddings = false
    /// The standard deviation of new weights.
    package var initializerRange: Float = 0.02
    /// Safetensors of the projections of losses, by name; new ones are random.
    package var projections: String?

    package init(_ origin: Origin) { self.origin = origin }

    var isStatic: Bool { if case .table = origin { true } else { false } }
}

/// A static student (model2vec 0.10.0): what becomes of the teacher's vectors of single tokens.
package struct StaticSource {
    /// How often a token is, of which its weight depends.
    package enum Frequencies {
        /// By Zipf's law, with ids as ranks.
        case zipf
        /// As in the data.
        case data
    }

    package enum Precision { case float16, float32 }

    /// The principal components that are kept; nil: the vectors stay as they are.
    package var dimensions: Int? = 256
    /// a of the weights a / (a + frequency) (Arora, Liang, Ma 2017); nil: all are 1.
    package var coefficient: Double? = 1e-4
    package var frequencies = Frequencies.zipf
    package var precision = Precision.float16

    package init() {}
}

/// A head that the student gets, with new weights.
package enum HeadSource {
    /// A system of early exits whose files are a plain model's with more tensors.
    package enum ExitSystem { case deeBERT, pabee }

    case none
    case sequence(labels: [String])
    case exits(ExitSystem, labels: [String])
    case token(labels: [String])
    case span
    case maskedLM
}

/// What is trained on. Paths are relative to the recipe.
package enum DataSource {
    /// A text in each line.
    case texts(String)
    /// Tab-separated lines: label, text and, optionally, a second text.
    case labelled(String)
    /// Tab-separated lines: a query, a text that fits it, and optionally texts that do not.
    case pairs(String)
    /// JSON lines of tokens that somebody else prepared, in their order: `input_ids`, `token_type_ids`, and any of `labels` (a number,
    /// or one for each token), `masked_labels`, `start`, `end`; for ranking an array of those under `texts`, with `scores`.
    case tokens(String)

    package var path: String {
        switch self {
        case .texts(let path), .labelled(let path), .pairs(let path), .tokens(let path): path
        }
    }
}

/// A stage of training. Stages follow each other with the same student; each has its own optimiser.
package struct Stage {
    package var name: String
    /// Patterns of the names of parameters, with `*`: those that are trained, less those that are frozen.
    package var train = ["*"]
    package var freeze: [String] = []
    package var losses: [Loss]
    package var optimizer = OptimizerSettings()
    /// Sequences (or groups of them, in ranking) in a micro-batch, and micro-batches in a step of the optimiser.
    package var sequences = 32
    package var accumulate = 1
    package var epochs = 1.0
    /// Optimiser steps; overrides `epochs`.
    package var steps: Int?
    /// false: in the order of the file, in every epoch, without sorting by length.
    package var isShuffled = true
    package var dropout: Float = 0
    package var masking: Masking?
    /// Sub-networks that are trained together: fractions of the width, within fractions of the depth (DynaBERT).
    package var widths: [Double] = [1]
    package var depths: [Double] = [1]
    /// Sorts heads and neurons by their importance before the stage: the batches, of so many sequences each, that tell it (DynaBERT).
    package var rewiring: Rewiring?

    package init(name: String, losses: [Loss]) { (self.name, self.losses) = (name, losses) }
}

package struct Rewiring {
    /// The sequences of each batch, from the start of the file; gradients accumulate from batch to batch, as in DynaBERT's code.
    package var batches: [Int]

    package init(batches: [Int]) { self.batches = batches }
}

/// Dynamic masking, for cross entropy of masked tokens.
package struct Masking {
    package var probability = 0.15
    /// Of the chosen tokens: the parts that become [MASK], and another token; the rest stays.
    package var mask = 0.8
    package var random = 0.1
    package var isWholeWord = false
    /// For Chinese: a file with the same lines, whose words are separated by spaces.
    package var segmented: String?

    package init() {}
}
