extension ByteTrie {
    /// The maximum number of units: bases have 31 bits, and real vocabularies have far fewer.
    private static let maxUnits = 1 << 28

    func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.write("units", unitCount)
        contents.add(name, ".units", .u32, unitTable, row: 2)
        contents.add(name, ".values", .i32, valueTable)
    }

    /// `values` must be below `bound`. The resulting trie is safe to walk.
    convenience init(_ name: __shared String, _ json: __shared JSONValue, _ tables: __shared PackedTables, values bound: Int)
        throws(LimbeckError)
    {
        let count = tables.number(json, "units", in: 256..<ByteTrie.maxUnits)
        self.init(
            units: try tables.table(name, ".units", .u32, count, row: 2), values: try tables.table(name, ".values", .i32, count))
        tables.expect(count % 256 == 0 && staysInside(values: UInt32(bound)), name, ".units")
        try tables.check()
    }

    /// Whether all bases and values are within their tables. A base and the units of its children are in one block of 256, so no
    /// byte leads outside. Each unit has one parent and the root none, so no walk visits a unit twice.
    @_optimize(speed)
    private func staysInside(values bound: UInt32) -> Bool {
        let count = UInt32(truncatingIfNeeded: unitCount)
        var wrong: UInt32 = units[0].parent == ByteTrie.nobody ? 0 : 1
        for node in 0..<unitCount {
            let link = units[node].link
            wrong |= (link >> 1 >= count ? 1 : 0) | (link & (UInt32(bitPattern: values[node]) >= bound ? 1 : 0))
        }
        return wrong == 0
    }

    /// Whether every key has the length that `length` gives for its value, and no key is empty: this holds if the depth of each
    /// unit is one more than its parent's. The code avoids unpredictable branches, since there are a hundred thousand units.
    @inline(__always)
    @_optimize(speed)
    func hasLengths(_ length: (Int) -> Int) -> Bool {
        @inline(__always)
        func depth(_ node: Int) -> Int {
            let isKey = -Int(units[node].link & 1)
            let value = Int(values[node])
            return (length(value & isKey) & isKey) | (0 &- value & ~isKey)
        }
        guard depth(Int(ByteTrie.root)) == 0 else { return false }
        var wrong = 0
        for node in 1..<unitCount {
            let parent = Int(units[node].parent)
            // Unused, or not in this array.
            if parent >= unitCount {
                if parent != Int(ByteTrie.nobody) { return false }
                continue
            }
            wrong |= depth(node) &- depth(parent) &- 1
        }
        return wrong == 0
    }
}

extension Vocabulary {
    func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.write("tokens", count)
        json.write("bytes", bytes.count)
        trie.write(name, to: &contents, &json)
        contents.add(name, ".places", .i32, places, row: 2)
        contents.add(name, ".bytes", .u8, bytes)
    }

    convenience init(_ name: __shared String, _ json: __shared JSONValue, _ tables: __shared PackedTables) throws(LimbeckError) {
        let count = tables.number(json, "tokens", in: 0..<Vocabulary.maximumCount + 1)
        let byteCount = tables.number(json, "bytes", in: 0..<Vocabulary.maximumBytes + 1)
        self.init(
            trie: try ByteTrie(name, json, tables, values: count), bytes: try tables.table(name, ".bytes", .u8, byteCount),
            places: try tables.table(name, ".places", .i32, count, row: 2))
        for id in 0..<count where Int(places[id].start) + Int(places[id].count) > byteCount {
            tables.expect(false, name, ".places")
        }
    }
}

extension AddedTokens {
    func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        for index in 0..<flags.count where flags[index].isPassedOver { contents.needs(format: 2) }
        json.write("tokens", flags.count)
        trie.write(name, to: &contents, &json)
        contents.add(name, ".tokens", .i32, flags, row: 2)
    }

    /// nil if there are none.
    static func read(_ key: String, _ json: JSONValue, _ tables: PackedTables, idCount: Int) throws(LimbeckError) -> AddedTokens? {
        guard let json = json.optional(key) else { return nil }
        let name = "tokenizer." + key
        let count = tables.number(json, "tokens", in: 1..<Vocabulary.maximumCount + 1)
        let trie = try ByteTrie(name, json, tables, values: count)
        let flags: Table<Flags> = try tables.table(name, ".tokens", .i32, count, row: 2)
        for index in 0..<count where !(0..<idCount ~= Int(flags[index].id)) { tables.expect(false, name, ".tokens") }
        return AddedTokens(trie, flags)
    }
}
