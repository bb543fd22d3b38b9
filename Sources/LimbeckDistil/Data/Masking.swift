import Limbeck

/// Dynamic masking: which tokens are to be predicted, and what stands there instead. What is drawn for a token depends on the key of the step, the
/// number of its sequence within the step and its place alone.
package struct Masker {
    private let corpus: Corpus
    /// Of 2^32: choosing a token or a word, a mask for it, and a mask or another token.
    private let chosen: UInt64
    private let masked: UInt64
    private let changed: UInt64
    private let isWholeWord: Bool
    private let mask: Int32
    private let vocabularySize: UInt64

    /// The label of a token that is not to be predicted.
    package static let none: Int32 = -100
    /// Of counters, beside those of dropout.
    private static let site: UInt32 = 0x6d61_736b

    /// The corpus was read for a recipe with masking, so its tokenizer has a mask.
    package init(_ masking: Masking, _ corpus: Corpus, _ configuration: Configuration) {
        self.corpus = corpus
        func threshold(_ probability: Double) -> UInt64 { UInt64(min(1, probability) * 0x1p32) }
        (chosen, masked) = (threshold(masking.probability), threshold(masking.mask))
        changed = threshold(masking.mask + masking.random)
        isWholeWord = masking.isWholeWord
        mask = corpus.tokenizer?.mask ?? 0
        // Another token may be any of them, special ones too, as in the code of BERT and transformers.
        vocabularySize = UInt64(min(corpus.tokenizer?.vocabularySize ?? 1, max(1, configuration.vocabSize)))
    }

    /// Changes the ids of a sequence of the corpus, and returns the labels. Special tokens are never chosen. Of a whole word each piece draws its
    /// own mask.
    package func mask(_ ids: inout [Int32], sequence: Int, key: (UInt32, UInt32), number: Int) -> [Int32] {
        var labels = [Int32](repeating: Masker.none, count: ids.count)
        let first = corpus.starts[sequence]
        var isChosen = false, isInWord = false
        for place in ids.indices {
            guard !corpus.isSpecial(ids[place]) else {
                isInWord = false
                continue
            }
            let words = Philox.block(
                (0, UInt32(truncatingIfNeeded: place), UInt32(truncatingIfNeeded: number), Masker.site), key)
            let continues = isWholeWord && isInWord && !corpus.wordStarts[first + place]
            if !continues { isChosen = UInt64(words.0) < chosen }
            isInWord = true
            guard isChosen else { continue }
            labels[place] = ids[place]
            if UInt64(words.1) < masked {
                ids[place] = mask
            } else if UInt64(words.1) < changed {
                let wide = UInt64(words.2) << 32 | UInt64(words.3)
                ids[place] = Int32(truncatingIfNeeded: wide.multipliedFullWidth(by: vocabularySize).high)
            }
        }
        return labels
    }
}
