import KernelInterface

/// The tensors of a model under the names of its parts, with their shapes checked. Views into the mapped file.
package final class ModelTensors {
    package var embeddings: [Step<Stored>] = []
    /// The distinct blocks of layers; a model that shares weights runs one several times.
    package var blocks: [[Step<Stored>]] = []
    /// The blocks of each layer, by index.
    package var layers: [[Int]] = []
    package var relativeBias: Tensor?  // (buckets, heads)
    /// By the table that a step names.
    package var rotaries: [Rotary] = []
    package var pooler: LinearTensors?  // hidden -> hidden, tanh
    package var head = HeadTensors.none
    package var vector: VectorSteps<Stored>

    init(hidden: Int) { vector = VectorSteps(hidden: hidden) }
}

/// Weights as they are stored in the file.
package enum Stored: WeightForm {
    /// Matrices of the same inputs, their outputs side by side.
    package typealias Matrix = [LinearTensors]
    package typealias Norm = NormTensors
    package typealias Table = Tensor
    package typealias Positions = DisentangledTensors
    package typealias Layer = DenseTensors
}

package enum HeadTensors {
    case none
    /// Logits per sequence, from the first token or the mean of all, or what `dense` makes of it.
    case sequence(dense: DenseTensors?, classifier: LinearTensors)
    case token(dense: DenseTensors?, classifier: LinearTensors)
    case span(dense: DenseTensors?, classifier: LinearTensors)  // hidden -> 2
    /// logits = decoder transform(x) + bias; the decoder's columns may stand in several tensors.
    case maskedLM(transform: DenseTensors, decoder: [Tensor], bias: Tensor?)
    /// A logit per token: was it replaced?
    case detection(dense: DenseTensors, classifier: LinearTensors)  // hidden -> 1
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

extension ModelTensors {
    /// Numbers in the tensors that are used. What is used twice, such as a decoder tied to the word embeddings, counts once.
    var parameters: Int {
        var counter = ParameterCounter()
        for step in embeddings { counter.add(step) }
        for step in blocks.joined() { counter.add(step) }
        if let relativeBias { counter.add(relativeBias) }
        if let pooler { counter.add(pooler) }
        switch head {
        case .none: break
        case .sequence(let dense, let classifier), .token(let dense, let classifier), .span(let dense, let classifier):
            if let dense { counter.add(dense) }
            counter.add(classifier)
        case .detection(let dense, let classifier):
            counter.add(dense)
            counter.add(classifier)
        case .maskedLM(let transform, let decoder, let bias):
            counter.add(transform)
            for tensor in decoder { counter.add(tensor) }
            if let bias { counter.add(bias) }
        }
        for stage in vector.stages {
            switch stage {
            case .dense(let dense, _, _, let adds):
                counter.add(dense)
                if let adds { counter.add(adds) }
            case .norm(let norm): counter.add(norm)
            case .unitLength: break
            }
        }
        return counter.total
    }
}

private struct ParameterCounter {
    private var counts: [Int] = []
    /// Where each begins.
    private var places: [SortKey] = []

    /// Of those that begin at one place the first that was added counts.
    var total: Int {
        var places = places, total = 0
        SortKey.sort(&places)
        for (index, place) in places.enumerated() where index == 0 || places[index - 1].first != place.first {
            total += counts[place.index]
        }
        return total
    }

    @inline(never) mutating func add(_ tensor: Tensor) {
        guard let base = tensor.bytes.baseAddress else { return }
        places.append(SortKey(Int(bitPattern: base), index: counts.count))
        counts.append(tensor.count)
    }

    mutating func add(_ step: Step<Stored>) {
        switch step {
        case .embed(let tables, _, let norm):
            for table in [tables.word, tables.position, tables.type] { if let table { add(table) } }
            if let norm { add(norm) }
        case .trigrams(let word, _): add(word)
        case .product(let matrices, _, _, _, _, let gate, _, let norm):
            for matrix in matrices + (gate ?? []) { add(matrix) }
            if let norm { add(norm) }
        case .normalize(let norm, _, _): add(norm)
        case .attention(_, let positions):
            guard let positions else { break }
            add(positions.embeddings)
            if let norm = positions.norm { add(norm) }
            if let key = positions.key { add(key) }
            if let query = positions.query { add(query) }
        case .rotate: break
        }
    }

    @inline(never) mutating func add(_ linear: LinearTensors) {
        add(linear.weight)
        if let bias = linear.bias { add(bias) }
    }

    @inline(never) mutating func add(_ norm: NormTensors) {
        add(norm.weight)
        if let bias = norm.bias { add(bias) }
    }

    @inline(never) mutating func add(_ dense: DenseTensors) {
        add(dense.linear)
        if let norm = dense.norm { add(norm) }
    }
}
