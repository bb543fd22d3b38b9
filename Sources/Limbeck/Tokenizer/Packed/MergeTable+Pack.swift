extension MergeTable {
    /// The maximum number of slots that a search for a pair may visit. Half of the table is empty, so no run of occupied slots is
    /// nearly as long by chance.
    private static let longestRun = 128

    func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.write("tokens", tokens.count)
        json.write("letters", Int(letterCount))
        json.write("slots", pairs.count)
        json.write("marksBegin", marksBegin)
        json.write("inTurn", times == nil)
        trie.write(name, to: &contents, &json)
        contents.add(name, ".tokens", .i32, tokens, row: 5)
        contents.add(name, ".pairs", .u64, pairs)
        if let times { contents.add(name, ".times", .u32, times) }
    }

    convenience init(_ name: __shared String, _ json: __shared JSONValue, _ tables: __shared PackedTables, idCount: Int)
        throws(LimbeckError)
    {
        let count = tables.number(json, "tokens", in: 1..<1 << Int(PairHash.tokenBits) + 1)
        let letters = tables.number(json, "letters", in: 0..<count + 1)
        let slots = tables.number(json, "slots", in: 16..<1 << 24)
        let trie = try ByteTrie(name, json, tables, values: count)
        self.init(
            tokens: try tables.table(name, ".tokens", .i32, count, row: 5), letterCount: UInt32(letters),
            marksBegin: tables.flag(json, "marksBegin"), trie: trie, pairs: try tables.table(name, ".pairs", .u64, slots),
            times: tables.flag(json, "inTurn") ? nil : try tables.table(name, ".times", .u32, count))
        let tokens = tokens
        tables.expect(hasSoundTokens(idCount), name, ".tokens")
        tables.expect(trie.hasLengths { Int(tokens[$0].bytes) }, name, ".values")
        tables.expect(slots & (slots - 1) == 0 && hasShortRuns, name, ".pairs")
    }

    /// Whether tokens are merged from shorter ones and have shorter prefixes, on which undoing merges and backtracking rely.
    @_optimize(speed)
    private func hasSoundTokens(_ idCount: Int) -> Bool {
        let count = tokens.count
        for index in 0..<count {
            let token = tokens[index]
            guard 1...MergeTable.longestToken ~= Int(token.bytes), 0..<idCount ~= Int(token.id) else { return false }
            if token.prefix != MergeTable.nothing {
                guard Int(token.prefix) < count, tokens[Int(token.prefix)].bytes < token.bytes else { return false }
            }
            if index < Int(letterCount) { continue }
            guard Int(token.left) < count, Int(token.right) < count,
                tokens[Int(token.left)].bytes &+ tokens[Int(token.right)].bytes == token.bytes
            else { return false }
        }
        return true
    }

    /// Whether every search for a pair reaches an empty slot within `longestRun` slots. The loop skips most slots: from each empty
    /// one it looks back from the far end of the next window.
    @_optimize(speed)
    private var hasShortRuns: Bool {
        var start = 0
        while start < pairs.count + MergeTable.longestRun {
            var slot = start + MergeTable.longestRun - 1
            while pairs[slot & (pairs.count - 1)] != 0 {
                if slot == start { return false }
                slot -= 1
            }
            start = slot + 1
        }
        return true
    }
}

extension UnknownCharacter {
    func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        switch self {
        case .token(let id, let fuses):
            json.write("unknown", Int(id))
            json.write("fusesUnknown", fuses)
        case .bytes(let ids): contents.add(name, ".byteIds", .i32, ids)
        }
    }

    init(_ name: __shared String, _ json: __shared JSONValue, _ tables: __shared PackedTables, idCount: Int) throws(LimbeckError) {
        if json.optional("unknown") != nil {
            self = .token(tables.id(json, "unknown", below: idCount), fuses: tables.flag(json, "fusesUnknown"))
            return
        }
        let ids = try UnknownCharacter.byteIds(name, tables, idCount: idCount)
        for byte in UInt8.min...UInt8.max where ByteAlphabet.isInText(byte) && ids[Int(byte)] < 0 {
            tables.expect(false, name, ".byteIds")
        }
        self = .bytes(ids)
    }

    /// By byte: an id, or -1.
    static func byteIds(_ name: String, _ tables: PackedTables, idCount: Int) throws(LimbeckError) -> Table<Int32> {
        let ids: Table<Int32> = try tables.table(name, ".byteIds", .i32, 256)
        for byte in 0..<256 where !(-1..<idCount ~= Int(ids[byte])) { tables.expect(false, name, ".byteIds") }
        return ids
    }
}
