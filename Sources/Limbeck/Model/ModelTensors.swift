import KernelInterface

/// The tensors of a model under the names of its parts, with their shapes checked. Views into the mapped file.
package struct ModelTensors {
    package var embedding: EmbeddingTensors
    /// The distinct blocks of layers; a model that shares weights runs one several times.
    package var blocks: [[Step<[LinearTensors], NormTensors>]]
    /// The blocks of each layer, by index.
    package var layers: [[Int]]
    package var relativeBias: Tensor?  // (buckets, heads)
    package var pooler: LinearTensors?  // hidden -> hidden, tanh
    package var head: HeadTensors
}

package struct EmbeddingTensors {
    package var word: Tensor  // (vocab, embedding)
    package var position: Tensor  // (rows, embedding)
    package var type: Tensor?  // (types, embedding)
    package var norm: NormTensors
    package var projection: LinearTensors?  // embedding -> hidden
}

package enum HeadTensors {
    case none
    /// Logits per sequence, from the first token.
    case sequence(dense: DenseTensors, classifier: LinearTensors)
    case token(classifier: LinearTensors)
    case span(classifier: LinearTensors)  // hidden -> 2
    /// logits = decoder norm(transform x) + bias
    case maskedLM(transform: DenseTensors, norm: NormTensors, decoder: Tensor, bias: Tensor?)
    /// A logit per token: was it replaced?
    case detection(dense: DenseTensors, classifier: LinearTensors)  // hidden -> 1
}

/// activation(W x + b), and in TinyBERT's classifier a ReLU after it.
package struct DenseTensors {
    package var linear: LinearTensors
    package var activation: Activation
    package var relu = false
}

package struct LinearTensors {
    package var weight: Tensor  // (out, in)
    package var bias: Tensor?  // (out)
}

package struct NormTensors {
    package var weight: Tensor
    package var bias: Tensor
}

extension ModelTensors {
    /// Numbers in the tensors that are used. What is used twice, such as a decoder tied to the word embeddings, counts once.
    var parameters: Int {
        var counter = ParameterCounter()
        counter.add(embedding.word)
        counter.add(embedding.position)
        if let type = embedding.type { counter.add(type) }
        counter.add(embedding.norm)
        if let projection = embedding.projection { counter.add(projection) }
        for case .product(let matrices, _, _, _, _, let norm) in blocks.joined() {
            for matrix in matrices { counter.add(matrix) }
            if let norm { counter.add(norm) }
        }
        if let relativeBias { counter.add(relativeBias) }
        if let pooler { counter.add(pooler) }
        switch head {
        case .none: break
        case .sequence(let dense, let classifier), .detection(let dense, let classifier):
            counter.add(dense.linear)
            counter.add(classifier)
        case .token(let classifier), .span(let classifier):
            counter.add(classifier)
        case .maskedLM(let transform, let norm, let decoder, let bias):
            counter.add(transform.linear)
            counter.add(norm)
            counter.add(decoder)
            if let bias { counter.add(bias) }
        }
        return counter.total
    }
}

private struct ParameterCounter {
    var total = 0
    private var seen: Set<UnsafeRawPointer> = []

    mutating func add(_ tensor: Tensor) {
        if let base = tensor.bytes.baseAddress, seen.insert(base).inserted { total += tensor.count }
    }

    mutating func add(_ linear: LinearTensors) {
        add(linear.weight)
        if let bias = linear.bias { add(bias) }
    }

    mutating func add(_ norm: NormTensors) {
        add(norm.weight)
        add(norm.bias)
    }
}
