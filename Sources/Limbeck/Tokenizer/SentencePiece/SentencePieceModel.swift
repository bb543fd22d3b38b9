#if SentencePiece
    import CSentencePiece
#endif

/// A .model file, which libsentencepiece cuts texts with. Unlike the models of our own it allocates for each text.
final class SentencePieceModel: @unchecked Sendable {  // libsentencepiece's const functions may run at the same time
    let normalizer: StepNormalizer
    let rule: SentencePieceRule
    /// The file, which a pack holds as it is.
    let file: Table<UInt8>
    /// By id of the file: the id that transformers gives.
    let ids: [Int32]
    /// By id of the file: the piece begins with "▁".
    private let beginsWord: [Bool]
    let unknown: Int32

    private static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    #if SentencePiece
        private let handle: UnsafeMutableRawPointer

        /// `rule` gives ids.
        init(_ file: SentencePieceFile, _ bytes: Table<UInt8>, _ rule: SentencePieceRule, _ normalizer: StepNormalizer) {
            handle = file.take()
            self.file = bytes
            self.rule = rule
            self.normalizer = normalizer
            var ids: [Int32] = []
            var beginsWord: [Bool] = []
            for id in 0..<file.count {
                ids.append(rule.id(of: id, unknown: file.unknown))
                beginsWord.append(file.withPiece(id) { $0.starts(with: SentencePieceModel.mark) })
            }
            (self.ids, self.beginsWord) = (ids, beginsWord)
            unknown = rule.id(of: file.unknown, unknown: file.unknown)
        }

        deinit { limbeck_sentencepiece_close(handle) }
    #else
        private init() {
            (normalizer, rule, file, ids, beginsWord, unknown) = (StepNormalizer([]), .xlmRoberta, Table(), [], [], 0)
        }
    #endif

    /// The error of a library that cannot open one.
    static func missing(_ file: String) -> LimbeckError {
        LimbeckError(
            .fileUnsupported,
            "\(file): this library was built without SentencePiece; build it with `make lib`, "
                + "or save a tokenizer.json with transformers beside it")
    }

    var memoryBytes: Int { ids.count * 5 + normalizer.memoryBytes }

    /// Cuts `text[start..<end]`, where no added token is.
    func encode(_ text: UnsafePointer<UInt8>, from start: Int, to end: Int, into sink: inout TokenSink) {
        guard !normalizer.steps.isEmpty else {
            return cut(UnsafeRawPointer(text + start), end - start, [], start, into: &sink)
        }
        var bytes: [UInt8] = []
        var places: [SentencePlace] = []
        normalizer.withText(text, from: start, to: end, continues: false) { source in
            var source = source
            while let scalar = source.next() {
                appendUTF8(scalar.scalar, to: &bytes)
                while places.count < bytes.count {
                    places.append(SentencePlace(start: scalar.start, end: scalar.end))
                }
            }
        }
        // An empty place at the end.
        places.append(SentencePlace(start: end, end: end))
        bytes.withUnsafeBytes { bytes in
            if let first = bytes.baseAddress { cut(first, bytes.count, places, start, into: &sink) }
        }
    }

    /// Cuts a text, which begins at `start`; `places` are those of its bytes, if it was made from another.
    private func cut(
        _ text: UnsafeRawPointer, _ count: Int, _ places: [SentencePlace], _ start: Int, into sink: inout TokenSink
    ) {
        #if SentencePiece
            var tokens: UnsafeMutablePointer<limbeck_sentencepiece_token>?
            var found = 0
            let status = limbeck_sentencepiece_encode(handle, text, count, &tokens, &found)
            guard status == 0, let tokens else { return }
            defer { limbeck_sentencepiece_free(tokens) }
            for index in 0..<found {
                let token = tokens[index]
                guard token.id >= 0, Int(token.id) < ids.count else { continue }
                if index > 0, beginsWord[Int(token.id)] { sink.endWord() }
                let (first, last) = (Int(token.begin), Int(token.end))
                var place = SentencePlace(start: start + first, end: start + last)
                if !places.isEmpty {
                    place = places[first]
                    place.end = last > first ? places[last - 1].end : place.start
                }
                sink.append(ids[Int(token.id)], place.start, place.end)
            }
            if found > 0 { sink.endWord() }
        #endif
    }
}

/// The bytes of a text that one of a normalised text stands for.
private struct SentencePlace {
    var start: Int
    var end: Int
}
