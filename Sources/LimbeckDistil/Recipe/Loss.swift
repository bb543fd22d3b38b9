import Limbeck

/// A term of a stage's loss.
package struct Loss {
    /// As in the log.
    package var name: String
    package var kind: Kind
    package var weight = Weight(1)

    package init(name: String, kind: Kind) { (self.name, self.kind) = (name, kind) }

    package enum Kind {
        /// -log p(label).
        case crossEntropy(LabelTarget)
        /// The distribution of a teacher's logits.
        case soft(SoftLoss)
        /// States of layers.
        case states(StateLoss)
        /// Attention's scores before softmax, q k^T / sqrt(headSize): mean over real pairs of tokens and heads, summed over `layers`,
        /// which are counted from 0, or from the last one, -1.
        case attentionScores(layers: [LayerPair])
        /// Relations of queries, keys or values (MiniLMv2).
        case relations(RelationLoss)
        /// Vectors of texts, pooled as the student's folder says.
        case vectors(VectorLoss)
        /// Scores of a query and the other texts of its group.
        case ranking(RankingLoss)
    }

    /// What a label is of.
    package enum LabelTarget {
        /// Of a text; mean over texts. With one output: the squared error.
        case sequence
        /// Of each token, -100: none; mean over those that have one.
        case token
        /// Of masked tokens; the same, over the vocabulary.
        case maskedToken
        /// The first and the last token of an answer, (CE + CE) / 2.
        case span
        /// Of a text, by every exit but the last (`inner`) or every one; each term summed.
        case exits(ExitTerms)
    }
}

package struct ExitTerms {
    /// Whether the last exit, which has the model's own head, is left out.
    package var isInnerOnly = true
    /// Exit j counts j times, and the sum is divided by that of the weights (PABEE).
    package var isWeightedByDepth = false

    package init() {}
}

/// Student and teacher, layer by layer: 0 is the output of the embeddings, k the state after k layers; -1 is the last.
package struct LayerPair {
    package var student: Int
    package var teacher: Int

    package init(_ student: Int, _ teacher: Int) { (self.student, self.teacher) = (student, teacher) }
}

/// With p_s = softmax(s / T) and p_t = softmax(t / T): -sum p_t log p_s, or KL(p_t || p_s), or, reversed, KL(p_s || p_t).
package struct SoftLoss {
    package enum Divergence { case crossEntropy, kl, reversedKL }
    package enum Target {
        /// The logits of the head: of texts, or of all real tokens.
        case logits
        /// Of masked tokens alone.
        case maskedLogits
        /// Every exit but the last one learns from the last one, which is fixed (FastBERT). Terms are summed.
        case exits
    }

    package var divergence = Divergence.kl
    package var target = Target.logits
    package var temperature: Float = 1
    /// Whether the term is multiplied by T^2.
    package var isScaledBySquare = true
    /// Whether the mean is over classes too, as in TinyBERT's and PKD's code.
    package var isMeanOverClasses = false

    package init() {}
}

/// Distances of states: of all real tokens, or of the first.
package struct StateLoss {
    package enum Distance {
        /// Mean over rows and units.
        case squared
        /// Half the sum over units, mean over rows (FitNets).
        case halfSquared
        /// 1 - cos, mean over rows.
        case cosine
    }

    package var distance = Distance.squared
    package var layers: [LayerPair] = []
    /// Every layer's loss is summed, or, as in PKD, averaged.
    package var isMeanOverLayers = false
    /// The states of the first token alone.
    package var isFirstTokenOnly = false
    /// Divides each row by its length first (PKD).
    package var isNormalized = false
    package var projection: Projection?
    /// Of a student with fewer layers by a stage's `depths`, which has these states: pairs follow from the kept layers (DynaBERT).
    package var followsDepth = false

    package init() {}
}

/// A linear layer to the teacher's width, part of the loss and trained with it: W s + b.
package struct Projection {
    /// Of the tensors, `name.weight` and `name.bias`; with a number for each layer pair unless it is shared.
    package var name: String
    package var isShared = true

    package init(name: String) { self.name = name }
}

/// For each of queries, keys and values of one layer: all heads joined, split into relation heads of width d, and the mean over texts of
/// sum KL(softmax(t t^T / sqrt d_t) || softmax(s s^T / sqrt d_s)) / (relation heads * tokens).
package struct RelationLoss {
    package var relationHeads: Int
    /// Counted from 0, or from the last one, -1.
    package var layers: LayerPair
    package var query: Float = 1
    package var key: Float = 1
    package var value: Float = 1

    package init(relationHeads: Int, layers: LayerPair) { (self.relationHeads, self.layers) = (relationHeads, layers) }
}

package struct VectorLoss {
    package enum Distance {
        /// Mean over texts and units.
        case squared
        /// 1 - cos, mean over texts.
        case cosine
    }

    package var distance = Distance.squared
    /// Whether both vectors have length 1 before they are compared (the student's before its projection); nil: as each folder says.
    package var isNormalized: Bool?
    package var projection: Projection?
    /// The loss of each of these prefixes of the vectors, with weights (Matryoshka); empty: of the whole.
    package var prefixes: [Prefix] = []

    package init() {}
}

package struct Prefix {
    package var size: Int
    package var weight: Float

    package init(size: Int, weight: Float) { (self.size, self.weight) = (size, weight) }
}

package struct RankingLoss {
    package enum Kind {
        /// ((q.p - q.n) - (teacher's margin))^2, mean over groups and negatives.
        case marginSquared
        /// Cross entropy over scale * cos(q, every positive, then every negative of the batch), the own positive being right.
        case multipleNegatives(scale: Float)
        /// T^2 KL(softmax(teacher's scores / T) || softmax(scores / T)) over the texts of a group.
        case kl(temperature: Float)
    }

    package var kind: Kind
    /// Cosine, or a dot product of vectors as the folder pools them.
    package var isCosine: Bool
    /// nil: as the folder says.
    package var isNormalized: Bool?
    package var prefixes: [Prefix] = []

    package init(_ kind: Kind, isCosine: Bool) { (self.kind, self.isCosine) = (kind, isCosine) }
}

/// A constant, or a value that falls linearly over epochs (FitNets): `from` until epoch `begin`, `to` from epoch `end` on.
package struct Weight {
    package var from: Float
    package var to: Float
    package var begin = 0.0
    package var end = 0.0

    package init(_ value: Float) { (from, to) = (value, value) }

    package func value(epoch: Double) -> Float {
        guard end > begin, epoch > begin else { return epoch >= end && end > 0 ? to : from }
        return epoch >= end ? to : from + (to - from) * Float((epoch - begin) / (end - begin))
    }
}
