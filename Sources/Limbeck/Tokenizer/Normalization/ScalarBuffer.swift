/// The scalars of a segment, each with its range of source bytes. The memory is borrowed.
struct ScalarBuffer {
    static let capacity = 1024

    let scalars: UnsafeMutablePointer<UInt32>
    let starts: UnsafeMutablePointer<UInt32>
    let ends: UnsafeMutablePointer<UInt32>
    private(set) var count = 0
    /// More was appended than fits.
    private(set) var isOverfull = false

    /// `memory` holds three consecutive arrays of `capacity`.
    init(_ memory: UnsafeMutablePointer<UInt32>) {
        scalars = memory
        starts = memory + ScalarBuffer.capacity
        ends = memory + 2 * ScalarBuffer.capacity
    }

    mutating func removeAll() { (count, isOverfull) = (0, false) }

    mutating func removeLast(_ removed: Int) { count -= removed }

    @inline(__always)
    mutating func append(_ scalar: UInt32, _ start: UInt32, _ end: UInt32) {
        guard count < ScalarBuffer.capacity else {
            isOverfull = true
            return
        }
        scalars[count] = scalar
        starts[count] = start
        ends[count] = end
        count &+= 1
    }

    @inline(__always)
    mutating func append(_ other: ScalarBuffer, _ index: Int) {
        append(other.scalars[index], other.starts[index], other.ends[index])
    }

    // MARK: Changes

    /// Appends a scalar with its change, in the sense of the reference. 0: it replaces the next source scalar. Negative: in
    /// addition, that many source scalars after it are removed. Positive: it is inserted, and has the offsets of the source scalar
    /// before it. `resolve` converts the changes to offsets.
    @inline(__always)
    mutating func append(_ scalar: UInt32, change: Int) {
        append(scalar, UInt32(bitPattern: Int32(truncatingIfNeeded: change)), 0)
    }

    func change(_ index: Int) -> Int { Int(Int32(bitPattern: starts[index])) }

    func setChange(_ index: Int, _ change: Int) {
        starts[index] = UInt32(bitPattern: Int32(truncatingIfNeeded: change))
    }

    /// Converts the changes of all scalars to offsets of `source`, whose first `skipped` scalars are removed. As in the reference,
    /// the offsets are in source order, whatever the order of the scalars.
    func resolve(_ source: ScalarBuffer, skipped: Int = 0, late: inout LatePlaces) {
        var next = skipped
        for index in 0..<count {
            let change = self.change(index)
            if change > 0 {
                let before = max(0, next &- 1)
                (starts[index], ends[index]) = late.place(before, source)
                continue
            }
            (starts[index], ends[index]) = late.place(next, source)
            next &+= 1 &- change
        }
        late.advance(next, source)
    }
}

/// Offsets of source scalars that are still to be assigned.
///
/// Where the reference's charsmap removes scalars at the beginning of a text, it does not count them: from there on every scalar
/// has the offsets of an earlier one, as many scalars back as were removed.
struct LatePlaces {
    private static let limit = 16
    private var starts = InlineArray<16, UInt32>(repeating: 0)
    private var ends = InlineArray<16, UInt32>(repeating: 0)
    private var count = 0

    var isEmpty: Bool { count == 0 }

    /// The offsets at `index` among the pending ones followed by those of `source`.
    @inline(__always)
    func place(_ index: Int, _ source: ScalarBuffer) -> (UInt32, UInt32) {
        if index < count { return (starts[index], ends[index]) }
        let index = min(index &- count, source.count &- 1)
        return index < 0 ? (0, 0) : (source.starts[index], source.ends[index])
    }

    /// Keeps those that remain after `used` offsets, at most the last `most`.
    mutating func advance(_ used: Int, _ source: ScalarBuffer) {
        let total = count + source.count
        let first = max(used, total - LatePlaces.limit)
        guard first < total else {
            count = 0
            return
        }
        for index in first..<total {
            (starts[index - first], ends[index - first]) = place(index, source)
        }
        count = total - first
    }
}
