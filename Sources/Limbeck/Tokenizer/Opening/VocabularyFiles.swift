/// vocab.json and merges.txt: byte-level BPE as GPT-2 and RoBERTa were published. With the defaults
/// of RobertaTokenizerFast and GPT2TokenizerFast where tokenizer_config.json says nothing.
extension TokenizerParts {
    init(
        vocabulary: JSONDocument, merges: UnsafeRawBufferPointer, mergesFile: String,
        config: JSONValue?
    ) throws(LimbeckError) {
        let file = vocabulary.file
        guard vocabulary.root.kind == .object else {
            throw LimbeckError(.fileMalformed, "\(file): not a JSON object")
        }
        let words = try Vocabulary(
            .init(TokenizerComponent("the vocabulary", vocabulary.root, file: file)))
        let settings = try BytePairSettings(config)
        self.init(
            file: file, vocabulary: words,
            model: .bytePairs(try MergeTable(lines: merges, file: mergesFile, words)),
            preTokenizer: .byteLevel(BytePairOptions(addsSpace: settings.addsSpace)))
        addedTokens = try settings.addedTokens(words)
        names = settings.names
        guard settings.isRoberta else { return }
        template = .roberta(cls: try id(of: names.cls), sep: try id(of: names.sep))
        if settings.trims {
            trimming = OffsetTrimming.Options(keepsFirstSpace: settings.addsSpace)
        }
    }

    private func id(of name: String?) throws(LimbeckError) -> Int32 {
        guard let name else { throw LimbeckError(.fileInconsistent, "\(file): a special token is missing") }
        if let token = addedTokens.first(where: { $0.text.withUnsafeBytes { name.hasSameBytes(as: $0) } }) { return token.id }
        throw LimbeckError(.fileInconsistent, "\(file): the special token \"\(name)\" is missing")
    }
}

/// What tokenizer_config.json says of a byte-level BPE.
private struct BytePairSettings {
    var isRoberta = true
    var addsSpace = false
    var trims = true
    var names = SpecialNames()
    private let config: TokenizerComponent?

    init(_ config: JSONValue?) throws(LimbeckError) {
        self.config = config.map { TokenizerComponent("the whole", $0, file: "tokenizer_config.json") }
        guard let config = self.config else {
            names = .roberta
            return
        }
        switch try config.optionalString("tokenizer_class") {
        case nil, "RobertaTokenizer", "RobertaTokenizerFast": names = .roberta
        case "GPT2Tokenizer", "GPT2TokenizerFast":
            isRoberta = false
            names.unk = "<|endoftext|>"
        case let other?: throw config.unsupported(other)
        }
        names.read(config.value)
        addsSpace = try config.flag("add_prefix_space") ?? false
        trims = try config.flag("trim_offsets") ?? true
        let addsBegin = try config.flag("add_bos_token") ?? false
        guard isRoberta || !addsBegin else {
            throw LimbeckError(.fileUnsupported, "tokenizer_config.json: add_bos_token is not supported")
        }
    }

    /// The special tokens, and those that "added_tokens_decoder" lists by id. transformers gives new
    /// tokens the ids after the vocabulary, so other ids would contradict it.
    func addedTokens(_ vocabulary: Vocabulary) throws(LimbeckError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        if let list = config.flatMap({ TokenizerComponent("added_tokens_decoder", of: $0.value, file: $0.file) }) {
            guard list.value.kind == .object else { throw list.malformed("an object") }
            for (key, value) in list.value.members {
                let part = TokenizerComponent(list.key, value, file: list.file)
                guard let id = Int(key.string), value.kind == .object else {
                    throw list.malformed("an object of tokens by their ids")
                }
                try list.check(id: id)
                guard let token = try AddedToken(part, id: Int32(id)) else { continue }
                tokens.append(token)
            }
            var next = vocabulary.count
            for index in tokens.indices {
                if let known = vocabulary.id(of: tokens[index].text) {
                    tokens[index].id = known
                } else {
                    guard Int(tokens[index].id) == next else {
                        throw LimbeckError(
                            .fileInconsistent,
                            "\(list.file): added_tokens_decoder has a token of the id \(tokens[index].id), expected \(next)")
                    }
                    next += 1
                }
            }
        }
        for (key, name) in specials {
            let text = Array(name.utf8)
            if tokens.contains(where: { $0.text == text }) { continue }
            // As in a vocab.txt, a token that the vocabulary does not have is left out.
            guard let id = vocabulary.id(of: text) else { continue }
            var token = AddedToken(id: id, text: text)
            let described = config?.value[key]
            if let config, let described, described.kind == .object {
                let part = TokenizerComponent(key, described, file: config.file)
                token = try AddedToken(part, id: id) ?? token
            } else {
                // RobertaTokenizer takes the space before its mask, and all others as they are.
                token.stripsLeft = isRoberta && key == "mask_token"
                token.isNormalized = !token.stripsLeft
            }
            tokens.append(token)
        }
        return tokens
    }

    /// The keys and the names of the special tokens.
    private var specials: [(String, String)] {
        let bos = config?.value["bos_token"].flatMap { $0.string ?? $0["content"]?.string }
        let eos = config?.value["eos_token"].flatMap { $0.string ?? $0["content"]?.string }
        let (first, last) = isRoberta ? ("<s>", "</s>") : ("<|endoftext|>", "<|endoftext|>")
        let all = [
            ("bos_token", bos ?? first), ("eos_token", eos ?? last), ("unk_token", names.unk),
            ("sep_token", names.sep), ("cls_token", names.cls), ("pad_token", names.pad),
            ("mask_token", names.mask),
        ]
        return all.compactMap { key, name in name.map { (key, $0) } }
    }
}
