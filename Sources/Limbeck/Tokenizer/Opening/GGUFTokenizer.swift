/// The tokenizer of a GGUF file, `tokenizer.ggml.model` "bert": WordPiece with another spelling of the vocabulary. There a token
/// that begins a word has the prefix U+2581, and one that continues a word has none. Here they have none and "##", as in the
/// vocabulary that llama.cpp's conversion read.
extension GGUFFile {
    var hasTokenizer: Bool { contains("tokenizer.ggml.model") }
}

extension TokenizerParts {
    convenience init(_ gguf: __shared GGUFFile) throws(LimbeckError) {
        let model = try gguf.string("tokenizer.ggml.model")
        guard model == "bert" else {
            throw LimbeckError(
                .fileUnsupported,
                "\(gguf.file): tokenizer.ggml.model '\(model)' is not supported, expected 'bert'")
        }
        let tokens = try GGUFTokens(gguf)
        var builder = Vocabulary.Builder()
        for id in 0..<tokens.count {
            try builder.add(id: id, file: gguf.file) { tokens.append(id, to: &$0) }
        }
        let vocabulary = try Vocabulary(builder)

        // Defaults are the ids of Google's vocabularies, as in llama.cpp.
        func special(_ keys: [String], _ otherwise: Int) throws(LimbeckError) -> Int32 {
            for key in keys {
                guard let id = try gguf.optionalInt("tokenizer.ggml.\(key)_token_id") else {
                    continue
                }
                guard 0..<tokens.count ~= id else {
                    throw LimbeckError(
                        .fileInconsistent,
                        "\(gguf.file): tokenizer.ggml.\(key)_token_id is \(id), expected 0 to \(tokens.count - 1)"
                    )
                }
                return Int32(id)
            }
            guard otherwise < tokens.count else {
                throw LimbeckError(
                    .fileMalformed, "\(gguf.file): no 'tokenizer.ggml.\(keys[0])_token_id'")
            }
            return Int32(otherwise)
        }
        // The conversion writes [CLS] as the token that begins a text; older versions wrote both keys.
        let cls = try special(["cls", "bos"], 101)
        // The misspelling is in the format.
        let sep = try special(["seperator", "eos"], 102)
        let unk = try special(["unknown"], 100)
        let options = WordPieceOptions(unknown: unk, prefix: "##", maximumCharacters: 100)
        func name(_ id: Int32) -> String {
            vocabulary.withToken(id) { String(utf8: $0) } ?? ""
        }
        let names = SpecialNames(
            unk: name(unk), sep: name(sep), cls: name(cls), mask: name(try special(["mask"], 103)),
            pad: name(try special(["padding"], 0)))
        self.init(
            file: gguf.file, vocabulary: vocabulary, model: .wordPiece(options), preTokenizer: .words(.bert), names: names)
        template = .bert(cls: cls, sep: sep)
        addedTokens = tokens.added

        // Defaults of llama.cpp: lower case, and accents stripped.
        let lowers = try gguf.optionalBool("tokenizer.ggml.normalizer.lowercase") ?? true
        let strips = try gguf.optionalBool("tokenizer.ggml.normalizer.strip_accents") ?? lowers
        normalizer = .bert(
            NormalizerOptions(
                cleans: true, separatesIdeographs: true, stripsAccents: strips, lowers: lowers))
    }
}

/// The vocabulary of a GGUF file, with the types of its tokens.
private struct GGUFTokens {
    private let texts: [UnsafeRawBufferPointer]
    private let types: [Int]

    /// Token types, by their codes in the file.
    private enum TokenType {
        static let normal = 1, unknown = 2, control = 3, added = 4, unused = 5
    }

    /// U+2581
    private static let wordStart: [UInt8] = [0xE2, 0x96, 0x81]

    init(_ gguf: __shared GGUFFile) throws(LimbeckError) {
        let key = "tokenizer.ggml.tokens", typeKey = "tokenizer.ggml.token_type"
        texts = try gguf.strings(key, limit: Vocabulary.maximumCount)
        types = try gguf.ints(typeKey, limit: Vocabulary.maximumCount)
        guard texts.count == types.count, !texts.isEmpty else {
            throw LimbeckError(
                .fileInconsistent, "\(gguf.file): \(texts.count) tokens with \(types.count) types")
        }
        for (id, text) in texts.enumerated() where !UTF8Check.isWellFormed(text) {
            throw LimbeckError(.fileMalformed, "\(gguf.file): token \(id) is not UTF-8")
        }
        for (id, type) in types.enumerated() where !(TokenType.normal...TokenType.unused ~= type) {
            throw LimbeckError(
                .fileUnsupported, "\(gguf.file): token \(id) has the type \(type), expected 1 to 5")
        }
    }

    var count: Int { texts.count }

    /// Appends the token as in the original vocabulary.
    func append(_ id: Int, to bytes: inout [UInt8]) {
        let text = texts[id]
        if text.count > GGUFTokens.wordStart.count, text.starts(with: GGUFTokens.wordStart) {
            bytes += text.dropFirst(GGUFTokens.wordStart.count)
        } else if isWhole(id) {
            bytes += text
        } else {
            bytes += Array("##".utf8)
            bytes += text
        }
    }

    /// Whether the conversion left the token unchanged. Older versions decided by the brackets instead of the type.
    private func isWhole(_ id: Int) -> Bool {
        guard types[id] == TokenType.normal || types[id] == TokenType.added else { return true }
        let text = texts[id]
        return text.count > 2 && text.first == UInt8(ascii: "[") && text.last == UInt8(ascii: "]")
    }

    /// The tokens that are matched before the text is tokenised.
    var added: [AddedToken] {
        var tokens: [AddedToken] = []
        for (id, type) in types.enumerated()
        where type == TokenType.control || type == TokenType.added {
            var token = AddedToken(id: Int32(id), text: [])
            append(id, to: &token.text)
            guard !token.text.isEmpty else { continue }
            token.isNormalized = type == TokenType.added
            tokens.append(token)
        }
        return tokens
    }
}
