/// The settings of the files beside a vocabulary: tokenizer_config.json, special_tokens_map.json, added_tokens.json, and the flag
/// of sentence-transformers that lower-cases.
///
/// They are combined as in transformers 5.24. If tokenizer_config.json has `added_tokens_decoder`, the other two files are not
/// used. Otherwise special_tokens_map.json overrides it, and the tokens of added_tokens.json and of tokenizer.json are added.
final class TokenizerSettings {
    static let file = "tokenizer_config.json"

    /// A special token in a file.
    struct Special {
        /// Without an id.
        var token: AddedToken
        /// It is written as a string, so its flags depend on where it is used.
        var isPlain = true
    }

    /// nil: not given.
    private(set) var tokenizerClass: TokenizerClass?
    /// Its name in the files.
    private(set) var className: String?
    /// The special tokens with standard names, indexed like `SpecialNames.keys`.
    private(set) var named = [Special?](repeating: nil, count: SpecialNames.keys.count)
    /// Special tokens with other names, or without names.
    private(set) var unnamed: [Special] = []
    /// Tokens to which files give ids, in the order of the ids.
    private(set) var listed: [AddedToken] = []
    /// Whether the added tokens of tokenizer.json are used too.
    private(set) var takesTokensOfJSON = true
    /// Whether `model_input_names` contains the token types; nil: not given.
    private(set) var givesTypes: Bool?
    /// nil: not given.
    private(set) var truncatesLeft: Bool?
    private(set) var padsLeft = false
    /// Special tokens are not matched in texts.
    private(set) var splitsSpecialTokens = false
    /// sentence-transformers lower-cases the text before everything else.
    private(set) var lowersFirst = false

    /// tokenizer_config.json.
    private(set) var config: TokenizerComponent?
    private var notes: Notes?
    /// A non-empty list of special tokens was read, under one of its names.
    private var hasLists = false
    /// tokenizer_config.json has such a list, possibly empty.
    private(set) var listsTokens = false
    /// The class builds a tokenizer from a .model file by the options in it.
    private(set) var readsModelsAsTrained = false

    /// No settings.
    init() {}

    init(_ folder: __shared ModelFolder) throws(LimbeckError) {
        let root = try folder.json(TokenizerSettings.file)
        config = root.map { TokenizerComponent("the top level", $0, file: TokenizerSettings.file) }
        notes = folder.notes
        try readClass(root, folder.json("config.json"))
        if let config {
            try readNames(config, areSpecial: false)
            try readFlags(config)
        }
        if let config, let list = TokenizerComponent("added_tokens_decoder", of: config.value, file: config.file) {
            takesTokensOfJSON = false
            try readDecoder(list)
        } else {
            if let map = try folder.json("special_tokens_map.json") {
                try readNames(TokenizerComponent("the top level", map, file: "special_tokens_map.json"), areSpecial: true)
            }
            if let list = try folder.json("added_tokens.json") {
                try readAdded(TokenizerComponent("the top level", list, file: "added_tokens.json"))
            }
        }
        lowersFirst = try folder.sentenceTransformer()?.optionalBool("do_lower_case") ?? false
    }

    func lowerFirst() { lowersFirst = true }

    /// A boolean of tokenizer_config.json; nil: not given.
    func flag(_ key: String) throws(LimbeckError) -> Bool? { try config?.flag(key) }

    func note(_ message: Message) { notes?.add(message) }

    // MARK: Reading

    private func readClass(_ config: JSONValue?, _ model: JSONValue?) throws(LimbeckError) {
        let type = try model?.optionalString("model_type")
        var file = TokenizerSettings.file
        className = try config?.optionalString("tokenizer_class")
        if className == nil {
            className = try model?.optionalString("tokenizer_class")
            file = "config.json"
        }
        // The files of ModernBERT name classes that do not fit it; transformers knows that.
        if let className, type != "modernbert" {
            tokenizerClass = try TokenizerClass(named: className, file)
        } else {
            tokenizerClass = type.flatMap { TokenizerClass(ofModel: $0) }
            if type == nil, let model, isFastBERT(model) { tokenizerClass = .fastBERT }
            readsModelsAsTrained = type == "modernbert"
        }
        if className == "TokenizersBackend" || className == "PreTrainedTokenizerFast" { readsModelsAsTrained = true }
    }

    /// If no file names a class: the class whose .model file has this name.
    func readClass(ofModel name: String) {
        guard tokenizerClass == nil else { return }
        switch name {
        case "spiece.model": tokenizerClass = .albert
        case "spm.model": tokenizerClass = .debertaV2
        case "tokenizer.model": (tokenizerClass, readsModelsAsTrained) = (.file, true)
        default: tokenizerClass = .xlmRoberta
        }
    }

