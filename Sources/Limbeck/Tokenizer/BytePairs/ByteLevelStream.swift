/// Finds the words of `ByteLevelWords` in scalars that come one by one from a normalizer.
struct ByteLevelStream: WordTaker {
    /// The state of the word that is being collected.
    private enum State {
        case nothing
        /// A run of characters of this kind, perhaps after a space.
        case run(UInt8)
        /// An apostrophe that begins a word.
        case apostrophe
        /// White space, of which `held` is the last character.
        case space
        /// An apostrophe; `held` is the first letter of a two-letter ending.
        case ending
    }

    private let options: BytePairOptions
    private var collector: ByteCollector
    private var state = State.nothing
    /// A character that belongs either to this word or to the next.
    private var held = SourceScalar(scalar: 0, start: 0, end: 0)
    private var isAtStart: Bool

    init(_ options: BytePairOptions, _ collector: ByteCollector, continues: Bool) {
        self.options = options
        self.collector = collector
        isAtStart = !continues
    }

    @inline(never)
    @_optimize(speed)
    mutating func take(_ source: SourceScalar, into sink: inout TokenSink) {
        if isAtStart {
            isAtStart = false
            // An added space has the offsets of the character after it.
            let space = SourceScalar(scalar: 0x20, start: source.start, end: source.end)
            if options.addsSpace, source.scalar != 0x20 { step(space, into: &sink) }
        }
        step(source, into: &sink)
    }

    @inline(never)
    private mutating func step(_ source: SourceScalar, into sink: inout TokenSink) {
        guard options.cutsWords else { return append(source, into: &sink) }
        let kind = ByteLevelWords.kind(of: source.scalar)
        switch state {
        case .nothing: begin(source, kind, into: &sink)
        case .run(kind): append(source, into: &sink)
        case .run: next(source, kind, into: &sink)
        case .apostrophe: endApostrophe(source, kind, into: &sink)
        case .ending: endEnding(source, kind, into: &sink)
        case .space: endSpace(source, kind, into: &sink)
        }
    }

    private mutating func append(_ source: SourceScalar, into sink: inout TokenSink) {
        collector.append(source.scalar, source.start, source.end, into: &sink)
    }

    private mutating func begin(_ source: SourceScalar, _ kind: UInt8, into sink: inout TokenSink) {
        if kind == ByteLevelWords.Kind.space {
            (state, held) = (.space, source)
        } else {
            append(source, into: &sink)
            state = source.scalar == 0x27 ? .apostrophe : .run(kind)
        }
    }

    /// Ends the word and begins the next.
    private mutating func next(_ source: SourceScalar, _ kind: UInt8, into sink: inout TokenSink) {
        collector.flush(into: &sink)
        begin(source, kind, into: &sink)
    }

    private mutating func endApostrophe(_ source: SourceScalar, _ kind: UInt8, into sink: inout TokenSink) {
        switch source.scalar {
        case 0x73, 0x74, 0x6D, 0x64:  // s t m d
            append(source, into: &sink)
            collector.flush(into: &sink)
            state = .nothing
        case 0x72, 0x76, 0x6C:  // r v l
            (state, held) = (.ending, source)
        default:
            state = .run(ByteLevelWords.Kind.other)
            step(source, into: &sink)
        }
    }

    private mutating func endEnding(_ source: SourceScalar, _ kind: UInt8, into sink: inout TokenSink) {
        let last: UInt32 = held.scalar == 0x6C ? 0x6C : 0x65  // 'll 're 've
        if source.scalar == last {
            append(held, into: &sink)
            append(source, into: &sink)
            collector.flush(into: &sink)
            state = .nothing
        } else {
            next(held, ByteLevelWords.Kind.letter, into: &sink)
            step(source, into: &sink)
        }
    }

    private mutating func endSpace(_ source: SourceScalar, _ kind: UInt8, into sink: inout TokenSink) {
        if kind == ByteLevelWords.Kind.space {
            append(held, into: &sink)
            held = source
            return
        }
        collector.flush(into: &sink)
        append(held, into: &sink)
        if held.scalar == 0x20 {
            append(source, into: &sink)
            state = .run(kind)
        } else {
            next(source, kind, into: &sink)
        }
    }

    mutating func flush(into sink: inout TokenSink) {
        switch state {
        case .space: append(held, into: &sink)
        case .ending: next(held, ByteLevelWords.Kind.letter, into: &sink)
        case .nothing, .run, .apostrophe: break
        }
        collector.flush(into: &sink)
        state = .nothing
        isAtStart = true
    }
}
