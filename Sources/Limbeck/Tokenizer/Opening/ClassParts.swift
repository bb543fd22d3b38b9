/// What the tokenizer classes of transformers build around a vocabulary, from whichever file it is read.
extension TokenizerParts {
    /// WordPiece: BertTokenizer, DistilBertTokenizer and MPNetTokenizer.
    convenience init(
        wordPiece vocabulary: __shared Vocabulary, file: __shared String, _ settings: __shared TokenizerSettings,
        json: [AddedToken] = []
    ) throws(LimbeckError) {
        let names = settings.names(or: settings.tokenizerClass?.names ?? .bert)
        let unknown = try TokenizerParts.id(of: names.unk, vocabulary, file)
        // As in the class, whatever a tokenizer.json says.
        let options = WordPieceOptions(unknown: unknown, prefix: "##", maximumCharacters: 100)
        self.init(file: file, vocabulary: vocabulary, model: .wordPiece(options), preTokenizer: .words(.bert), names: names)

        var normalization = NormalizerOptions(cleans: true, separatesIdeographs: true, stripsAccents: true, lowers: true)
        normalization.lowers = try settings.flag("do_lower_case") ?? true
        normalization.stripsAccents = try settings.flag("strip_accents") ?? normalization.lowers
        normalization.separatesIdeographs = try settings.flag("tokenize_chinese_chars") ?? true
        normalizer = .bert(normalization)

        try add(settings, json: json)
        let (cls, sep) = (try special(names.cls), try special(names.sep))
        if settings.tokenizerClass == .mpnet {
            template = .roberta(cls: cls, sep: sep)
            trimming = OffsetTrimming.Options(keepsFirstSpace: false)
        } else if settings.tokenizerClass == .fastBERT {
            template = .fastBERT(cls: cls, sep: sep)
        } else {
            template = .bert(cls: cls, sep: sep)
        }
    }

    /// Byte-level BPE: RobertaTokenizer, which is also the class of Bart and Longformer, and GPT2Tokenizer.
    convenience init(
        bytePairs vocabulary: __shared Vocabulary, _ merges: MergeTable, file: __shared String,
        _ settings: __shared TokenizerSettings, json: [AddedToken] = []
    ) throws(LimbeckError) {
        let names = settings.names(or: settings.tokenizerClass?.names ?? .roberta)
        let addsSpace = try settings.flag("add_prefix_space") ?? false
        self.init(
            file: file, vocabulary: vocabulary, model: .bytePairs(merges),
            preTokenizer: .byteLevel(BytePairOptions(addsSpace: addsSpace)), names: names)
        try add(settings, json: json)
        guard settings.tokenizerClass != .gpt2 else {
            for key in ["add_bos_token", "add_eos_token"] where try settings.flag(key) == true {
                throw LimbeckError(.fileUnsupported, "\(TokenizerSettings.file): \(key) is not supported")
            }
            return
        }
        template = .roberta(cls: try special(names.cls), sep: try special(names.sep))
        if try settings.flag("trim_offsets") ?? true { trimming = OffsetTrimming.Options(keepsFirstSpace: addsSpace) }
    }

    static func id(of name: String?, _ vocabulary: Vocabulary, _ file: String) throws(LimbeckError) -> Int32 {
        if let name, let id = vocabulary.id(of: name) { return id }
        throw LimbeckError(.fileInconsistent, "\(file): the special token \"\(name ?? "")\" is missing")
    }

    /// The id of a special token, from the added tokens or the vocabulary.
    func special(_ name: String?) throws(LimbeckError) -> Int32 {
        if let name, let token = addedTokens.first(where: { $0.text.withUnsafeBytes { name.hasSameBytes(as: $0) } }) {
            return token.id
        }
        return try TokenizerParts.id(of: name, vocabulary, file)
    }
}

extension TokenizerSettings {
    /// The names of the special tokens in the files, and `otherwise` for those that the files do not name.
    func names(or otherwise: SpecialNames) -> SpecialNames {
        var names = SpecialNames()
        for index in named.indices {
            names[index] = named[index].map { String(utf8: $0.token.text) }
        }
        return names.or(otherwise)
    }
}

extension TokenizerParts {
    /// The token count of the tokenizers library: the number of distinct tokens, not of ids; but for Unigram the length of the list
    /// of pieces.
    private var tokenCount: Int {
        if case .unigram = model { vocabulary.count } else { vocabulary.tokenCount }
    }

