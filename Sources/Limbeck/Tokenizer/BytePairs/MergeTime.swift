/// What merging leaves beside each other where merges do not happen in the order of their ranks.
///
/// A merge happens out of turn if a later one makes its part: then at once, before all that waits for its own rank. So a token is made at the
/// time of the last rank in all that it is made of, and what is made at the same time is made from the left to the right, each after
/// its own parts. Converted SentencePiece models are such where pieces have equal scores, as runs of spaces.
enum MergeTime {
    /// As `PairHash.mayMeet`; `times` are by number.
    static func mayMeet(
        _ left: UInt32, _ right: UInt32, _ letterCount: UInt32, merged: (UInt32, UInt32) -> UInt32,
        parts: (UInt32) -> (UInt32, UInt32), times: (UInt32) -> UInt32
    ) -> Bool {
        var (left, right) = (left, right)
        // Pairs of this rank or a later one would have come too late.
        var limit = MergeTable.nothing
        while true {
            if merged(left, right) < limit { return false }
            let (leftTime, rightTime) = (times(left), times(right))
            if leftTime > rightTime {
                if left < letterCount { return true }
                let last = parts(left).1
                // A part that is made at the same time is at once taken on, unless a pair across the border has a lower rank. Else all
                // that happens up to this time is in between.
                limit = times(last) == leftTime ? left : leftTime
                left = last
            } else {
                if right < letterCount { return true }
                let (first, last) = parts(right)
                limit = (times(first) == rightTime && times(last) < rightTime ? right : rightTime) &+ 1
                right = first
            }
        }
    }
}

/// Pairs that merge, while they are found.
struct PairTable {
    private(set) var slots: [UInt64]
    private let shift: UInt64

    /// Room for so many.
    init(count: Int) {
        var size = 16
        while size < 2 * count { size *= 2 }
        shift = PairHash.shift(slots: size)
        slots = [UInt64](repeating: 0, count: size)
    }

    @_optimize(speed)
    func find(_ left: UInt32, _ right: UInt32) -> UInt32 {
        slots.withUnsafeBufferPointer { slots in
            guard let start = slots.baseAddress else { return MergeTable.nothing }
            return PairHash.find(left, right, in: start, shift: shift, mask: slots.count - 1)
        }
    }

    mutating func insert(_ left: UInt32, _ right: UInt32, _ token: UInt32) {
        let key = UInt64(left) << PairHash.tokenBits | UInt64(right)
        var slot = PairHash.slot(of: key, shift)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = key << PairHash.tokenBits | UInt64(token)
    }
}
