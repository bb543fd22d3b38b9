/// One step of the encoder, with its own shapes. The embeddings are a list of steps, and so is a layer: a family's forward pass is
/// data, built from its tensors and then mapped from one form of weights to the next.
package enum Step<Form: WeightForm> {
    case embed(EmbeddingStep<Form>)
    case trigrams(TrigramStep<Form>)
    case product(ProductStep<Form>)
    case normalize(NormalizationStep<Form>)
    case rotate(RotationStep)
    case attention(AttentionStep<Form>)

    /// The same step with the weights that `map` converts.
    @inline(never) package func map<Map: WeightMap>(_ map: inout Map) -> Step<Map.Target> where Map.Source == Form {
        switch self {
        case .embed(let step): .embed(step.map(&map))
        case .trigrams(let step): .trigrams(step.map(&map))
        case .product(let step): .product(step.map(&map))
        case .normalize(let step): .normalize(step.map(&map))
        case .rotate(let step): .rotate(step)
        case .attention(let step): .attention(step.map(&map))
        }
    }

    /// The buffer that the step writes, and the width that it needs there; nil: it works in place.
    package var output: (buffer: Buffer, width: Int)? {
        switch self {
        case .embed(let step): (step.into, step.width)
        case .trigrams(let step): (step.into, 3 * step.width)
        case .product(let step): (step.into, BufferWidths.width(of: step.columns, from: step.column))
        case .normalize(let step): (step.into, step.width)
        case .rotate: nil
        case .attention(let step): (.context, step.width)
        }
    }
}

/// The types of the weights at one stage between the file and the kernels.
package protocol WeightForm {
    /// Matrices of the encoder's linear layers.
    associatedtype Matrix
    associatedtype Norm
    /// A row for each id.
    associatedtype Table
    /// Of disentangled attention.
    associatedtype Positions
    /// The tables of RoPE.
    associatedtype Angles
    /// The relative position bias of all layers.
    associatedtype DistanceBias
    /// A linear layer after the encoder, with its activation.
    associatedtype Layer
    /// The last linear layer of a head.
    associatedtype Classifier
    /// The last linear layer of a masked language model: a row for each word.
    associatedtype Decoder
}

/// Converts weights from one form to the next. Packing and quantisation define it for a matrix, a norm, a table and so on;
/// `ModelParts.map` and the steps know where these are.
///
/// Nothing here throws. A map keeps the first error, and its owner checks for it at the end. So no code in between has to release
/// partial results, which would be most of the code.
package protocol WeightMap {
    associatedtype Source: WeightForm
    associatedtype Target: WeightForm

    /// The weights that follow belong to this block, or to the embeddings if nil. False: the caller may stop.
    mutating func begin(block: Int?) -> Bool
    /// A GEMM's matrix, and its gate.
    mutating func product(_ step: ProductStep<Source>) -> (Target.Matrix, gate: Target.Matrix?)
    mutating func norm(_ norm: Source.Norm) -> Target.Norm
    mutating func table(_ table: Source.Table, _ kind: TableKind) -> Target.Table
    mutating func positions(
        _ positions: Source.Positions, of step: AttentionStep<Source>
    ) -> Target.Positions
    mutating func angles(_ angles: Source.Angles) -> Target.Angles
    mutating func distanceBias(_ bias: Source.DistanceBias) -> Target.DistanceBias
    mutating func layer(_ layer: Source.Layer) -> Target.Layer
    mutating func classifier(_ classifier: Source.Classifier) -> Target.Classifier
    mutating func decoder(_ decoder: Source.Decoder) -> Target.Decoder
}

extension WeightMap {
    @inline(never) mutating func optionalNorm(_ norm: Source.Norm?) -> Target.Norm? {
        guard let norm else { return nil }
        return self.norm(norm)
    }

    @inline(never) mutating func optionalLayer(_ layer: Source.Layer?) -> Target.Layer? {
        guard let layer else { return nil }
        return self.layer(layer)
    }
}

/// What the rows of a table represent.
package enum TableKind {
    case words, positions, types
}
