import KernelInterface
import Limbeck

/// The tokens of a micro-batch, back to back without padding, in the arena.
package final class TokenBatch {
    package let tokens: Int
    /// (sequences + 1) the first token of each sequence, and the end.
    package let starts: [Int]
    package let longest: Int
    package let ids: UnsafeMutablePointer<Int32>  // (tokens)
    /// Those of the network that runs.
    package let positions: UnsafeMutablePointer<Int32>
    package let types: UnsafeMutablePointer<Int32>
    /// For dropout.
    package let addresses: UnsafeMutablePointer<RowAddress>

    /// Memory for sequences of these lengths; `fill` sets the tokens. `first` is the number of the first sequence in the step.
    package init(_ arena: Arena, lengths: [Int], first: Int) {
        var starts = [0]
        for length in lengths { starts.append(starts[starts.count - 1] + length) }
        (self.starts, tokens, longest) = (starts, starts[starts.count - 1], lengths.max() ?? 0)
        ids = arena.take(Int32.self, tokens)
        positions = arena.take(Int32.self, tokens)
        types = arena.take(Int32.self, tokens)
        addresses = arena.take(RowAddress.self, tokens)
        guard !arena.isMeasuring else { return }
        for (sequence, length) in lengths.enumerated() {
            for token in 0..<length {
                addresses[starts[sequence] + token] = RowAddress(sequence: UInt32(first + sequence), position: UInt32(token))
            }
        }
    }

    /// Sets the tokens of a sequence.
    package func fill(_ index: Int, _ corpus: Corpus, _ sequence: Int) {
        for (place, token) in (corpus.starts[sequence]..<corpus.starts[sequence + 1]).enumerated() {
            ids[starts[index] + place] = corpus.ids[token]
            types[starts[index] + place] = Int32(corpus.types[token])
        }
    }

    /// Sets the positions, as the engine does: from 0, or after a padding id, which tokens with that id keep as their position.
    package func count(after padding: Int32?) {
        for sequence in 0..<sequences {
            var last = padding ?? -1
            for row in range(sequence) {
                if ids[row] != padding { last += 1 }
                positions[row] = ids[row] == padding ? ids[row] : last
            }
        }
    }

    package var sequences: Int { starts.count - 1 }
    package func range(_ sequence: Int) -> Range<Int> { starts[sequence]..<starts[sequence + 1] }
}
