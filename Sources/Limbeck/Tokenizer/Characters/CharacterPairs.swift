/// BPE over characters, as converted from SentencePiece: the characters of each word are merged into tokens.
///
/// Such files list every way to make a piece from two others, most of which never happen; `MergeTableBuilder` keeps those that do.
final class CharacterPairs: Sendable {
    let table: MergeTable
    let unknown: UnknownCharacter
    let input: MetaspaceInput
    /// By ASCII byte, as bits: whether it is a token.
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

    /// Tokenises `text[start..<end]`; see `MetaspaceInput`.
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

/// How a character that is not in the vocabulary is represented.
enum UnknownCharacter: Sendable {
    /// By a token; `fuses`: one token for several in a row.
    case token(Int32, fuses: Bool)
    /// By a token for each of its bytes; the table is indexed by byte.
    case bytes(Table<Int32>)

    /// The ids of these tokens; a negative id means none.
    var ids: [Int32] {
        switch self {
        case .token(let id, _): [id]
        case .bytes(let ids): (0..<ids.count).map { ids[$0] }
        }
    }
}
