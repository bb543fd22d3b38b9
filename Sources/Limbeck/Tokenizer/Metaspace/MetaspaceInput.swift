/// Prepares a text before it is split into pieces: normalises it, and splits it into words.
struct MetaspaceInput: Sendable {
    let normalizer: StepNormalizer
    let words: MetaspaceOptions

    /// Passes `text[start..<end]`, which is normalised on its own, to `pieces`. `added` are the tokens to match in the normalised
    /// text. `continues`: the stretch begins before `start`.
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

    /// Whether any character of the normalised text may begin an added token. In most texts none does, and the slow path is not
    /// needed.
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

    /// Whether a space was added before a word that begins with `scalar` and whose first token is `token`.
    func addedSpace(before scalar: UInt32, _ token: UnsafeRawBufferPointer) -> Bool {
        // Without splits a word is a whole stretch of text.
        !words.cuts || words.addedSpace(before: scalar, token)
    }

    var memoryBytes: Int { normalizer.memoryBytes }
}
