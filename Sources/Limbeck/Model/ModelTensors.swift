import KernelInterface

/// The tensors of a model by the names of its parts, with checked shapes. Views into the mapped file.
package typealias ModelTensors = ModelParts<Stored>

/// Weights as stored in the file.
package enum Stored: WeightForm {
    /// Matrices with the same inputs, their outputs side by side.
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

/// activation(W x + b), followed by a ReLU in TinyBERT's classifier, and by a LayerNorm before a decoder and in ModernBERT's heads.
package struct DenseTensors {
    package var linear: LinearTensors
    package var activation: Activation
    package var relu = false
    package var norm: NormTensors?
}

package struct LinearTensors {
    package var weight: Tensor  // (out, in)
    package var bias: Tensor?  // (out)

    package init(weight: Tensor, bias: Tensor?) { (self.weight, self.bias) = (weight, bias) }

    /// A range of the outputs.
    func outputs(_ range: Range<Int>) -> LinearTensors {
        LinearTensors(weight: weight.rows(range), bias: bias?.rows(range))
    }
}

package struct NormTensors {
    package var weight: Tensor
    package var bias: Tensor?
    /// nil: only scale and shift.
    package var eps: Float?
    /// As in `Normalization`.
    package var isUnbiased = false
}

/// A decoder's matrix, whose columns may be split over several tensors, and its bias.
package struct DecoderTensors {
    package var weight: [Tensor]  // (vocab, some of the inputs) each
    package var bias: Tensor?  // (vocab)
}
