/// A token that is matched in the text before it is split into words.
struct AddedToken {
    var id: Int32
    var text: [UInt8]
    /// Not matched next to a letter, a digit or another word character.
    var isSingleWord = false
    /// Its match includes the white space before it.
    var stripsLeft = false
    /// Its match includes the white space after it.
    var stripsRight = false
    /// Matched in the normalised text, as its own normalised text; otherwise matched in the original text.
    var isNormalized = false
    var isSpecial = false
    /// A match is skipped: the search goes on after it as if there were no token.
    var isPassedOver = false

    /// The id of a token to which no file gives an id.
    static let none: Int32 = -1
    /// The same for a default token of the tokenizer's class.
    static let ofClass: Int32 = -2

    /// Sorts by id; stable.
    static func sort(_ tokens: inout [AddedToken]) {
        var keys: [SortKey] = []
        for (index, token) in tokens.enumerated() { keys.append(SortKey(Int(token.id), index: index)) }
        SortKey.sort(&keys)
        let unsorted = tokens
        tokens = keys.map { unsorted[$0.index] }
    }
}

/// A set of added tokens to search for. A match is leftmost-longest, as in Aho-Corasick automata: of the matches that begin first,
/// the longest.
final class AddedTokens: Sendable {
    struct Flags: Sendable {
        let id: Int32
        private let bits: UInt32

        init(_ token: AddedToken) {
            id = token.id
            bits =
                (token.isSingleWord ? 1 : 0) | (token.stripsLeft ? 2 : 0) | (token.stripsRight ? 4 : 0)
                | (token.isPassedOver ? 8 : 0)
        }

        var isSingleWord: Bool { bits & 1 != 0 }
        var stripsLeft: Bool { bits & 2 != 0 }
        var stripsRight: Bool { bits & 4 != 0 }
        var isPassedOver: Bool { bits & 8 != 0 }
    }

    struct Match {
        let id: Int32
        let start: Int
        let end: Int
        /// Where the search continues: the end without the white space that was included.
        let searchEnd: Int
        /// Where the token itself begins, after the white space that was included.
        let position: Int
    }

    /// The furthest result of earlier searches, for callers that process the text window by window. Without it, each window would
    /// search all the text up to the next token, which in most texts is the end.
    struct Place {
        /// From here there is no token before `match`; nil: no token at all.
        fileprivate var from = Int.max
        /// The end of the search.
        fileprivate var end = 0
        fileprivate var match: Match?

        init() {}

        /// Whether the result of a search that begins here is known.
        fileprivate func knows(_ search: Int, _ floor: Int, _ end: Int) -> Bool {
            guard search >= from, end == self.end else { return false }
            guard let match else { return true }
            return search <= match.position && floor <= match.start
        }
    }

    /// The keys are the tokens' texts, the values indices into `flags`.
    let trie: ByteTrie
    let flags: Table<Flags>
    /// By byte (256 entries): whether a token begins with it.
    private let isFirst: [Bool]

    /// nil if there are no tokens. `texts` are the strings to search for.
    static func looking(for tokens: [AddedToken], texts: [[UInt8]]) throws(LimbeckError) -> AddedTokens? {
        if tokens.isEmpty { return nil }
        var bytes: [UInt8] = []
        var keys: [ByteTrie.Key] = []
        // Of equal texts the first must win, and the trie keeps the last.
        for (index, content) in texts.enumerated().reversed() {
            keys.append(
                ByteTrie.Key(start: UInt32(bytes.count), count: UInt32(content.count), value: Int32(index)))
            bytes += content
        }
        return AddedTokens(try ByteTrie(keys, bytes: Table(bytes)), try Table(tokens.map { Flags($0) }))
    }

    init(_ trie: ByteTrie, _ flags: Table<Flags>) {
        (self.trie, self.flags) = (trie, flags)
        isFirst = (0...255).map { trie.child(ByteTrie.root, $0) != nil }
    }

    var memoryBytes: Int { trie.memoryBytes + isFirst.count + flags.memoryBytes }

    func flags(at index: Int32) -> Flags { flags[Int(index)] }

    /// Whether a token begins with the byte.
    @inline(__always)
    func mayBegin(with byte: UInt8) -> Bool { isFirst[Int(byte)] }

    /// The next token in `text[begin..<end]` that begins at or after `search`. The white space it includes begins at or after
    /// `floor`.
    @_optimize(speed)
    private func next(_ text: UnsafePointer<UInt8>, from search: Int, floor: Int, in begin: Int, to end: Int) -> Match? {
        isFirst.withUnsafeBufferPointer { isFirst in
            var position = search
            while position < end {
                if !isFirst[Int(text[position])] {
                    position &+= 1
                    continue
                }
                guard let (found, after) = longest(text, at: position, to: end) else {
                    position &+= 1
                    continue
                }
                let flags = flags[Int(found)]
                if flags.isPassedOver || flags.isSingleWord && isBesideWord(text, position, after, begin, end) {
                    position = after
                    continue
                }
                let start = flags.stripsLeft ? max(floor, spaceStart(text, before: position, floor: floor)) : position
                // White space up to the floor was scanned before; to scan it again for every token would take quadratic time.
                let stop = flags.stripsRight ? spaceEnd(text, after: max(floor, after), to: end) : after
                // If the token lies in white space that the previous token included, nothing is left for this one.
                return Match(
                    id: flags.id, start: start, end: max(start, stop), searchEnd: after, position: position)
            }
            return nil
        }
    }

    /// The same for a text that is searched repeatedly, from increasing positions.
    @_optimize(speed)
    func next(
        _ text: UnsafePointer<UInt8>, from search: Int, floor: Int, in begin: Int, to end: Int, _ place: inout Place
    ) -> Match? {
        if place.knows(search, floor, end) { return place.match }
        let match = next(text, from: search, floor: floor, in: begin, to: end)
        // A result further on in the text is kept while the text before it is searched again.
        let isFurther = search >= place.from || (match?.position ?? .max) > (place.match?.position ?? .max)
        if isFurther || place.from == .max || place.end != end { (place.from, place.end, place.match) = (search, end, match) }
        return match
    }

    private func longest(_ text: UnsafePointer<UInt8>, at start: Int, to end: Int) -> (Int32, Int)? {
        var node = ByteTrie.root
        var position = start
        var found: (Int32, Int)?
        while position < end, let next = trie.child(node, text[position]) {
            node = next
            position &+= 1
            if let value = trie.value(at: node) { found = (value, position) }
        }
        return found
    }

    private func isBesideWord(_ text: UnsafePointer<UInt8>, _ start: Int, _ stop: Int, _ begin: Int, _ end: Int) -> Bool {
        if start > begin, ScalarRecord(UTF8Reader.read(text, before: start).scalar).isWord { return true }
        return stop < end && ScalarRecord(UTF8Reader.read(text, at: stop, end: end).scalar).isWord
    }

    private func spaceStart(_ text: UnsafePointer<UInt8>, before position: Int, floor: Int) -> Int {
        var start = position
        while start > floor {
            let source = UTF8Reader.read(text, before: start)
            if !ScalarRecord(source.scalar).isSpace { break }
            start = source.start
        }
        return start
    }

    private func spaceEnd(_ text: UnsafePointer<UInt8>, after position: Int, to end: Int) -> Int {
        var stop = position
        while stop < end {
            let source = UTF8Reader.read(text, at: stop, end: end)
            if !ScalarRecord(source.scalar).isSpace { break }
            stop = source.end
        }
        return stop
    }
}
