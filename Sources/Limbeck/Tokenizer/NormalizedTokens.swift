/// The scalars of a text as the normalizer gives them. A value: a copy goes on from the same place.
protocol ScalarSource {
    mutating func next() -> SourceScalar?
}

/// Cuts words out of normalised scalars, one by one, and the words into tokens.
protocol WordTaker {
    mutating func take(_ scalar: SourceScalar, into sink: inout TokenSink)

    /// Ends the word: here is the end of the text, or an added token.
    mutating func flush(into sink: inout TokenSink)
}

/// Cutting where added tokens have to be found in the normalised text, which is never stored: the normaliser is stepped
/// scalar by scalar, and at each a match is tried on a copy of it. Few models need this, so it has no fast path.
extension AddedTokens {
    /// `start` is the place in the source at which `scalars` begin.
    func cut<Scalars: ScalarSource, Words: WordTaker>(
        _ scalars: Scalars, from start: Int, _ words: inout Words, into sink: inout TokenSink
    ) {
        var scalars = scalars
        var spaces = PassedSpaces<Scalars>()
        var followsWord = false
        var blind = 0
        /// The white space ahead that the token before took. Another may still begin in it.
        var taken = TakenSpace(end: start)
        while !sink.isFull {
            if blind == 0, let match = NormalizedMatch(self, scalars, taken) {
                let flags = flags(at: match.token)
                if flags.isSingleWord, followsWord || match.precedesWord {
                    // A token that may not be here hides those that begin inside it.
                    blind = match.scalars
                } else {
                    let first = flags.stripsLeft ? spaces.start ?? match.untakenStart : match.start
                    if !flags.stripsLeft { spaces.give(to: &words, into: &sink) }
                    spaces = PassedSpaces()
                    words.flush(into: &sink)
                    taken = flags.stripsRight ? match.space : TakenSpace(end: match.end)
                    sink.append(flags.id, first, max(first, taken.end))
                    sink.endWord()
                    scalars = match.after
                    followsWord = match.endsInWord
                    continue
                }
            }
            let before = scalars
            guard let scalar = scalars.next() else { break }
            blind = max(0, blind - 1)
            let record = ScalarRecord(scalar.scalar)
            followsWord = record.isWord
            if taken.count > 0 {
                taken.count -= 1
            } else if record.isSpace {
                spaces.pass(scalar, before)
            } else {
                spaces.give(to: &words, into: &sink)
                spaces = PassedSpaces()
                words.take(scalar, into: &sink)
            }
        }
        spaces.give(to: &words, into: &sink)
        words.flush(into: &sink)
    }
}

/// The white space just passed, which a token may take, and which else belongs to the words.
private struct PassedSpaces<Scalars: ScalarSource> {
    private(set) var start: Int?
    private var source: Scalars?
    private var count = 0

    /// `before` gives the space next.
    mutating func pass(_ space: SourceScalar, _ before: Scalars) {
        if count == 0 { (start, source) = (space.start, before) }
        count += 1
    }

    func give<Words: WordTaker>(to words: inout Words, into sink: inout TokenSink) {
        guard count > 0, var source else { return }
        for _ in 0..<count {
            guard let scalar = source.next() else { return }
            words.take(scalar, into: &sink)
        }
    }
}

/// White space that a token took with it. It is counted in normalised scalars, as places in the source would not do: the
/// spaces around an ideograph have its place.
private struct TakenSpace {
    var count = 0
    /// Where it ends in the source, or the token if there is none.
    var end: Int
}

/// The longest added token that begins at the next normalised scalar.
private struct NormalizedMatch<Scalars: ScalarSource> {
    /// Its index in the set.
    var token: Int32 = -1
    /// The normalised scalars it has.
    var scalars = 0
    var start = 0
    var end = 0
    var endsInWord = false
    var precedesWord = false
    var after: Scalars
    /// The start without the white space that the token before took.
    var untakenStart: Int
    /// The white space that follows.
    var space: TakenSpace

    /// What was taken is white space to its end; to pass it again for every token would take for ever.
    init?(_ tokens: AddedTokens, _ from: Scalars, _ taken: TakenSpace) {
        var reader = from
        after = from
        var node: UInt32? = ByteTrie.root
        var count = 0
        var first: Int?
        var untaken = taken.end
        (untakenStart, space) = (untaken, taken)
        var bytes = (UInt8(0), UInt8(0), UInt8(0), UInt8(0))
        while let scalar = reader.next() {
            node = withUnsafeMutableBytes(of: &bytes) { raw in
                guard let start = raw.baseAddress?.assumingMemoryBound(to: UInt8.self), let node else { return nil }
                let length = UTF8Reader.write(scalar.scalar, to: start)
                return tokens.trie.node(of: UnsafeRawBufferPointer(rebasing: raw[..<length]), from: node)
            }
            guard let node else { break }
            if count == taken.count { untaken = scalar.start }
            count += 1
            first = first ?? scalar.start
            guard let value = tokens.trie.value(at: node) else { continue }
            token = value
            scalars = count
            (start, end, untakenStart) = (first ?? scalar.start, scalar.end, untaken)
            endsInWord = ScalarRecord(scalar.scalar).isWord
            after = reader
        }
        guard scalars > 0 else { return nil }
        reader = after
        let isPassed = taken.count > scalars
        space = isPassed ? TakenSpace(count: taken.count - scalars, end: taken.end) : TakenSpace(end: end)
        var isFirst = true
        while let scalar = reader.next() {
            let record = ScalarRecord(scalar.scalar)
            if isFirst { precedesWord = record.isWord }
            isFirst = false
            guard tokens.flags(at: token).stripsRight, !isPassed, record.isSpace else { break }
            space = TakenSpace(count: space.count + 1, end: scalar.end)
        }
    }
}
