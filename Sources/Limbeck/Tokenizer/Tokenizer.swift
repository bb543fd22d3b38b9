/// Splits texts into the tokens of a model. Immutable: any number of threads may use one at the same time.
///
/// The results are exactly those of the Hugging Face `tokenizers` library. Tokenising a text allocates nothing.
public final class Tokenizer: Sendable {
    let model: PieceModel
    let vocabulary: Vocabulary
    let template: Template
    /// Truncation keeps the end of a text.
    let truncatesLeft: Bool
    /// If set, the question-answering pipeline of transformers would put the context first.
    let padsLeft: Bool
    let trimming: OffsetTrimming?
    /// Added tokens matched in the original text, and in the normalised text.
    let literalTokens: AddedTokens?
    let normalizedTokens: AddedTokens?
    /// Added tokens that are not in the vocabulary.
    let extra: Vocabulary?

    /// The ids of the special tokens, where the tokenizer has them.
    package let cls: Int32?
    package let sep: Int32?
    package let mask: Int32?
    package let pad: Int32?
    package let unk: Int32?

    /// The number of ids: every id is less, though some may name no token.
    public let vocabularySize: Int

    init(_ parts: __shared TokenizerParts) throws(LimbeckError) {
        let vocabulary = parts.vocabulary
        let model = try PieceModel(parts)
        self.vocabulary = vocabulary
        self.model = model
        template = parts.template
        (truncatesLeft, padsLeft) = (parts.truncatesLeft, parts.padsLeft)
        let literal = parts.addedTokens.filter { !$0.isNormalized }
        literalTokens = try AddedTokens.looking(for: literal, texts: literal.map { $0.text })
        let normalized = parts.addedTokens.filter { $0.isNormalized }
        let texts = normalized.map { model.normalized($0.text) }
        for text in texts where text.isEmpty {
            throw LimbeckError(.fileUnsupported, "\(parts.file): an added token that the normalizer removes entirely")
        }
        normalizedTokens = try AddedTokens.looking(for: normalized, texts: texts)
        var builder = Vocabulary.Builder()
        for token in parts.addedTokens {
            if vocabulary.id(of: token.text) != nil { continue }
            try builder.add(id: Int(token.id), file: parts.file) { $0 += token.text }
        }
        let extra = builder.isEmpty ? nil : try Vocabulary(builder)
        self.extra = extra
        let idCount = Tokenizer.idCount(vocabulary, extra, template)
        vocabularySize = idCount

        @inline(never) func id(_ text: String?) -> Int32? { text.flatMap { extra?.id(of: $0) ?? vocabulary.id(of: $0) } }
        // Files that do not name the special tokens use the names of one of the two families.
        @inline(never) func id(_ name: String?, _ bert: String?, _ roberta: String?) -> Int32? {
            name != nil ? id(name) : id(bert) ?? id(roberta)
        }
        if let options = parts.trimming {
            trimming = try OffsetTrimming(options, idCount: idCount, added: parts.addedTokens) { id, body in
                _ = extra?.withToken(id, body) ?? vocabulary.withToken(id, body)
            }
        } else {
            trimming = nil
        }

        let (names, bert, roberta) = (parts.names, SpecialNames.bert, SpecialNames.roberta)
        cls = id(names.cls, bert.cls, roberta.cls)
        sep = id(names.sep, bert.sep, roberta.sep)
        mask = id(names.mask, bert.mask, roberta.mask)
        pad = id(names.pad, bert.pad, roberta.pad)
        unk = model.unknown ?? id(names.unk, bert.unk, roberta.unk)
    }

