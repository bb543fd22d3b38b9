/// tokenizer.json: what the Hugging Face `tokenizers` library writes. Each component is read in a file of its own; what is not known
/// is refused by name, for a tokenizer that is nearly right is wrong. Its settings for padding are left to the caller.
extension TokenizerParts {
    /// Under the class that the files beside it name.
    init(json: JSONDocument, _ settings: TokenizerSettings) throws(LimbeckError) {
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
            settings.noteParts(of: root, file, ["BertNormalizer"], ["BertPreTokenizer"])
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
            try self.init(list, settings, post: post, json: tokens)
            if settings.tokenizerClass == .debertaV2, list.charsmap != nil {
                settings.note("\(file): the charsmap of its normalizer was passed over, as transformers 5 does for the tokenizer's class")
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

    /// As it is written, but for the added tokens.
    private init(file: String, _ root: JSONValue, _ model: TokenizerComponent) throws(LimbeckError) {
        self.file = file
        // What comes before a BPE says what its letters are.
        if let part = TokenizerComponent("pre_tokenizer", of: root, file: file) { preTokenizer = try PreTokenizer(part) }
        (vocabulary, self.model) = try Model.read(model, preTokenizer, &names)
        if let part = TokenizerComponent("normalizer", of: root, file: file) { normalizer = try Normalizer(part) }
        // Where there are no spaces it cuts nothing.
        if case .spaces = preTokenizer, normalizer.replacesSpaces { preTokenizer = .words([]) }
        if let part = TokenizerComponent("post_processor", of: root, file: file) { try readPostProcessor(part) }
    }
}

extension TokenizerComponent {
    /// Whether a tokenizer.json has the model that its class builds.
    fileprivate func check(isModel expected: String, of settings: TokenizerSettings) throws(LimbeckError) {
        // Files of the first versions do not name the type; only WordPiece has the member that tells it.
        let found = try optionalString("type") ?? (value["max_input_chars_per_word"] == nil ? "BPE" : "WordPiece")
        guard found == expected else {
            let name = settings.className ?? "of the model's type"
            throw LimbeckError(
                .fileInconsistent, "\(file): a model of the type \(found), but the tokenizer_class \(name) has a \(expected)")
        }
    }
}

extension TokenizerSettings {
    /// Notes components of a tokenizer.json that differ in kind from those of the class, which count.
    fileprivate func noteParts(of root: JSONValue, _ file: String, _ normalizers: [String], _ preTokenizers: [String]) {
        for (key, expected) in [("normalizer", normalizers), ("pre_tokenizer", preTokenizers)] {
            guard let type = root[key]?["type"]?.string, !expected.contains(where: { $0 == type }) else { continue }
            note("\(file): its \(key) '\(type)' was passed over for that of the tokenizer's class, as transformers 5 does")
        }
    }
}
