/// What a text is made into before it is cut into pieces: normalised, and cut into words.
struct MetaspaceInput: Sendable {
    let normalizer: StepNormalizer
    let words: MetaspaceOptions

    /// Gives `text[start..<end]`, which is normalised on its own, to `pieces`. Tokens that are found in the normalised text are given in
    /// `added`. `continues`: it does not begin there.
    @inline(__always)
    func cut<Pieces: PieceCollector>(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, continues: Bool, finding added: AddedTokens?,
        _ pieces: Pieces, into sink: inout TokenSink
    ) {
        normalizer.withText(text, from: start, to: end, continues: continues) { source in
            var words = MetaspaceWords(words, pieces, continues: continues)
            if let added, MetaspaceInput.mayHave(added, source, text) {
                return added.cut(source, of: text, from: start, &words, into: &sink)
            }
            var source = source
            while !sink.isFull {
                let stop = source.plainEnd()
                if stop > source.position {
                    words.take(plain: text, from: source.position, to: stop, source.plain, into: &sink)
                    source.pass(to: stop)
                }
                guard let scalar = source.next() else { break }
                words.take(scalar, into: &sink)
            }
            words.flush(into: &sink)
        }
    }

    /// Whether any character of the normalised text may begin a token. Of most texts none does, and they need not be cut slowly.
    @inline(never)
    private static func mayHave(_ added: AddedTokens, _ source: SegmentedText, _ text: UnsafePointer<UInt8>) -> Bool {
        var source = source
        while true {
            let stop = source.plainEnd()
            for position in source.position..<stop
            where added.mayBegin(with: source.plain[Int(text[position])]) {
                return true
            }
            source.pass(to: stop)
            guard let scalar = source.next() else { return false }
            if added.mayBegin(with: UTF8Reader.firstByte(of: scalar.scalar)) { return true }
        }
    }

    /// Whether a space was added before a word that begins with `scalar` and has the token `token` first.
    func addedSpace(before scalar: UInt32, _ token: UnsafeRawBufferPointer) -> Bool {
        // Without cuts a word is a stretch of text.
        !words.cuts || words.addedSpace(before: scalar, token)
    }

    var memoryBytes: Int { normalizer.memoryBytes }
}
