/// BPE over characters, as it is converted from SentencePiece's: the characters of each word are merged into tokens.
///
/// Such files name every way to make a piece of two others, most of which never happen; `MergeTableBuilder` keeps the ones that do.
final class CharacterPairs: Sendable {
    let table: MergeTable
    let unknown: UnknownCharacter
    let input: MetaspaceInput
    /// By byte of ASCII, as bits: whether it is a token.
    let letters: (low: UInt64, high: UInt64)

    init(_ table: MergeTable, _ unknown: UnknownCharacter, _ input: MetaspaceInput) {
        self.table = table
        self.unknown = unknown
        self.input = input
        var letters = (low: 0 as UInt64, high: 0 as UInt64)
        for byte in 0..<64 as Range<UInt8> {
            if CharacterPairs.has(byte, table) { letters.low |= 1 &<< UInt64(byte) }
            if CharacterPairs.has(byte + 64, table) { letters.high |= 1 &<< UInt64(byte) }
        }
        self.letters = letters
    }

    private static func has(_ byte: UInt8, _ table: MergeTable) -> Bool {
        table.trie.child(ByteTrie.root, byte).map { table.trie.value(at: $0) != nil } ?? false
    }

    var memoryBytes: Int { table.memoryBytes + input.memoryBytes }

    /// Cuts `text[start..<end]`; see `MetaspaceInput`.
    @inline(never)
    @_optimize(speed)
    func encode(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, continues: Bool, finding added: AddedTokens?,
        into sink: inout TokenSink
    ) {
        ByteCollector.with(table, text) { bytes in
            let collector = CharacterCollector(self, bytes)
            input.cut(text, from: start, to: end, continues: continues, finding: added, collector, into: &sink)
        }
    }
}

/// What becomes of a character that is no token.
enum UnknownCharacter: Sendable {
    /// A token stands for it; `fuses`: or for several in a row.
    case token(Int32, fuses: Bool)
    /// Each byte of it has a token, by byte.
    case bytes(Table<Int32>)

    /// The tokens that stand for unknown characters; below 0 are none.
    var ids: [Int32] {
        switch self {
        case .token(let id, _): [id]
        case .bytes(let ids): (0..<ids.count).map { ids[$0] }
        }
    }
}
