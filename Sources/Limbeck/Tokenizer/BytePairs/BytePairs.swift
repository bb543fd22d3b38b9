/// Byte-level BPE: the text is cut into words as GPT-2 does it, and the bytes of each word are merged into tokens.
///
/// Words of well-formed text are cut where they stand; most are one token, found by one walk through a trie. Only a word before which a
/// space is added, a long one, or one with ill-formed UTF-8 in it is copied first.
final class BytePairs: Sendable {
    let table: MergeTable
    let options: BytePairOptions
    let normalizer: StepNormalizer
    private let kinds: [UInt8]

    init(_ table: MergeTable, _ normalizer: StepNormalizer, _ options: BytePairOptions) {
        self.table = table
        self.normalizer = normalizer
        self.options = options
        kinds = ByteLevelWords.kindTable
    }

    var memoryBytes: Int { table.memoryBytes + normalizer.memoryBytes + kinds.count }

    /// Cuts `text[start..<end]`, where no added token is and which the normalizer leaves, into tokens; `continues`: a word begins there,
    /// but not the stretch.
    @_optimize(speed)
    func encode(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, continues: Bool,
        into sink: inout TokenSink
    ) {
        kinds.withUnsafeBufferPointer { kinds in
            WordCutter.with(table) { cutter in
                guard start < end, let kinds = kinds.baseAddress else { return }
                var words = ByteLevelWords(text: text, end: end, kinds: kinds, cuts: options.cutsWords)
                var afterSpace = options.addsSpace && !continues && text[start] != 0x20
                var position = start
                while position < end, !sink.isFull {
                    words.isWellFormed = !afterSpace
                    let word = position
                    position = words.wordEnd(from: word, afterSpace: afterSpace)
                    if words.isWellFormed, position &- word <= WordCutter.shortWord {
                        var first = word
                        for index in 0..<cutter.cut(text + word, position &- word) {
                            let token = cutter[index]
                            let last = first &+ Int(token.bytes)
                            append(token.id, text, first, last, into: &sink)
                            first = last
                        }
                        sink.endWord()
                    } else {
                        collect(text, word, position, end, afterSpace: afterSpace, into: &sink)
                    }
                    afterSpace = false
                }
            }
        }
    }

    /// Cuts `text[start..<end]`, which is normalised on its own. Tokens that are found in the normalised text are given in `added`.
    @inline(never)
    func encodeNormalized(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, continues: Bool, finding added: AddedTokens?,
        into sink: inout TokenSink
    ) {
        normalizer.withText(text, from: start, to: end, continues: continues) { source in
            ByteCollector.with(table, text) { collector in
                var words = ByteLevelStream(options, collector, continues: continues)
                if let added { return added.cut(source, of: text, from: start, &words, into: &sink) }
                var source = source
                while !sink.isFull, let scalar = source.next() { words.take(scalar, into: &sink) }
                words.flush(into: &sink)
            }
        }
    }

    /// Cuts one word, `text[start..<stop]`, by copying it. Ill-formed UTF-8 is read as U+FFFD. An added space has the place of the character after it.
    @inline(never)
    private func collect(
        _ text: UnsafePointer<UInt8>, _ start: Int, _ stop: Int, _ end: Int, afterSpace: Bool, into sink: inout TokenSink
    ) {
        ByteCollector.with(table, text) { collector in
            if afterSpace {
                let first = UTF8Reader.read(text, at: start, end: end)
                collector.append(0x20, first.start, first.end, into: &sink)
            }
            var position = start
            while position < stop {
                let source = UTF8Reader.read(text, at: position, end: stop)
                collector.append(source.scalar, source.start, source.end, into: &sink)
                position = source.end
            }
            collector.flush(into: &sink)
        }
    }

    /// Appends a token that stands for bytes of the text as they are; its place is that of the characters they belong to.
    @inline(__always)
    private func append(_ id: Int32, _ text: UnsafePointer<UInt8>, _ first: Int, _ last: Int, into sink: inout TokenSink) {
        var (start, end) = (first, last)
        while text[start] & 0xC0 == 0x80 { start &-= 1 }
        if text[end &- 1] >= 0x80 { end = characterEnd(text, end) }
        sink.appendTrimmed(id, text, start, end)
    }

    /// The end of the character to which the byte before `position` belongs, in well-formed text.
    @_optimize(speed)
    private func characterEnd(_ text: UnsafePointer<UInt8>, _ position: Int) -> Int {
        var start = position &- 1
        while text[start] & 0xC0 == 0x80 { start &-= 1 }
        return start &+ (text[start] < 0xE0 ? 2 : text[start] < 0xF0 ? 3 : 4)
    }
}

/// What byte-level BPE has to know besides its merges: the options of the pre-tokenizer.
struct BytePairOptions: Sendable {
    /// Adds a space before a text, and before what follows an added token, if it does not begin with one.
    var addsSpace = false
    /// Cuts the text into words first; else all of it is one.
    var cutsWords = true
}
