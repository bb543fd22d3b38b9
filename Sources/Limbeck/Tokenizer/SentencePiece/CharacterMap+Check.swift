extension CharacterMap {
    /// The block size of darts-clone: the children of a unit are in one block.
    private static let block = 256

    /// Whether every unit leads to a block of the trie, and every key to a complete string of the pool. `find` checks each step and
    /// stops at the end of the tables; but a file that needs this was not written by SentencePiece.
    var isWhole: Bool {
        guard units.count % CharacterMap.block == 0, pool.count > 0, pool[pool.count - 1] == 0 else { return false }
        // By pool offset: the number of bytes up to the NUL, at most 255.
        var lengths = [UInt8](repeating: 0, count: pool.count)
        for place in (0..<pool.count).reversed() where pool[place] != 0 {
            lengths[place] = max(lengths[place + 1], lengths[place + 1] &+ 1)
        }
        for index in 0..<units.count {
            let unit = units[index]
            // A value has no children; but the root is followed in any case.
            if unit >> 31 == 1, index > 0 { continue }
            let children = index ^ CharacterMap.offset(unit)
            guard children < units.count else { return false }
            // If the path to this unit is a key, its value is the child for the byte 0.
            guard unit >> 8 & 1 == 1 else { continue }
            let place = Int(units[children] & (1 << 31 - 1))
            guard place < pool.count, place == 0 || pool[place - 1] == 0, lengths[place] <= CharacterMap.maxBytes else {
                return false
            }
        }
        return true
    }
}
