/// A charsmap as SentencePiece compiles it: a trie from strings to offsets in a pool of replacement strings.
///
/// The lookup follows the Hugging Face tokenizers, not SentencePiece: a grapheme cluster of less than six bytes is looked up as a
/// whole, and is replaced by the value of the shortest key that it begins with; otherwise each of its scalars is looked up.
final class CharacterMap: Sendable {
    /// A double array of darts-clone; every step is bounds-checked.
    let units: Table<UInt32>
    let pool: Table<UInt8>

    /// Clusters with fewer bytes are looked up as a whole.
    private static let clusterBytes = 6
    /// The maximum length of a replacement in bytes. SentencePiece's own have 33.
    static let maxBytes = 128

    /// nil if the bytes are not the size of the trie, the trie, and UTF-8.
    init?(_ bytes: [UInt8]) throws(LimbeckError) {
        func word(_ index: Int) -> UInt32 {
            UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
                | UInt32(bytes[index + 3]) << 24
        }
        guard bytes.count >= 4 else { return nil }
        let count = Int(word(0)) / 4
        guard count > 0, count <= (bytes.count - 4) / 4 else { return nil }
        units = try Table((0..<count).map { word(4 + 4 * $0) })
        pool = try Table(Array(bytes[(4 + 4 * count)...]))
        var position = 0
        while position < pool.count {
            let source = UTF8Reader.read(pool.base, at: position, end: pool.count)
            if !UTF8Reader.isWellFormed(source, pool.base) { return nil }
            position = source.end
        }
    }

    /// From a pack. A pool that is not UTF-8 only yields U+FFFD.
    init(units: Table<UInt32>, pool: Table<UInt8>) { (self.units, self.pool) = (units, pool) }

    var memoryBytes: Int { units.memoryBytes + pool.memoryBytes }

    /// Maps `source` to `target`, whose offsets are resolved from the changes. `isFirst`: no output precedes it.
    func apply(
        _ source: ScalarBuffer, to target: inout ScalarBuffer, isFirst: Bool, _ late: inout LatePlaces
    ) {
        var breaker = GraphemeBreaker()
        var skipped = 0
        var start = 0
        while start < source.count {
            if start == 0 { _ = breaker.begins(source.scalars[0]) }
            var end = start + 1
            var bytes = UTF8Reader.count(source.scalars[start])
            while end < source.count, !breaker.begins(source.scalars[end]) {
                bytes += UTF8Reader.count(source.scalars[end])
                end += 1
            }
            if bytes < CharacterMap.clusterBytes, let found = find(source, start, end) {
                replace(found, end - start, &target, isFirst, &skipped)
            } else {
                for index in start..<end {
                    if let found = find(source, index, index + 1) {
                        replace(found, 1, &target, isFirst, &skipped)
                    } else {
                        target.append(source.scalars[index], change: 0)
                    }
                }
            }
            start = end
        }
        target.resolve(source, skipped: skipped, late: &late)
    }

    /// Appends the replacement of `removed` scalars.
    private func replace(
        _ place: Int, _ removed: Int, _ target: inout ScalarBuffer, _ isFirst: Bool, _ skipped: inout Int
    ) {
        let before = target.count
        var position = place
        while position < pool.count, pool[position] != 0, position - place < CharacterMap.maxBytes {
            let source = UTF8Reader.read(pool.base, at: position, end: pool.count)
            target.append(source.scalar, change: 0)
            position = source.end
        }
        let added = target.count - before
        if added > removed {
            for index in target.count - (added - removed)..<target.count { target.setChange(index, 1) }
        } else if added < removed, target.count > 0 {
            let last = target.count - 1
            target.setChange(last, target.change(last) + added - removed)
        } else if added < removed, !isFirst {
            skipped += removed
        }
    }

    /// The pool offset of the replacement of these scalars, or of a prefix of them; nil: there is none.
    private func find(_ source: ScalarBuffer, _ start: Int, _ end: Int) -> Int? {
        var node = CharacterMap.offset(units[0])
        var bytes = (UInt8(0), UInt8(0), UInt8(0), UInt8(0))
        return withUnsafeMutableBytes(of: &bytes) { raw in
            guard let text = raw.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
            for index in start..<end {
                let count = UTF8Reader.write(source.scalars[index], to: text)
                for byte in 0..<count {
                    if text[byte] == 0 { return nil }
                    node ^= Int(text[byte])
                    guard node < units.count else { return nil }
                    let unit = units[node]
                    // A label with the highest bit set is a value.
                    guard unit & (1 << 31 | 0xFF) == UInt32(text[byte]) else { return nil }
                    node ^= CharacterMap.offset(unit)
                    guard node < units.count else { return nil }
                    if unit >> 8 & 1 == 1 { return Int(units[node] & (1 << 31 - 1)) }
                }
            }
            return nil
        }
    }

    @inline(__always)
    static func offset(_ unit: UInt32) -> Int {
        Int(unit >> 10) << Int((unit & 1 << 9) >> 6)
    }
}
