/// The options of WordPiece.
struct WordPieceOptions: Sendable {
    /// The id for a word that the vocabulary cannot represent.
    var unknown: Int32
    /// The prefix of pieces inside a word: "##".
    var prefix: String
    /// Longer words are unknown.
    var maximumCharacters: Int

    /// The upper bound of `maximumCharacters`, for a buffer on the stack.
    static let characterBound = 256
}

/// WordPiece: splits words from left to right, taking at each step the longest piece in the vocabulary.
///
/// Plain ASCII words, nearly all words of technical text in most languages, are tokenised in place in one pass, which folds case by
/// a table and finds the end of the word on the way. All other words are first normalised into a buffer.
final class WordPiece: Sendable {
    /// The kind of a byte for the fast path.
    enum ByteKind {
        static let word: UInt8 = 0
        static let space: UInt8 = 1
        static let punctuation: UInt8 = 2
        /// Not ASCII, or removed by the normaliser, or NUL.
        static let other: UInt8 = 3
    }

    let vocabulary: Vocabulary
    let normalization: NormalizerOptions
    /// Replaces `normalization`; nil: `normalization` is used.
    let steps: StepNormalizer?
    let splits: WordSplits
    let options: WordPieceOptions
    /// The trie node of the prefix for pieces inside a word; nil if no token has the prefix.
    let continuation: UInt32?

    /// 256 kinds, then 256 normalised bytes, 0 for bytes that are not part of a word.
    private let byteTable: [UInt8]
    /// The ids of single punctuation characters.
    let punctuationIds: [Int32]
    /// By scalar: the single letter it is normalised to, or 0 if the case is not that simple. Covers the alphabets and the kana.
    let folded: Table<UInt16>
    static let foldedCount = 0x3400

    /// `folded` is the table of a pack, if there is one.
    init(
        _ vocabulary: __shared Vocabulary, _ normalization: NormalizerOptions, _ options: WordPieceOptions,
        steps: StepNormalizer? = nil,
        splits: WordSplits = .bert, folded: Table<UInt16>? = nil
    ) throws(LimbeckError) {
        self.vocabulary = vocabulary
        self.normalization = normalization
        self.steps = steps
        self.splits = splits
        self.options = options
        var prefix = options.prefix
        continuation = prefix.withUTF8 { vocabulary.trie.node(of: UnsafeRawBufferPointer($0)) }

        var table = [UInt8](repeating: 0, count: 512)
        var ids = [Int32](repeating: options.unknown, count: 128)
        for byte in 0..<256 {
            guard byte > 0, byte < 128 else {
                table[byte] = ByteKind.other
                continue
            }
            let record = ScalarRecord(UInt32(byte))
            if record.isSpace {
                // Includes those that cleaning replaces with a space; it removes the other space characters.
                table[byte] = normalization.cleans && record.isRemoved ? ByteKind.other : ByteKind.space
            } else if normalization.cleans && record.isRemoved {
                table[byte] = ByteKind.other
            } else if record.isPunctuation {
                table[byte] = ByteKind.punctuation
                var mark = UInt8(byte)
                let id = withUnsafeBytes(of: &mark) { vocabulary.id(of: $0) }
                if let id, options.maximumCharacters > 0 { ids[byte] = id }
            } else {
                table[byte] = ByteKind.word
                table[256 + byte] = UInt8(normalization.lowers && record.lowers ? byte | 0x20 : byte)
            }
        }
        byteTable = table
        punctuationIds = ids
        self.folded = if let folded { folded } else { try Table(WordPiece.foldTable(normalization)) }
    }

    private static func foldTable(_ options: NormalizerOptions) -> [UInt16] {
        var table = [UInt16](repeating: 0, count: foldedCount)
        var bytes = (UInt8(0), UInt8(0), UInt8(0), UInt8(0))
        for scalar in 0x80..<foldedCount {
            let record = ScalarRecord(UInt32(scalar))
            if record.rank != 0 || record.isSpace { continue }
            withUnsafeMutableBytes(of: &bytes) { raw in
                guard let text = raw.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
                let count = UTF8Reader.write(UInt32(scalar), to: text)
                var scalars = NormalizedScalars(text, from: 0, to: count, options)
                guard let only = scalars.next(), scalars.next() == nil, only.scalar <= 0xFFFF else { return }
                let result = ScalarRecord(only.scalar)
                if result.isSpace || result.isPunctuation { return }
                table[scalar] = UInt16(only.scalar)
            }
        }
        return table
    }