    /// Adds the tokens of the files, and those that the class names and the vocabulary has; and applies the other settings of the
    /// files. `json`: the added tokens of a tokenizer.json that the class does not read as it is. `pieces`: the added tokens of the
    /// .model file of the vocabulary; if given, the tokens that the class names are added even if they are not in the vocabulary.
    func add(_ settings: TokenizerSettings, json: [AddedToken] = [], pieces: [AddedToken]? = nil) throws(LimbeckError) {
        var places = NameTable()
        let count = tokenCount
        var next = count
        for (index, token) in addedTokens.enumerated() {
            places.set(String(utf8: token.text), index)
            next = max(next, Int(token.id) + 1)
        }
        for var token in settings.added(over: addedTokens, json: json, pieces: pieces ?? [], names) {
            let text = String(utf8: token.text)
            let declared = token.id
            if let place = places[text] {
                token.id = addedTokens[place].id
                addedTokens[place] = token
                continue
            }
            if let known = vocabulary.id(of: token.text) {
                token.id = known
            } else if declared == AddedToken.ofClass, pieces == nil {
                // The model would have no embedding for it.
                continue
            } else {
                guard declared < 0 || Int(declared) == next else {
                    throw LimbeckError(
                        .fileInconsistent,
                        "\(file): the added token \"\(text)\" has the id \(declared), expected \(next), the next of the vocabulary")
                }
                guard next < Vocabulary.maximumCount, vocabulary.withToken(Int32(next), { _ in }) == nil else {
                    throw LimbeckError(
                        .fileUnsupported,
                        """
                        \(file): the added token "\(text)" would have the id \(next), which is taken: \(count) tokens with ids below \
                        \(vocabulary.count)
                        """)
                }
                token.id = Int32(next)
                next += 1
            }
            places.set(text, addedTokens.count)
            addedTokens.append(token)
        }
        if settings.splitsSpecialTokens {
            for index in addedTokens.indices where addedTokens[index].isSpecial { addedTokens[index].isPassedOver = true }
        }
        truncatesLeft = settings.truncatesLeft ?? truncatesLeft
        padsLeft = settings.padsLeft
    }
}

extension TokenizerSettings {
    /// The tokens to add to the existing ones, in order, each with the id that a file gives it, if any.
    fileprivate func added(
        over existing: [AddedToken], json: [AddedToken], pieces: [AddedToken], _ names: SpecialNames
    ) -> [AddedToken] {
        // For equal ids, the tokenizer.json wins.
        var tokens = listed
        if takesTokensOfJSON, !json.isEmpty {
            var isThere = [Bool](repeating: false, count: Int(json.reduce(0) { max($0, $1.id) }) + 1)
            for token in json { isThere[Int(token.id)] = true }
            tokens.removeAll { token in isThere.indices.contains(Int(token.id)) && isThere[Int(token.id)] }
            tokens += json
            AddedToken.sort(&tokens)
        }
        var known = NameTable(), specials = NameTable()
        for token in existing + tokens { known.set(String(utf8: token.text), 0) }
        for index in SpecialNames.keys.indices { if let name = names[index] { specials.set(name, 0) } }
        for index in tokens.indices where specials[String(utf8: tokens[index].text)] != nil {
            tokens[index].isSpecial = true
        }
        func add(_ special: Special) {
            guard known.insert(String(utf8: special.token.text)) else { return }
            tokens.append(special.token)
        }
        for index in SpecialNames.keys.indices {
            if let special = named[index] {
                var special = special
                special.token.isSpecial = true
                if index == SpecialNames.mask, special.isPlain, tokenizerClass?.stripsBeforeMask == true {
                    special.token.stripsLeft = true
                }
                add(special)
            } else if let name = names[index] {
                var token = AddedToken(id: AddedToken.ofClass, text: Array(name.utf8))
                token.isSpecial = true
                token.stripsLeft = index == SpecialNames.mask && tokenizerClass?.stripsBeforeMask == true
                add(Special(token: token))
            }
        }
        for special in unnamed { add(special) }
        return listsTokens ? tokens : added(pieces, to: tokens)
    }

    /// Adds the tokens of a .model file, which have their own flags under any name; but a token that another file lists is
    /// unchanged.
    private func added(_ pieces: [AddedToken], to tokens: [AddedToken]) -> [AddedToken] {
        if pieces.isEmpty { return tokens }
        var tokens = tokens
        var places = NameTable()
        for (index, token) in tokens.enumerated() { places.set(String(utf8: token.text), index) }
        for piece in pieces {
            if let place = places[String(utf8: piece.text)] {
                if place < listed.count { continue }
                (tokens[place].stripsLeft, tokens[place].isNormalized) = (false, false)
                (tokens[place].stripsRight, tokens[place].isSingleWord) = (false, false)
            } else {
                tokens.append(piece)
            }
        }
        return tokens
    }
}
