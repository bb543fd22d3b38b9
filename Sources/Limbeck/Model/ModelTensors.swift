/// The tensors of a model under the names of its parts, with their shapes checked. Views into the mapped file.
package struct ModelTensors {
    package var word: Tensor  // (vocab, hidden)
    package var position: Tensor  // (positions, hidden)
    package var type: Tensor?  // (types, hidden)
    package var embeddingNorm: NormTensors
    package var layers: [LayerTensors]
    package var pooler: LinearTensors?  // hidden -> hidden, tanh
    package var head: HeadTensors
}

package struct LayerTensors {
    // hidden -> heads * headSize
    package var query: LinearTensors
    package var key: LinearTensors
    package var value: LinearTensors
    package var attentionOutput: LinearTensors  // heads * headSize -> hidden
    package var attentionNorm: NormTensors
    package var intermediate: LinearTensors  // hidden -> intermediate
    package var output: LinearTensors  // intermediate -> hidden
    package var outputNorm: NormTensors
}

package enum HeadTensors {
    case none
    /// Logits per sequence, from the pooled vector (BERT) or from a dense layer with ReLU on the first token (DistilBERT).
    case sequence(source: SequenceSource, classifier: LinearTensors)
    case token(classifier: LinearTensors)
    case span(classifier: LinearTensors)  // hidden -> 2
    /// logits = decoder norm(act(transform x)) + bias; act is the encoder's activation.
    case maskedLM(transform: LinearTensors, norm: NormTensors, decoder: Tensor, bias: Tensor?)
}

/// What the sequence classifier reads.
package enum SequenceSource {
    /// tanh(W x[CLS] + b): BERT.
    case pooled
    /// relu(tanh(W x[CLS] + b)): TinyBERT's own classifier.
    case pooledReLU
    /// relu(W x[CLS] + b): DistilBERT's pre_classifier.
    case dense(LinearTensors)
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
    /// Numbers in the tensors that are used; a decoder tied to the word embeddings counts once.
    var parameters: Int {
        var total = word.count + position.count + (type?.count ?? 0) + embeddingNorm.parameters + (pooler?.parameters ?? 0)
        for layer in layers {
            total += layer.query.parameters + layer.key.parameters + layer.value.parameters
            total += layer.attentionOutput.parameters + layer.attentionNorm.parameters
            total += layer.intermediate.parameters + layer.output.parameters + layer.outputNorm.parameters
        }
        switch head {
        case .none: break
        case .sequence(.dense(let dense), let classifier): total += dense.parameters + classifier.parameters
        case .sequence(_, let classifier), .token(let classifier), .span(let classifier): total += classifier.parameters
        case .maskedLM(let transform, let norm, let decoder, let bias):
            total += transform.parameters + norm.parameters + (bias?.count ?? 0)
            if decoder.bytes.baseAddress != word.bytes.baseAddress { total += decoder.count }
        }
        return total
    }
}

extension LinearTensors {
    var parameters: Int { weight.count + (bias?.count ?? 0) }
}

extension NormTensors {
    var parameters: Int { weight.count + bias.count }
}