    /// The bytes of the tables, without the vocabulary.
    var memoryBytes: Int { byteTable.count + punctuationIds.count * 4 + folded.memoryBytes }

    /// Tokenises `text[position..<end]`, which is normalised on its own. `added` are the tokens to match in the normalised text.
    @inline(never)
    func encode(
        _ text: UnsafePointer<UInt8>, from position: Int, to end: Int, finding added: AddedTokens?, into sink: inout TokenSink
    ) {
        if let steps {
            steps.withText(text, from: position, to: end, continues: false) {
                cut($0, of: text, from: position, added, into: &sink)
            }
        } else if added != nil || splits != .bert {
            cut(NormalizedScalars(text, from: position, to: end, normalization), of: text, from: position, added, into: &sink)
        } else {
            encode(text, from: position, to: end, into: &sink)
        }
    }

    /// Scalar by scalar, for any normalizer and pre-tokenizer.
    private func cut<Scalars: ScalarSource>(
        _ scalars: Scalars, of text: UnsafePointer<UInt8>, from start: Int, _ added: AddedTokens?, into sink: inout TokenSink
    ) {
        WordCollector.with(self) { words in
            if let added { return added.cut(scalars, of: text, from: start, &words, into: &sink) }
            var scalars = scalars
            while !sink.isFull, let scalar = scalars.next() { words.take(scalar, into: &sink) }
            words.flush(into: &sink)
        }
    }

    /// The same with BERT's normalizer and pre-tokenizer.
    private func encode(_ text: UnsafePointer<UInt8>, from position: Int, to end: Int, into sink: inout TokenSink) {
        byteTable.withUnsafeBufferPointer { bytes in
            guard let kinds = bytes.baseAddress else { return }
            var reader = ASCIIReader(text: text, end: end, kinds: kinds, piece: self)
            let stopped = reader.read(from: position, into: &sink)
            if stopped < end, !sink.isFull {
                encodeMixed(text, from: stopped, to: end, reader, into: &sink)
            }
        }
    }

    private func encodeMixed(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, _ ascii: ASCIIReader, into sink: inout TokenSink
    ) {
        WordCollector.with(self) { collector in
            var ascii = ascii
            var position = start
            var canReadASCII = false
            while position < end, !sink.isFull {
                let byte = text[position]
                if byte < 0x80 {
                    switch ascii.kinds[Int(byte)] {
                    case ByteKind.word:
                        if collector.characters == 0, canReadASCII {
                            // The fast path, up to the next word that it does not handle.
                            canReadASCII = false
                            position = ascii.read(from: position, into: &sink)
                        } else {
                            collector.append(UInt32(ascii.kinds[256 + Int(byte)]), position, position &+ 1)
                            position &+= 1
                        }
                        continue
                    case ByteKind.space:
                        collector.flush(into: &sink)
                        canReadASCII = true
                        position &+= 1
                        continue
                    case ByteKind.punctuation:
                        collector.flush(into: &sink)
                        canReadASCII = true
                        sink.append(punctuationIds[Int(byte)], position, position &+ 1)
                        sink.endWord()
                        position &+= 1
                        continue
                    default: break
                    }
                }
                let source = UTF8Reader.read(text, at: position, end: end)
                if Int(source.scalar) < folded.count, folded[Int(source.scalar)] != 0 {
                    collector.append(UInt32(folded[Int(source.scalar)]), source.start, source.end)
                    position = source.end
                    continue
                }
                var scalars = NormalizedScalars(text, from: position, to: end, normalization)
                repeat {
                    guard let scalar = scalars.next() else { break }
                    collector.take(scalar, into: &sink)
                } while !scalars.isBetweenScalars
                position = scalars.position
            }
            collector.flush(into: &sink)
        }
    }
}
