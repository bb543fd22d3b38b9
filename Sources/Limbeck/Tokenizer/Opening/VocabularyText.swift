/// vocab.txt: a token per line, its id the number of the line. With the defaults of BertTokenizerFast where
/// tokenizer_config.json says nothing.
extension TokenizerParts {
    init(text: UnsafeRawBufferPointer, file: String, config: JSONValue?) throws(LimbeckError) {
        let vocabulary = try TokenizerParts.vocabulary(lines: text, file)
        var names = SpecialNames()
        if let config { names.read(config) }
        names = names.or(.bert)
        func required(_ name: String?) throws(LimbeckError) -> Int32 {
            guard let name, let id = vocabulary.id(of: name) else {
                throw LimbeckError(.fileInconsistent, "\(file): the special token \"\(name ?? "")\" is missing")
            }
            return id
        }
        let options = WordPieceOptions(unknown: try required(names.unk), prefix: "##", maximumCharacters: 100)
        self.init(file: file, vocabulary: vocabulary, model: .wordPiece(options), preTokenizer: .bert, names: names)

        var normalization = NormalizerOptions(cleans: true, separatesIdeographs: true, stripsAccents: true, lowers: true)
        normalization.lowers = try flag(config, "do_lower_case") ?? true
        normalization.stripsAccents = try flag(config, "strip_accents") ?? normalization.lowers
        normalization.separatesIdeographs = try flag(config, "tokenize_chinese_chars") ?? true
        normalizer = .bert(normalization)

        template = .bert(cls: try required(names.cls), sep: try required(names.sep))
        for name in [names.unk, names.sep, names.cls, names.pad, names.mask] {
            guard let name, let id = vocabulary.id(of: name) else { continue }
            addedTokens.append(AddedToken(id: id, text: Array(name.utf8)))
        }
    }

    private static func vocabulary(
        lines text: UnsafeRawBufferPointer, _ file: String
    ) throws(LimbeckError) -> Vocabulary {
        var builder = Vocabulary.Builder()
        var id = 0
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
            guard id < Vocabulary.maximumCount else {
                throw LimbeckError(.fileUnsupported, "\(file): more than \(Vocabulary.maximumCount) lines")
            }
            let line = trimmed(UnsafeRawBufferPointer(rebasing: text[start..<end]))
            try builder.add(id: id, file: file) { $0.append(contentsOf: line) }
            id += 1
            start = end + 1
        }
        return try Vocabulary(builder)
    }

    /// The line without white space at its end, such as the CR of a Windows file.
    private static func trimmed(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let bytes = line.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return line }
        var end = 0
        var position = 0
        while position < line.count {
            let source = UTF8Reader.read(bytes, at: position, end: line.count)
            position = source.end
            if !ScalarRecord(source.scalar).isSpace { end = position }
        }
        return UnsafeRawBufferPointer(rebasing: line[..<end])
    }

    /// A member that is true, false, or null or missing.
    private func flag(_ config: JSONValue?, _ key: String) throws(LimbeckError) -> Bool? {
        guard let value = config?[key], !value.isNull else { return nil }
        guard let flag = value.bool else {
            throw LimbeckError(.fileMalformed, "tokenizer_config.json: \"\(key)\" is not true, false or null")
        }
        return flag
    }
}