    /// Opens a packed tokenizer, whose tables are views of the pack. All indices in them are validated here.
    init(_ json: __shared JSONValue, _ tables: __shared PackedTables) throws(LimbeckError) {
        vocabulary = try Vocabulary("tokenizer.vocabulary", tables.member(json, "vocabulary"), tables)
        extra = try json.optional("extra").map { part throws(LimbeckError) in try Vocabulary("tokenizer.extra", part, tables) }
        template = Template(tables.member(json, "template"), tables)
        truncatesLeft = tables.optionalFlag(json, "truncatesLeft")
        padsLeft = tables.optionalFlag(json, "padsLeft")
        vocabularySize = Tokenizer.idCount(vocabulary, extra, template)
        let special = tables.member(json, "special")
        cls = tables.optionalId(special, "cls", below: vocabularySize)
        sep = tables.optionalId(special, "sep", below: vocabularySize)
        mask = tables.optionalId(special, "mask", below: vocabularySize)
        pad = tables.optionalId(special, "pad", below: vocabularySize)
        unk = tables.optionalId(special, "unk", below: vocabularySize)
        literalTokens = try AddedTokens.read("literalTokens", json, tables, idCount: vocabularySize)
        normalizedTokens = try AddedTokens.read("normalizedTokens", json, tables, idCount: vocabularySize)
        trimming = try OffsetTrimming.read(json, tables, idCount: vocabularySize)
        model = try PieceModel(tables.member(json, "model"), tables, vocabulary, idCount: vocabularySize)
        try tables.check()
    }

    @inline(never) private static func idCount(_ vocabulary: Vocabulary, _ extra: Vocabulary?, _ template: Template) -> Int {
        max(vocabulary.count, extra?.count ?? 0, template.idBound)
    }

    // MARK: The vocabulary

    /// The kind of the model that splits words into tokens.
    public var kind: String { model.name }

    /// Whether the vocabulary marks tokens that continue a word ("##ing").
    package var marksContinuations: Bool { model.marksContinuations }

    /// Whether a token continues the word before it: it has the prefix of such pieces ("##"), or, in the other models, no space or its mark at
    /// its start.
    package func continuesWord(_ id: Int32) -> Bool { withTokenBytes(id) { model.continuesWord($0) } ?? false }

    /// The token `id` as written in the vocabulary ("##ing"); nil if no token has this id.
    public func token(_ id: Int32) -> String? {
        withTokenBytes(id) { String(utf8: $0) }
    }

    /// The id of a token, special ones included; nil if there is none.
    public func id(of token: String) -> Int32? {
        extra?.id(of: token) ?? vocabulary.id(of: token)
    }

    package func id(of token: UnsafeRawBufferPointer) -> Int32? {
        extra?.id(of: token) ?? vocabulary.id(of: token)
    }

    /// Calls `body` with the UTF-8 of a token; nil if no token has this id.
    package func withTokenBytes<Result>(_ id: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        if let extra, let result = extra.withToken(id, body) { return result }
        return vocabulary.withToken(id, body)
    }

    /// The bytes of the tables in private memory of this process.
    package var memoryBytes: Int {
        vocabulary.memoryBytes + model.memoryBytes + (extra?.memoryBytes ?? 0) + (literalTokens?.memoryBytes ?? 0)
            + (normalizedTokens?.memoryBytes ?? 0) + (trimming?.memoryBytes ?? 0)
    }

    /// Whether a token is special: by its name, or because the template appends it to a text.
    package func isSpecial(_ id: Int32) -> Bool {
        if id == cls || id == sep || id == mask || id == pad || id == unk { return true }
        if case .token(let last, _)? = template.pieces(pair: false).last { return last == id }
        return false
    }

    // MARK: Tokenising

    /// The number of special tokens that the template adds to a single text, or to a pair.
    package func specialTokenCount(pair: Bool) -> Int { template.specialCount(pair: pair) }

    /// The template's pieces, for callers that assemble sequences themselves.
    package func templatePieces(pair: Bool) -> [Template.Piece] { template.pieces(pair: pair) }

    /// The positions of added tokens, as far as earlier calls have found them.
    package struct Place {
        fileprivate var literal = AddedTokens.Place()
        fileprivate var normalized = AddedTokens.Place()
        /// The range that the normalizer leaves unchanged, as far as earlier calls have looked.
        fileprivate var left = 0..<0

        package init() {}
    }