    private func readFlags(_ config: TokenizerComponent) throws(LimbeckError) {
        for key in ["extra_special_tokens", "additional_special_tokens"] {
            if let list = config.value[key], list.kind != .object { listsTokens = true }
        }
        truncatesLeft = try TokenizerSettings.isLeft("truncation_side", config)
        padsLeft = try TokenizerSettings.isLeft("padding_side", config) ?? false
        splitsSpecialTokens = try config.flag("split_special_tokens") ?? false
        guard let names = TokenizerComponent("model_input_names", of: config.value, file: config.file) else { return }
        guard names.value.kind == .array else { throw names.malformed("an array of strings") }
        givesTypes = names.value.elements.contains { $0.string == "token_type_ids" }
    }

    private static func isLeft(_ key: String, _ config: TokenizerComponent) throws(LimbeckError) -> Bool? {
        switch try config.optionalString(key) {
        case nil: nil
        case "left"?: true
        case "right"?: false
        default: throw LimbeckError(.fileMalformed, "\(config.file): '\(key)' is not 'left' or 'right'")
        }
    }

    /// The special tokens of tokenizer_config.json, or of special_tokens_map.json, where none has a `special` flag.
    private func readNames(_ file: TokenizerComponent, areSpecial: Bool) throws(LimbeckError) {
        for (key, value) in file.value.members where !value.isNull {
            if let index = SpecialNames.keys.firstIndex(where: { key == $0 }) {
                named[index] = try TokenizerSettings.special(TokenizerComponent(key.string, value, file: file.file), areSpecial)
            } else if key.string.hasUTF8Suffix("_token"), value.kind == .string {
                try addUnnamed(TokenizerComponent(key.string, value, file: file.file), areSpecial)
            }
        }
        for key in ["extra_special_tokens", "additional_special_tokens"] {
            // The second is the older name.
            guard let list = TokenizerComponent(key, of: file.value, file: file.file) else { continue }
            let isArray = list.value.kind == .array
            guard isArray || list.value.kind == .object else { throw list.malformed("an array or an object of tokens") }
            guard list.value.count > 0, key == "extra_special_tokens" || !hasLists else { continue }
            hasLists = true
            let tokens = isArray ? list.value.elements.list : list.value.members.map { $0.1 }
            for token in tokens { try addUnnamed(TokenizerComponent(key, token, file: file.file), areSpecial) }
        }
    }

    private func addUnnamed(_ part: TokenizerComponent, _ isSpecial: Bool) throws(LimbeckError) {
        guard let token = try TokenizerSettings.special(part, isSpecial) else { return }
        unnamed.append(token)
    }

    /// A string, or an object with flags; nil if it is empty.
    private static func special(_ part: TokenizerComponent, _ isSpecial: Bool) throws(LimbeckError) -> Special? {
        guard let text = part.value.text else {
            guard part.value.kind == .object else { throw part.malformed("a token: a string, or an object with \"content\"") }
            return try AddedToken(part, id: AddedToken.none, isSpecial: isSpecial ? true : nil).map {
                Special(token: $0, isPlain: false)
            }
        }
        var token = AddedToken(id: AddedToken.none, text: [])
        text.append(to: &token.text)
        token.isSpecial = true
        return token.text.isEmpty ? nil : Special(token: token)
    }

    private func readDecoder(_ list: TokenizerComponent) throws(LimbeckError) {
        guard list.value.kind == .object else { throw list.malformed("an object of tokens by their ids") }
        for (key, value) in list.value.members {
            guard let id = decimal(key.string), value.kind == .object else {
                throw list.malformed("an object of tokens by their ids")
            }
            try list.check(id: id)
            if let token = try AddedToken(TokenizerComponent(list.key, value, file: list.file), id: Int32(id)) {
                listed.append(token)
            }
        }
        AddedToken.sort(&listed)
    }

    private func readAdded(_ list: TokenizerComponent) throws(LimbeckError) {
        var specials = NameTable()
        for token in named { if let token { specials.set(String(utf8: token.token.text), 0) } }
        for token in unnamed { specials.set(String(utf8: token.token.text), 0) }
        for (key, value) in list.value.members {
            guard let id = value.int else { throw list.malformed("an object of tokens and their ids") }
            try list.check(id: id)
            var token = AddedToken(id: Int32(id), text: [])
            key.append(to: &token.text)
            if token.text.isEmpty { continue }
            token.isSpecial = specials[key.string] != nil
            token.isNormalized = !token.isSpecial
            listed.append(token)
        }
        AddedToken.sort(&listed)
    }
}
