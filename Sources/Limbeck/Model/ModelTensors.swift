import KernelInterface

/// The tensors of a model under the names of its parts, with their shapes checked. Views into the mapped file.
package typealias ModelTensors = ModelParts<Stored>

/// Weights as they are stored in the file.
package enum Stored: WeightForm {
    /// Matrices of the same inputs, their outputs side by side.
    package typealias Matrix = [LinearTensors]
    package typealias Norm = NormTensors
    package typealias Table = Tensor
    package typealias Positions = DisentangledTensors
    package typealias Angles = Rotary
    package typealias DistanceBias = Tensor  // (buckets, heads)
    package typealias Layer = DenseTensors
    package typealias Classifier = LinearTensors
    package typealias Decoder = DecoderTensors
}

/// activation(W x + b), in TinyBERT's classifier a ReLU after it, before a decoder and in ModernBERT's heads a LayerNorm.
package struct DenseTensors {
    package var linear: LinearTensors
    package var activation: Activation
    package var relu = false
    package var norm: NormTensors?
}

package struct LinearTensors {
    package var weight: Tensor  // (out, in)
    package var bias: Tensor?  // (out)

    /// Some of the outputs alone.
    func outputs(_ range: Range<Int>) -> LinearTensors {
        LinearTensors(weight: weight.rows(range), bias: bias?.rows(range))
    }
}

package struct NormTensors {
    package var weight: Tensor
    package var bias: Tensor?
    /// nil: scale and shift alone.
    package var eps: Float?
}

/// A decoder's matrix, whose columns may stand in several tensors, and its bias.
package struct DecoderTensors {
    package var weight: [Tensor]  // (vocab, some of the inputs) each
    package var bias: Tensor?  // (vocab)
}