    /// Tokenises one text, without special tokens; types are 0. Stores what fits, and returns the number of tokens found, at most
    /// `limit`. Beyond that the text is only searched for the next added token.
    package func encode(_ text: Text, into out: TokenBuffer, limit: Int = .max) -> Int {
        var place = Place()
        return encode(text, type: 0, into: out, limit: limit, trimming, &place)
    }

    /// The start of a word, from which tokenising a text can be resumed.
    package struct WordStart {
        package var byte: Int
        /// The word is the first of its stretch of text, before which the model adds a space if it adds one at all.
        package var beginsStretch: Bool

        /// The beginning of a text.
        package static let first = WordStart(byte: 0, beginsStretch: true)
    }

    /// The same with untrimmed offsets; as many tokens as there is room for.
    package func tokensBeforeTrimming(of text: Text, into out: TokenBuffer) -> Int {
        var place = Place()
        return encode(text, from: .first, into: out, limit: out.capacity, &place)
    }

    /// The same for a text in two pieces, without the first `skipped` tokens, which `limit` includes.
    private func encode(
        _ text: JoinedText, type: Int32 = 0, into out: TokenBuffer, skipping skipped: Int = 0, limit: Int = .max
    ) -> Int {
        var count = 0
        let headLimit = min(limit, text.headTokens)
        if skipped < headLimit {
            var place = Place()
            count = encode(text.head, type: type, into: out, skipping: skipped, limit: headLimit, trimming, &place)
        }
        guard limit > text.headTokens else { return count }
        var place = Place()
        return count
            + encode(
                text.rest, from: text.word, type: type, into: out.advanced(by: count), skipping: max(0, skipped - text.headTokens),
                limit: limit - text.headTokens, trimming, &place)
    }

    /// The same from a word on. Offsets are relative to the whole text, and not trimmed yet: `trim` does that. A caller that
    /// processes a text part by part, in increasing order, keeps `place` between the calls: then all calls together search the text
    /// for added tokens once.
    package func encode(
        _ text: Text, from first: WordStart, into out: TokenBuffer, limit: Int, _ place: inout Place
    ) -> Int {
        encode(text, from: first, type: 0, into: out, limit: limit, nil, &place)
    }

