/// The options of Metaspace, SentencePiece's pre-tokenizer.
struct MetaspaceOptions: Sendable {
    /// When the mark is prepended to text that does not begin with one.
    enum Scheme: Sendable {
        case always
        /// Only at the beginning of the text.
        case first
        case never
    }

    /// The splits of pre-tokenizers before it; each part is then a text of its own.
    var before: WordSplits = []
    /// The replacement of a space, "▁"; nil: spaces are unchanged.
    var mark: UInt32?
    var scheme = Scheme.always
    /// Each mark begins a word.
    var splits = true

    /// Whether a text may have several words.
    var cuts: Bool { !before.isEmpty || mark != nil && splits }

    /// Whether the mark was prepended to a word that begins with `scalar` and whose first token is `token`.
    func addedSpace(before scalar: UInt32, _ token: UnsafeRawBufferPointer) -> Bool {
        guard let mark, scalar != mark, scalar != 0x20,
            let start = token.baseAddress?.assumingMemoryBound(to: UInt8.self), token.count > 0
        else { return false }
        return UTF8Reader.read(start, at: 0, end: token.count).scalar == mark
    }
}

/// Collects a word, character by character, and splits it into pieces.
protocol PieceCollector {
    /// Appends a scalar with its source range `start..<end`.
    mutating func append(_ scalar: UInt32, _ start: Int, _ end: Int, into sink: inout TokenSink)

    /// The same for an ASCII byte.
    mutating func append(byte: UInt8, _ start: Int, _ end: Int, into sink: inout TokenSink)

    /// Ends the word, and splits it into pieces if it is not empty.
    mutating func endWord(into sink: inout TokenSink)
}

/// Splits normalised text into words as Metaspace, and any pre-tokenizers before it, do, and the words into pieces.
struct MetaspaceWords<Pieces: PieceCollector>: WordTaker {
    private let options: MetaspaceOptions
    private var pieces: Pieces
    /// At the beginning of the text, or after a split by an earlier pre-tokenizer.
    private var isAtStart: Bool
    /// The traits of the last scalar on which splits depend.
    private var last: WordSplits = []
    /// Splits depend on more than white space.
    private let looksAtAll: Bool
    /// Not a valid scalar if spaces are not replaced.
    private let mark: UInt32

    private static var none: UInt32 { .max }

    init(_ options: MetaspaceOptions, _ pieces: Pieces, continues: Bool) {
        isAtStart = !continues
        self.options = options
        self.pieces = pieces
        mark = options.mark ?? MetaspaceWords.none
        looksAtAll = !options.before.subtracting(.whitespace).isEmpty
    }

    @inline(never)
    mutating func take(_ source: SourceScalar, into sink: inout TokenSink) {
        var scalar = source.scalar
        if options.before.removes(scalar) { return flush(into: &sink) }
        if looksAtAll {
            let traits = options.before.traits(scalar)
            if !isAtStart, options.before.cuts(between: last, and: traits) { flush(into: &sink) }
            last = traits
        }
        if scalar == 0x20, mark != MetaspaceWords.none { scalar = mark }
        if isAtStart {
            begin(with: scalar, source.start, source.end, into: &sink)
        } else if scalar == mark, options.splits {
            pieces.endWord(into: &sink)
        }
        pieces.append(scalar, source.start, source.end, into: &sink)
    }

    /// Takes bytes of the text, mapped by `table`.
    @inline(__always)
    mutating func take(
        plain text: UnsafePointer<UInt8>, from start: Int, to end: Int, _ table: UnsafePointer<UInt8>,
        into sink: inout TokenSink
    ) {
        var position = start
        while position < end {
            let byte = table[Int(text[position])]
            if byte == 0x20 || isAtStart || looksAtAll {
                if sink.isFull { return }
                take(SourceScalar(scalar: UInt32(byte), start: position, end: position &+ 1), into: &sink)
            } else {
                pieces.append(byte: byte, position, position &+ 1, into: &sink)
            }
            position &+= 1
        }
    }

    private mutating func begin(with scalar: UInt32, _ start: Int, _ end: Int, into sink: inout TokenSink) {
        isAtStart = false
        guard mark != MetaspaceWords.none, scalar != mark else { return }
        switch options.scheme {
        case .never: return
        case .first: if start > 0 { return }
        case .always: break
        }
        pieces.append(mark, start, end, into: &sink)
    }

    mutating func flush(into sink: inout TokenSink) {
        pieces.endWord(into: &sink)
        isAtStart = true
    }
}
