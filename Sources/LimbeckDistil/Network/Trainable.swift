import KernelInterface
import Limbeck

/// Weights that are trained: slices of parameters.
package enum Trainable: WeightForm {
    package typealias Matrix = TrainableMatrix
    package typealias Norm = NormSlice
    package typealias Table = TrainableTable
    package typealias Positions = Never
    package typealias Angles = Rotary
    package typealias DistanceBias = TrainableTable  // (buckets, heads)
    package typealias Layer = TrainableLayer
    package typealias Classifier = TrainableMatrix
    package typealias Decoder = TrainableMatrix
}

/// Matrices with the same inputs, their outputs side by side; a decoder's, which have the same outputs, add up.
package struct TrainableMatrix {
    package var parts: [LinearSlice]
}

package struct TrainableTable {
    package var slice: Slice
}

/// activation(W x + b), followed by a ReLU, or a LayerNorm.
package struct TrainableLayer {
    package var linear: TrainableMatrix
    package var activation: Activation
    package var relu: Bool
    package var norm: NormSlice?
}

/// Makes parameters of the tensors that a model uses. A tensor that is used twice, or by parts, is one parameter.
package struct ParameterMap: WeightMap {
    package typealias Source = Stored
    package typealias Target = Trainable

    package let parameters: Parameters
    /// The files' tensors, whole.
    private let tensors: [StoredTensor]
    private var places = NameTable()
    private let zeros: UnsafePointer<Float>
    /// The first thing that training does not have.
    private(set) var error: LimbeckError?
    /// The tensors behind the parameters, in their order.
    private(set) var sources: [(parameter: Parameter, tensor: StoredTensor)] = []

    package init(_ files: WeightFiles, _ parameters: Parameters, zeros: UnsafePointer<Float>) {
        (self.parameters, self.zeros, tensors) = (parameters, zeros, files.tensors)
        for (place, tensor) in tensors.enumerated() { places.set(tensor.name, place) }
    }

    package mutating func begin(block: Int?) -> Bool { error == nil }

    /// The parameter of a tensor, or of the one that it is a part of.
    private mutating func parameter(_ tensor: Tensor) -> (Parameter, whole: StoredTensor?) {
        guard let place = places[tensor.name], tensors[place].bytes.contains(tensor.bytes) else {
            fail("the tensor '\(tensor.name)' is of a module after the Transformer, which cannot be trained")
            return (parameters.parameter(tensor.name, tensor.shape), nil)
        }
        guard tensor.strides == nil, tensors[place].strides == nil else {
            fail("the tensor '\(tensor.name)' is stored transposed, expected plain rows")
            return (parameters.parameter(tensor.name, tensor.shape), nil)
        }
        let whole = tensors[place]
        if let known = parameters[tensor.name] { return (known, whole) }
        let parameter = parameters.parameter(tensor.name, whole.shape)
        sources.append((parameter, whole))
        return (parameter, whole)
    }

    private mutating func slice(_ tensor: Tensor) -> Slice {
        let (parameter, whole) = parameter(tensor)
        guard let whole, let start = tensor.bytes.baseAddress, let first = whole.bytes.baseAddress, whole.shape != tensor.shape
        else {
            return Slice(parameter)
        }
        let row = (start - first) / (whole.bytes.count / whole.shape[0])
        return Slice(parameter, rows: row..<row + tensor.shape[0])
    }

    private mutating func vector(_ tensor: Tensor) -> Parameter { parameter(tensor).0 }

    private mutating func fail(_ message: String) {
        if error == nil { error = LimbeckError(.unsupported, "\(message)") }
    }

    private mutating func linear(_ tensors: LinearTensors) -> LinearSlice {
        let weight = slice(tensors.weight)
        return LinearSlice(weight: weight, bias: tensors.bias.map { vector($0) })
    }

    package mutating func product(_ step: ProductStep<Stored>) -> (TrainableMatrix, gate: TrainableMatrix?) {
        (matrix(step.matrix), gate: step.gate.map { matrix($0) })
    }

    private mutating func matrix(_ parts: [LinearTensors]) -> TrainableMatrix {
        var slices: [LinearSlice] = []
        for part in parts { slices.append(linear(part)) }
        return TrainableMatrix(parts: slices)
    }

    package mutating func norm(_ norm: NormTensors) -> NormSlice {
        NormSlice(
            weight: vector(norm.weight), bias: norm.bias.map { vector($0) }, eps: norm.eps, isUnbiased: norm.isUnbiased,
            zeros: zeros)
    }

    package mutating func table(_ table: Tensor, _ kind: TableKind) -> TrainableTable { TrainableTable(slice: slice(table)) }

    package mutating func positions(_ positions: DisentangledTensors, of step: AttentionStep<Stored>) -> Never {
        fatalError("disentangled attention was refused")
    }

    package mutating func angles(_ angles: Rotary) -> Rotary { angles }
    package mutating func distanceBias(_ bias: Tensor) -> TrainableTable { TrainableTable(slice: slice(bias)) }

    package mutating func layer(_ layer: DenseTensors) -> TrainableLayer {
        TrainableLayer(
            linear: matrix([layer.linear]), activation: layer.activation, relu: layer.relu, norm: layer.norm.map { norm($0) })
    }

    package mutating func classifier(_ classifier: LinearTensors) -> TrainableMatrix { matrix([classifier]) }

    package mutating func decoder(_ decoder: DecoderTensors) -> TrainableMatrix {
        if decoder.weight.count > 1 { fail("a decoder of several matrices (MobileBERT's) cannot be trained") }
        return matrix([LinearTensors(weight: decoder.weight[0], bias: decoder.bias)])
    }
}

extension UnsafeRawBufferPointer {
    /// Whether another buffer is a part of this one.
    fileprivate func contains(_ other: UnsafeRawBufferPointer) -> Bool {
        guard let start = baseAddress, let first = other.baseAddress else { return isEmpty && other.isEmpty }
        return first >= start && first + other.count <= start + count
    }
}