    /// The start of the word whose first token this is, in a text that was tokenised without trimming.
    package func wordStart(_ id: Int32, at byte: Int, of text: Text) -> WordStart {
        guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self), byte < text.count else { return .first }
        let scalar = UTF8Reader.read(start, at: byte, end: text.count).scalar
        let isAfterAddedSpace = withTokenBytes(id) { model.addedSpace(before: scalar, $0) } ?? false
        return WordStart(byte: byte, beginsStretch: isAfterAddedSpace)
    }

    /// Trims the offsets of the first `count` tokens, as those at the beginning of a text.
    package func trim(_ text: Text, _ tokens: TokenBuffer, count: Int) {
        guard let trimming, let text = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        trimming.trim(text, tokens, count: count)
    }

    private func encode(
        _ text: Text, from word: WordStart = .first, type: Int32, into out: TokenBuffer, skipping skipped: Int = 0, limit: Int,
        _ trimming: OffsetTrimming?, _ place: inout Place
    ) -> Int {
        let first = word.byte
        guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self), first < text.count, limit > 0 else { return 0 }
        var sink = TokenSink(out, type: type, skipping: skipped, limit: limit, trimming: trimming)
        split(start, first, text.count, at: literalTokens, in: 0, into: &sink, &place.literal) { first, end, sink in
            let continues = first == word.byte && !word.beginsStretch
            guard isLeft(start, first, end, &place.left) else {
                return model.encode(
                    start, from: first, to: end, continues: continues, isLeft: false, finding: normalizedTokens, into: &sink)
            }
            split(start, first, end, at: normalizedTokens, in: first, into: &sink, &place.normalized) { first, end, sink in
                let continues = continues && first == word.byte
                model.encode(start, from: first, to: end, continues: continues, isLeft: true, finding: nil, into: &sink)
            }
        }
        return min(sink.count, limit) - skipped
    }

    /// Whether the normalizer leaves `text[first..<end]` unchanged.
    @inline(__always)
    private func isLeft(_ text: UnsafePointer<UInt8>, _ first: Int, _ end: Int, _ known: inout Range<Int>) -> Bool {
        let isKnown = known.lowerBound <= first && first <= known.upperBound
        let start = isKnown ? known.upperBound : first
        if start >= end { return true }
        let stop = model.leftEnd(text, from: start, to: end)
        known = (isKnown ? known.lowerBound : first)..<stop
        return stop == end
    }

    /// Finds added tokens in `text[first..<end]`, whose context begins at `begin`, and passes the stretches between them to `cut`.
    @inline(__always)
    private func split(
        _ text: UnsafePointer<UInt8>, _ first: Int, _ end: Int, at tokens: AddedTokens?, in begin: Int, into sink: inout TokenSink,
        _ place: inout AddedTokens.Place, _ cut: (Int, Int, inout TokenSink) -> Void
    ) {
        var position = first
        if let tokens {
            var search = first
            while !sink.isFull,
                let match = tokens.next(text, from: search, floor: position, in: begin, to: end, &place)
            {
                if position < match.start { cut(position, match.start, &sink) }
                if sink.isFull { break }
                sink.appendAdded(match.id, text, match.start, match.end, isTaken: match.searchEnd <= position)
                sink.endWord()
                position = match.end
                search = match.searchEnd
            }
        }
        if !sink.isFull, position < end { cut(position, end, &sink) }
    }

    /// Assembles the sequence of a text, or of a pair, with the template's special tokens and types. It is truncated, longest
    /// first, to `maxLength` tokens including the special ones (0: not truncated), at the end of a text, or at its beginning if
    /// `truncatesLeft`. Stores what fits and returns the number of tokens.
    package func encode(
        _ text: Text, pair: Text?, addSpecialTokens: Bool, maxLength: Int, into out: TokenBuffer
    ) -> Int {
        encode(JoinedText(text), pair: pair, addSpecialTokens: addSpecialTokens, maxLength: maxLength, into: out)
    }

    /// The same; offsets are relative to the pieces of the first text.
    package func encode(
        _ text: JoinedText, pair: Text?, addSpecialTokens: Bool, maxLength: Int, into out: TokenBuffer
    ) -> Int {
        var limits = (Int.max, Int.max)
        if maxLength > 0 {
            let room = max(0, maxLength - (addSpecialTokens ? specialTokenCount(pair: pair != nil) : 0))
            limits = pair.map { keep(text, $0, room: room) } ?? (room, 0)
        }
        var count = 0
        for part in template.pieces(pair: pair != nil) {
            switch part {
            case .token(let id, let type):
                guard addSpecialTokens else { continue }
                let rest = out.advanced(by: count)
                if count < out.capacity {
                    rest.ids?.pointee = id
                    rest.types?.pointee = type
                    rest.starts?.pointee = 0
                    rest.ends?.pointee = 0
                    rest.words?.pointee = -1
                }
                count += 1
            case .text(let index, let type):
                let limit = index == 0 ? limits.0 : limits.1
                let part = index == 0 ? text : JoinedText(pair ?? Text(start: nil, count: 0))
                let skipped = truncatesLeft && limit < .max ? max(0, encode(part, into: .counting) - limit) : 0
                count += encode(part, type: type, into: out.advanced(by: count), skipping: skipped, limit: skipped + limit)
            }
        }
        return count
    }

    /// How many tokens of two texts are kept. Beyond `room` it matters only which text has more, and only if `room` is odd.
    private func keep(_ first: JoinedText, _ second: Text, room: Int) -> (Int, Int) {
        guard room < Int.max else { return (room, room) }
        let bound = room + 1
        var counts = (encode(first, into: .counting, limit: bound), encode(second, into: .counting, limit: bound))
        if counts.0 == bound, counts.1 == bound, room % 2 == 1 {
            counts = (encode(first, into: .counting), encode(second, into: .counting))
        }
        return LongestFirst.keep(counts.0, counts.1, room: room)
    }
}
