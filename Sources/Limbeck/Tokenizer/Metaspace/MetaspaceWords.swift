/// What SentencePiece's pre-tokenizers have to know.
struct MetaspaceOptions: Sendable {
    /// When the mark of a space is put before what does not begin with one.
    enum Scheme: Sendable {
        case always
        /// Only where the text begins.
        case first
        case never
    }

    /// Where other pre-tokenizers cut first; what is between two cuts is a text of its own.
    var before: WordSplits = []
    /// What stands for a space, "▁"; nil: spaces are left as they are.
    var mark: UInt32?
    var scheme = Scheme.always
    /// Each mark begins a word.
    var splits = true

    /// Whether there are several words in a text.
    var cuts: Bool { !before.isEmpty || mark != nil && splits }

    /// Whether the mark was put before a word that begins with `scalar` and has the token `token` first.
    func addedSpace(before scalar: UInt32, _ token: UnsafeRawBufferPointer) -> Bool {
        guard let mark, scalar != mark, scalar != 0x20,
            let start = token.baseAddress?.assumingMemoryBound(to: UInt8.self), token.count > 0
        else { return false }
        return UTF8Reader.read(start, at: 0, end: token.count).scalar == mark
    }
}

/// Collects a word, character by character, and cuts it into pieces.
protocol PieceCollector {
    /// Appends a scalar that stands for `start..<end` of the text.
    mutating func append(_ scalar: UInt32, _ start: Int, _ end: Int, into sink: inout TokenSink)

    /// The same for a byte of ASCII.
    mutating func append(byte: UInt8, _ start: Int, _ end: Int, into sink: inout TokenSink)

    /// Cuts what was collected, if anything was: here the word ends.
    mutating func endWord(into sink: inout TokenSink)
}

/// Cuts normalised text into words as Metaspace does it, and others before it, and these into pieces.
struct MetaspaceWords<Pieces: PieceCollector>: WordTaker {
    private let options: MetaspaceOptions
    private var pieces: Pieces
    /// Nothing has come since the text began, or since it was cut.
    private var isAtStart: Bool
    /// Of the last scalar, as far as cuts depend on it.
    private var last: WordSplits = []
    /// The cuts depend on more than white space.
    private let looksAtAll: Bool
    /// Not a scalar where nothing stands for spaces.
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

    /// Takes bytes of the text, as the table has them.
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
