#if SentencePiece
    /// Whether libsentencepiece can follow a charsmap safely, whatever the text: a trie, which is a double array of darts-clone, from
    /// UTF-8 to places in a pool of strings that end in NUL. `CharacterMap`, which is our own reader, looks at each step instead.
    struct CharsmapCheck {
        private let units: [UInt32]

        /// Normalizer::kMaxTrieResultsSize: the keys that a text may begin with.
        private static let mostKeys = 32
        /// The bytes that take the place of a text. SentencePiece's own maps have 33 at most.
        private static let mostBytes = 128
        /// A unit's bytes in the file, and how many units darts-clone allots at once: children stand within such a block.
        private static let unitBytes = 4, block = 256

        static func isSafe(_ bytes: UnsafeRawBufferPointer) -> Bool {
            var reader = ByteReader(bytes)
            guard let size = reader.size(UInt32.self), size > 0, size % (unitBytes * block) == 0,
                let trie = reader.take(size), let pool = reader.take(reader.rest)
            else { return false }
            let count = size / unitBytes
            let units = (0..<count).map {
                UInt32(littleEndian: trie.loadUnaligned(fromByteOffset: unitBytes * $0, as: UInt32.self))
            }
            let check = CharsmapCheck(units: units)
            return check.staysInside(pool) && check.hasFewKeys()
        }

        /// The children of a unit are at this index, each with its byte in an exclusive or.
        private func children(_ index: Int) -> Int {
            let unit = units[index]
            return index ^ Int(unit >> 10) << Int((unit & 1 << 9) >> 6)
        }

        /// Whether a text that led here is a key. Its value is then the child for the byte 0.
        private func isKey(_ index: Int) -> Bool { units[index] >> 8 & 1 == 1 }

        /// A value, which has no label that a byte could be.
        private func isValue(_ index: Int) -> Bool { units[index] >> 31 == 1 }

        /// Every unit leads to a block of the array, and every value to a string of the pool.
        private func staysInside(_ pool: UnsafeRawBufferPointer) -> Bool {
            guard UTF8Check.isWellFormed(pool), pool.last == 0 else { return false }
            // By place in the pool: how many bytes there are to the NUL.
            var lengths = [Int](repeating: 0, count: pool.count)
            for place in (0..<pool.count).reversed() where pool[place] != 0 { lengths[place] = lengths[place + 1] + 1 }
            // The root is followed whatever it is.
            for index in units.indices where index == 0 || !isValue(index) {
                guard children(index) < units.count else { return false }
                guard isKey(index) else { continue }
                let place = Int(units[children(index)] & (1 << 31 - 1))
                guard place < pool.count, place == 0 || pool[place - 1] == 0,
                    lengths[place] <= CharsmapCheck.mostBytes
                else { return false }
            }
            return true
        }

        /// No path from the root passes too many keys, or comes back to itself: depth first, a unit once.
        private func hasFewKeys() -> Bool {
            // By unit: the most keys on a path that begins there, that one's own aside. 255: not known yet. 254: on the path.
            let unknown: UInt8 = 255, onPath: UInt8 = 254
            var keys = [UInt8](repeating: unknown, count: units.count)
            var path: [(unit: Int, byte: Int, keys: UInt8)] = [(0, 0, 0)]
            keys[0] = onPath
            while let top = path.last {
                guard top.byte < 256 else {
                    keys[top.unit] = top.keys
                    path.removeLast()
                    if let parent = path.indices.last { add(top.unit, top.keys, to: &path[parent].keys) }
                    if let parent = path.last, Int(parent.keys) > CharsmapCheck.mostKeys { return false }
                    continue
                }
                path[path.count - 1].byte += 1
                let child = children(top.unit) ^ top.byte
                guard units[child] & (1 << 31 | 0xFF) == UInt32(top.byte) else { continue }
                if keys[child] == onPath { return false }
                if keys[child] == unknown {
                    keys[child] = onPath
                    path.append((child, 0, 0))
                } else {
                    add(child, keys[child], to: &path[path.count - 1].keys)
                    if Int(path[path.count - 1].keys) > CharsmapCheck.mostKeys { return false }
                }
            }
            return true
        }

        /// The child has `below` keys on a path after it.
        private func add(_ child: Int, _ below: UInt8, to keys: inout UInt8) {
            keys = max(keys, below + (isKey(child) ? 1 : 0))
        }
    }
#endif
