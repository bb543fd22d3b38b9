/// tokenizer.json, which the Hugging Face `tokenizers` library writes. Each component is read in its own file. Anything unknown is
/// refused by name, since a tokenizer that is nearly right is wrong. The padding settings are left to the caller.
extension TokenizerParts {
    /// Under the class named by the files beside it.
    convenience init(json: __shared JSONDocument, _ settings: __shared TokenizerSettings) throws(LimbeckError) {
        let file = json.file, root = json.root
        guard root.kind == .object else { throw LimbeckError(.fileMalformed, "\(file): not a JSON object") }
        guard let value = root["model"] else { throw LimbeckError(.fileMalformed, "\(file): there is no \"model\"") }
        let model = TokenizerComponent("model", value, file: file)
        let added = TokenizerComponent("added_tokens", of: root, file: file)
        func tokens(_ vocabulary: Vocabulary) throws(LimbeckError) -> [AddedToken] {
            try added.map { part throws(LimbeckError) in try AddedToken.read(part, vocabulary) } ?? []
        }
        switch settings.tokenizerClass {
        case .bert, .distilBERT, .mpnet:
            try model.check(isModel: "WordPiece", of: settings)
            let vocabulary = try Vocabulary(model)
            try self.init(wordPiece: vocabulary, file: file, settings, json: tokens(vocabulary))
            let isLowered = try settings.readLowercase(of: root, file)
            settings.noteParts(
                of: root, file, isLowered ? ["BertNormalizer", "Sequence"] : ["BertNormalizer"], ["BertPreTokenizer"])
        case .roberta:
            try model.check(isModel: "BPE", of: settings)
            let vocabulary = try Vocabulary(model)
            let merges = try MergeTable(model, vocabulary, .bytes)
            try self.init(bytePairs: vocabulary, merges, file: file, settings, json: tokens(vocabulary))
            settings.noteParts(of: root, file, [], ["ByteLevel"])
        case .xlmRoberta, .camembert, .albert, .debertaV2:
            try model.check(isModel: "Unigram", of: settings)
            let list = try PieceList(model, of: root, settings)
            let post = TokenizerComponent("post_processor", of: root, file: file)
            try self.init(list, settings, post: post, added: added)
            if settings.tokenizerClass == .debertaV2, list.charsmap != nil {
                settings.note(
                    "\(file): the charsmap of its normalizer was ignored, as transformers 5 does for the tokenizer's class")
            }
        default:
            try self.init(file: file, root, model)
            addedTokens = try tokens(vocabulary)
            if settings.tokenizerClass == .gpt2, case .byteLevel(var options) = preTokenizer {
                options.addsSpace = try settings.flag("add_prefix_space") ?? false
                preTokenizer = .byteLevel(options)
            }
            names = settings.names(or: settings.tokenizerClass?.names ?? SpecialNames()).or(names)
            try add(settings)
        }
        if let part = TokenizerComponent("truncation", of: root, file: file), settings.truncatesLeft == nil {
            truncatesLeft = try part.optionalString("direction") == "Left"
        }
    }

    /// As written in the file, except the added tokens.
    private convenience init(file: __shared String, _ root: __shared JSONValue, _ model: __shared TokenizerComponent)
        throws(LimbeckError)
    {
        // The pre-tokenizer determines whether a BPE merges bytes or characters.
        let part = TokenizerComponent("pre_tokenizer", of: root, file: file)
        let words = try part.map { part throws(LimbeckError) in try PreTokenizer(part) } ?? .words([])
        var names = SpecialNames()
        let (vocabulary, model) = try Model.read(model, words, &names)
        self.init(file: file, vocabulary: vocabulary, model: model, preTokenizer: words, names: names)
        if let part = TokenizerComponent("normalizer", of: root, file: file) { normalizer = try Normalizer(part) }
        // Without spaces it splits nothing.
        if case .spaces = preTokenizer, normalizer.replacesSpaces { preTokenizer = .words([]) }
        if let part = TokenizerComponent("post_processor", of: root, file: file) { try readPostProcessor(part) }
    }
}

extension TokenizerComponent {
    /// Checks that a tokenizer.json has the type of model that its class builds.
    fileprivate func check(isModel expected: String, of settings: TokenizerSettings) throws(LimbeckError) {
        // Files of the first versions do not name the type; only WordPiece has the member that tells it.
        let found = try optionalString("type") ?? (value["max_input_chars_per_word"] == nil ? "BPE" : "WordPiece")
        guard found == expected else {
            let name = settings.className ?? "of the model's type"
            throw LimbeckError(
                .fileInconsistent, "\(file): a model of the type \(found), but the tokenizer_class \(name) needs \(expected)")
        }
    }
}

extension TokenizerSettings {
    /// A Lowercase before BERT's own normalizer is how sentence-transformers saves its `do_lower_case`. transformers 5 builds the
    /// normalizer of the class without it, so the folder would not give the answers of the model that was saved. Here it is
    /// applied, as in transformers 4.
    fileprivate func readLowercase(of root: JSONValue, _ file: String) throws(LimbeckError) -> Bool {
        guard let part = TokenizerComponent("normalizer", of: root, file: file), try part.type() == "Sequence" else { return false }
        let steps = try part.elements("normalizers")
        guard steps.count == 2, try steps[0].type() == "Lowercase", try steps[1].type() == "BertNormalizer" else { return false }
        lowerFirst()
        note("\(file): texts are lowered first, as its normalizer says; transformers 5 ignores that for the tokenizer's class")
        return true
    }

    /// Notes components of a tokenizer.json whose type differs from that of the class, which is used instead.
    fileprivate func noteParts(of root: JSONValue, _ file: String, _ normalizers: [String], _ preTokenizers: [String]) {
        for (key, expected) in [("normalizer", normalizers), ("pre_tokenizer", preTokenizers)] {
            guard let type = root[key]?["type"]?.string, !expected.contains(where: { $0 == type }) else { continue }
            note("\(file): its \(key) '\(type)' was ignored in favour of that of the tokenizer's class, as transformers 5 does")
        }
    }
}
