/// Byte-level BPE: the text is split into words as in GPT-2, and the bytes of each word are merged into tokens.
///
/// Words of well-formed text are tokenised in place; most are one token, which one walk through a trie finds. Only a word with an
/// added space, a long one, or one with ill-formed UTF-8 is copied first.
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

    /// Tokenises `text[start..<end]`, which has no added tokens and which the normalizer leaves unchanged. `continues`: a word
    /// begins at `start`, but the stretch began before.
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

    /// Tokenises `text[start..<end]`, which is normalised on its own. `added` are the tokens to match in the normalised text.
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

    /// Tokenises one word, `text[start..<stop]`, by copying it. Ill-formed UTF-8 is read as U+FFFD. An added space has the offsets
    /// of the character after it.
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

    /// Appends a token for bytes of the text; its offsets are those of the characters to which the bytes belong.
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

/// The options of ByteLevel as a pre-tokenizer.
struct BytePairOptions: Sendable {
    /// Adds a space before a text, and before text that follows an added token, unless it begins with one.
    var addsSpace = false
    /// Splits the text into words first; otherwise it is one word.
    var cutsWords = true
}
