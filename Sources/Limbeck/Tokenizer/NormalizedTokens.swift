/// The normalised scalars of a text. A value type: a copy continues from the same position.
protocol ScalarSource {
    mutating func next() -> SourceScalar?
}

/// Splits normalised scalars into words, one scalar at a time, and the words into tokens.
protocol WordTaker {
    mutating func take(_ scalar: SourceScalar, into sink: inout TokenSink)

    /// Ends the word, at the end of the text or at an added token.
    mutating func flush(into sink: inout TokenSink)
}

/// Tokenising where added tokens are matched in the normalised text. That text is never stored: the normaliser is stepped scalar by
/// scalar, and at each scalar a match is attempted on a copy of it. Few models need this, so it has no fast path.
extension AddedTokens {
    /// `start` is the position in the source at which `scalars` begin.
    func cut<Scalars: ScalarSource, Words: WordTaker>(
        _ scalars: Scalars, of text: UnsafePointer<UInt8>, from start: Int, _ words: inout Words, into sink: inout TokenSink
    ) {
        var parts = NormalizedParts(scalars, from: start, countsSpaces: sink.trimming != nil)
        while !sink.isFull, let part = parts.next(self) {
            switch part {
            case .scalar(let scalar): words.take(scalar, into: &sink)
            case .token(let id, let start, let end, let spaces):
                words.flush(into: &sink)
                sink.appendAdded(id, text, start, end, spaces)
                sink.endWord()
            }
        }
        words.flush(into: &sink)
    }
}

/// A normalised text as scalars, with the added tokens between them.
private struct NormalizedParts<Scalars: ScalarSource> {
    enum Part {
        case scalar(SourceScalar)
        case token(Int32, Int, Int, OffsetTrimming.Spaces)
    }

    private var scalars: Scalars
    /// Whether the white space at the ends of a token is needed.
    private let countsSpaces: Bool
    /// The white space just read, which the next token may include.
    private var spaces = PassedSpaces<Scalars>()
    /// White space that no token included is returned first, and then this.
    private var given = PassedSpaces<Scalars>()
    private var held: Part?
    private var followsWord = false
    private var blind = 0
    /// The white space ahead that the previous token included. Another token may still begin in it.
    private var taken: TakenSpace

    init(_ scalars: Scalars, from start: Int, countsSpaces: Bool) {
        self.scalars = scalars
        self.countsSpaces = countsSpaces
        taken = TakenSpace(end: start)
    }

    @inline(never)
    mutating func next(_ tokens: AddedTokens) -> Part? {
        if let space = given.next() { return .scalar(space) }
        if let part = held {
            held = nil
            return part
        }
        while true {
            let before = scalars
            guard let scalar = scalars.next() else { return give(nil) }
            if blind == 0, tokens.mayBegin(with: UTF8Reader.firstByte(of: scalar.scalar)),
                let match = NormalizedMatch(tokens, before, taken)
            {
                let flags = tokens.flags(at: match.token)
                if !flags.isPassedOver, !flags.isSingleWord || !followsWord && !match.precedesWord {
                    return take(match, flags, before)
                }
                // A token that is not allowed here hides those that begin inside it.
                blind = match.scalars
            }
            blind = max(0, blind - 1)
            let record = ScalarRecord(scalar.scalar)
            followsWord = record.isWord
            if taken.count > 0 {
                taken.count -= 1
            } else if record.isSpace {
                spaces.pass(scalar, before)
            } else {
                return give(.scalar(scalar))
            }
        }
    }

    /// Returns the token, after the white space that it does not include.
    private mutating func take(_ match: NormalizedMatch<Scalars>, _ flags: AddedTokens.Flags, _ before: Scalars) -> Part? {
        var (source, count, skipped, start) = (before, match.scalars, 0, match.start)
        if flags.stripsLeft {
            // Restart at the white space that the previous token included, where other tokens may begin.
            (count, skipped, start) = (count + spaces.count, taken.count, spaces.start ?? match.untakenStart)
            source = spaces.source ?? before
            spaces = PassedSpaces()
        }
        // All of it is white space; to count it for every token would take quadratic time.
        let isCounted = taken.count > match.scalars && flags.stripsRight
        taken = flags.stripsRight ? match.space : TakenSpace(end: match.end)
        let end = max(start, taken.end)
        var ends = OffsetTrimming.Spaces()
        if countsSpaces {
            if isCounted {
                start = end
            } else {
                ends = OffsetTrimming.Spaces(of: source, skipped: skipped, count: count + taken.count)
            }
        }
        scalars = match.after
        followsWord = match.endsInWord
        return give(.token(flags.id, start, end, ends))
    }

    /// Returns `part`, after the white space that no token included.
    private mutating func give(_ part: Part?) -> Part? {
        given = spaces
        spaces = PassedSpaces()
        guard let space = given.next() else { return part }
        held = part
        return .scalar(space)
    }
}

/// The white space just read, which a token may include; otherwise it belongs to the words.
private struct PassedSpaces<Scalars: ScalarSource> {
    private(set) var start: Int?
    private(set) var source: Scalars?
    private(set) var count = 0

    /// `before` is the source positioned before the space.
    mutating func pass(_ space: SourceScalar, _ before: Scalars) {
        if count == 0 { (start, source) = (space.start, before) }
        count += 1
    }

    mutating func next() -> SourceScalar? {
        guard count > 0 else { return nil }
        count -= 1
        return source?.next()
    }
}

/// White space that a token included. It is counted in normalised scalars. Source positions would not do: the spaces around an
/// ideograph have its offsets.
private struct TakenSpace {
    var count = 0
    /// Where it ends in the source; where the token ends if there is none.
    var end: Int
}

/// The longest added token that begins at the next normalised scalar.
private struct NormalizedMatch<Scalars: ScalarSource> {
    /// Its index in the set.
    var token: Int32 = -1
    /// Its length in normalised scalars.
    var scalars = 0
    var start = 0
    var end = 0
    var endsInWord = false
    var precedesWord = false
    var after: Scalars
    /// The start without the white space that the previous token included.
    var untakenStart: Int
    /// The white space that follows.
    var space: TakenSpace

    /// `taken` is known to be white space; to scan it again for every token would take quadratic time.
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
