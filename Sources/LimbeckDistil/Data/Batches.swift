import Limbeck

/// The micro-batches of each epoch: groups of a corpus, by their numbers.
///
/// Shuffled, groups of about the same length come together, because a batch of long texts needs more memory: the order is random, then sorted by
/// length within buckets of 50 batches, and then the batches come in random order. Otherwise they are as in the file. The last batch of the
/// buckets may be smaller than the others.
package struct Batches {
    private let lengths: [GroupSize]
    private let seed: UInt64
    private let size: Int
    private let isShuffled: Bool

    private static let batchesInBucket = 50
    /// After so many epochs the orders come again. The largest batch of all epochs is known before the first step, so they must be few
    /// enough to look at.
    package static func period(groups: Int) -> Int { max(8, 4_000_000 / max(1, groups)) }
    /// Of random streams.
    private static let stream: UInt64 = 0x6261_7463_0000_0000

    package init(_ corpus: Corpus, seed: UInt64, sequences: Int, isShuffled: Bool) {
        lengths = (0..<corpus.groups).map { corpus.size(of: $0) }
        (self.seed, size, self.isShuffled) = (seed, max(1, sequences), isShuffled)
    }

    /// Of an epoch.
    package var count: Int { (lengths.count + size - 1) / size }

    /// The batches of an epoch, counted from 0.
    package func epoch(_ epoch: Int) -> [[Int]] {
        var order = Array(0..<lengths.count)
        guard isShuffled else { return cut(order[...]) }
        let number = epoch % Batches.period(groups: order.count)
        var random = Philox(seed: seed, stream: Batches.stream + UInt64(truncatingIfNeeded: number))
        Batches.shuffle(order.count, &random) { order.swapAt($0, $1) }
        var batches: [[Int]] = [], start = 0
        while start < order.count {
            let end = min(order.count, start + size * Batches.batchesInBucket)
            // Equal lengths stay in their random order: the place is a part of what is sorted.
            var keys = (start..<end).map { lengths[order[$0]].tokens << 32 | $0 - start }
            keys.sort()
            let bucket = keys.map { order[start + $0 & 0xffff_ffff] }
            batches += cut(bucket[...])
            start = end
        }
        Batches.shuffle(batches.count, &random) { batches.swapAt($0, $1) }
        return batches
    }

    /// Batches of which one is the largest of so many epochs, whatever grows with the number of tokens, of pairs of them, and of texts.
    package func largest(epochs: Int) -> [[Int]] {
        var largest: [(groups: [Int], size: GroupSize)] = []
        for epoch in 0..<(isShuffled ? min(max(1, epochs), Batches.period(groups: lengths.count)) : 1) {
            for batch in self.epoch(epoch) {
                var size = GroupSize()
                for group in batch { size.add(lengths[group]) }
                if largest.contains(where: { $0.size.isAtLeast(size) }) { continue }
                largest = largest.filter { !size.isAtLeast($0.size) } + [(batch, size)]
            }
        }
        return largest.map { $0.groups }
    }

    private func cut(_ order: ArraySlice<Int>) -> [[Int]] {
        stride(from: 0, to: order.count, by: size).map { Array(order[$0..<min(order.count, $0 + size)]) }
    }

    /// Fisher and Yates.
    private static func shuffle(_ count: Int, _ random: inout Philox, _ swap: (Int, Int) -> Void) {
        var last = count - 1
        while last > 0 {
            swap(last, Int(random.uniform(below: UInt32(truncatingIfNeeded: last + 1))))
            last -= 1
        }
    }
}

/// What memory for a batch may grow with. Rows of matrices are rounded up to whole panels, so rounded numbers count too.
package struct GroupSize {
    var sequences = 0
    var tokens = 0
    var rounded = 0
    var pairs = 0
    var roundedPairs = 0
    var longest = 0

    mutating func add(sequence length: Int) {
        let whole = (length + 15) / 16 * 16
        add(
            GroupSize(
                sequences: 1, tokens: length, rounded: whole, pairs: length * length, roundedPairs: whole * whole, longest: length))
    }

    mutating func add(_ other: GroupSize) {
        sequences += other.sequences
        tokens += other.tokens
        rounded += other.rounded
        pairs += other.pairs
        roundedPairs += other.roundedPairs
        longest = max(longest, other.longest)
    }

    func isAtLeast(_ other: GroupSize) -> Bool {
        sequences >= other.sequences && tokens >= other.tokens && rounded >= other.rounded && pairs >= other.pairs
            && roundedPairs >= other.roundedPairs && longest >= other.longest
    }
}
