/// Tokens and their ids: a trie from text to id, and the texts by id. Ids may have gaps.
final class Vocabulary: Sendable {
    /// Larger ids are refused: no real vocabulary has them, and tables indexed by id would become very large.
    static let maximumCount = 1 << 21
    /// The maximum total size of all tokens; the tables need a multiple of it. Multilingual vocabularies have 2 MiB.
    static let maximumBytes = 16 << 20

    let trie: ByteTrie
    /// The largest id + 1.
    var count: Int { places.count }
    let bytes: Table<UInt8>
    /// By id: the text's range in `bytes`; a count of -1 for a gap.
    let places: Table<Place>

    struct Place {
        var start: UInt32
        var count: Int32
    }

    /// Collects tokens in the order of the file. Of two with the same text, or the same id, the later one wins.
    struct Builder {
        fileprivate var bytes: [UInt8] = []
        fileprivate var keys: [ByteTrie.Key] = []
        /// The largest id + 1.
        private(set) var count = 0

        var isEmpty: Bool { keys.isEmpty }

        /// Adds the token that `text` appends to the bytes it is given. `file` is for messages.
        mutating func add(id: Int, file: String, _ text: (inout [UInt8]) -> Void) throws(LimbeckError) {
            let start = bytes.count
            text(&bytes)
            guard bytes.count <= Vocabulary.maximumBytes else {
                throw LimbeckError(.fileUnsupported, "\(file): tokens of more than \(Vocabulary.maximumBytes) bytes in all")
            }
            count = max(count, id + 1)
            keys.append(
                ByteTrie.Key(
                    start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: bytes.count - start),
                    value: Int32(truncatingIfNeeded: id)))
        }
    }

    init(_ builder: Builder) throws(LimbeckError) {
        bytes = try Table(builder.bytes)
        trie = try ByteTrie(builder.keys, bytes: bytes)
        var places = [Place](repeating: Place(start: 0, count: -1), count: builder.count)
        for key in builder.keys {
            places[Int(key.value)] = Place(start: key.start, count: Int32(truncatingIfNeeded: key.count))
        }
        self.places = try Table(places)
    }

    init(trie: ByteTrie, bytes: Table<UInt8>, places: Table<Place>) {
        (self.trie, self.bytes, self.places) = (trie, bytes, places)
    }

    /// The number of distinct tokens. There may be more ids, with gaps or duplicate texts.
    var tokenCount: Int {
        var tokens = 0
        for id in 0..<Int32(count) where withToken(id, { trie.value(of: $0) == id }) == true { tokens += 1 }
        return tokens
    }

    func id(of text: UnsafeRawBufferPointer) -> Int32? { trie.value(of: text) }

    func id(of text: [UInt8]) -> Int32? { text.withUnsafeBytes { trie.value(of: $0) } }

    func id(of text: String) -> Int32? {
        var text = text
        return text.withUTF8 { trie.value(of: UnsafeRawBufferPointer($0)) }
    }

    /// Calls `body` with the UTF-8 of the token `id`; nil if there is none.
    func withToken<Result>(_ id: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard id >= 0, Int(id) < count, places[Int(id)].count >= 0 else { return nil }
        let place = places[Int(id)]
        return body(UnsafeRawBufferPointer(start: bytes.base + Int(place.start), count: Int(place.count)))
    }

    /// The token `id`; nil if there is none.
    func token(_ id: Int32) -> String? { withToken(id) { String(utf8: $0) } }

    var memoryBytes: Int { trie.memoryBytes + bytes.memoryBytes + places.memoryBytes }
}
