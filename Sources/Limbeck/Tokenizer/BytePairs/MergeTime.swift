/// The test `mayMeet` for merges that do not happen in the order of their ranks.
///
/// A merge is out of turn if one of its parts is made by a merge of higher rank. It then happens at once, before all merges that
/// wait for their own rank. A token is therefore made at the time of the highest rank in all that it is merged from. Tokens of the
/// same time are made from left to right, each after its own parts. This occurs in converted SentencePiece models whose pieces have
/// equal scores, such as runs of spaces.
enum MergeTime {
    /// Like `PairHash.mayMeet`; `times` are indexed by number.
    static func mayMeet(
        _ left: UInt32, _ right: UInt32, _ letterCount: UInt32, merged: (UInt32, UInt32) -> UInt32,
        parts: (UInt32) -> (UInt32, UInt32), times: (UInt32) -> UInt32
    ) -> Bool {
        var (left, right) = (left, right)
        // Pairs of this rank or a higher one would come too late.
        var limit = MergeTable.nothing
        while true {
            if merged(left, right) < limit { return false }
            let (leftTime, rightTime) = (times(left), times(right))
            if leftTime > rightTime {
                if left < letterCount { return true }
                let last = parts(left).1
                // A part made at the same time is merged on at once, unless a pair across the border has a lower rank. Otherwise
                // everything that happens up to this time comes between.
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

/// The pair table while it is being built.
struct PairTable {
    private(set) var slots: [UInt64]
    private let shift: UInt64

    /// With room for `count` pairs.
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
