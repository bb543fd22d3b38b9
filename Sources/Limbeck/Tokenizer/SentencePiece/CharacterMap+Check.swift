extension CharacterMap {
    /// The units that darts-clone allots at once: the children of a unit stand within such a block.
    private static let block = 256

    /// Whether every unit leads to a block of the trie, and every key to a whole string of the pool. Whoever follows the map looks at each
    /// step and goes as far as it can; but a file in which that ends somewhere is none that SentencePiece wrote.
    var isWhole: Bool {
        guard units.count % CharacterMap.block == 0, pool.count > 0, pool[pool.count - 1] == 0 else { return false }
        // By place in the pool: how many bytes there are to the NUL, or 255.
        var lengths = [UInt8](repeating: 0, count: pool.count)
        for place in (0..<pool.count).reversed() where pool[place] != 0 {
            lengths[place] = max(lengths[place + 1], lengths[place + 1] &+ 1)
        }
        for index in 0..<units.count {
            let unit = units[index]
            // A value leads nowhere; but the root is followed whatever it is.
            if unit >> 31 == 1, index > 0 { continue }
            let children = index ^ CharacterMap.offset(unit)
            guard children < units.count else { return false }
            // Whether a text that led here is a key: its value is then the child for the byte 0.
            guard unit >> 8 & 1 == 1 else { continue }
            let place = Int(units[children] & (1 << 31 - 1))
            guard place < pool.count, place == 0 || pool[place - 1] == 0, lengths[place] <= CharacterMap.mostBytes else {
                return false
            }
        }
        return true
    }
}
