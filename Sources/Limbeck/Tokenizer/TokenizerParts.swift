import CPlatform

/// A tokenizer as its files describe it, read and checked, before its tables are built.
struct TokenizerParts {
    /// The name that messages use.
    var file: String
    var vocabulary: Vocabulary
    var wordPiece = WordPieceOptions(unknown: 0, prefix: "##", maximumCharacters: 100)
    var normalization = NormalizerOptions()
    var addedTokens: [AddedToken] = []
    var template = Template.none
    var names = SpecialNames()
}

/// What the special tokens are called.
struct SpecialNames {
    var unk = "[UNK]"
    var sep = "[SEP]"
    var cls = "[CLS]"
    var mask = "[MASK]"
    var pad = "[PAD]"

    /// Takes the names that tokenizer_config.json gives.
    mutating func read(_ config: JSONValue) {
        func name(_ key: String, _ name: inout String) {
            guard let value = config[key] else { return }
            if let text = value.string ?? value["content"]?.string { name = text }
        }
        name("unk_token", &unk)
        name("sep_token", &sep)
        name("cls_token", &cls)
        name("mask_token", &mask)
        name("pad_token", &pad)
    }
}

extension Tokenizer {
    /// Opens a tokenizer: `path` is a model folder, a tokenizer.json, or a vocab.txt with a tokenizer_config.json beside it,
    /// if there is one. In a folder with both, tokenizer.json counts.
    public convenience init(path: String) throws(LimbeckError) {
        let kind = path.withCString { platform_kind_of($0) }
        guard kind != 0, !path.utf8.contains(0) else {
            throw LimbeckError(.fileNotFound, "\(path): there is no such file or folder")
        }
        if kind == 2 {
            try self.init(folder: path)
        } else if path.hasSuffix(utf8: ".json") {
            try self.init(json: try MappedFile(path, name: path), config: nil)
        } else {
            let name = path.utf8.lastIndex(of: UInt8(ascii: "/"))
            let folder = name.map { String(path[...$0]) } ?? ""
            let config = try Tokenizer.config(folder + "tokenizer_config.json")
            try self.init(vocabulary: try MappedFile(path, name: path), config: config)
        }
    }

    /// Opens the tokenizer of a model folder.
    package convenience init(folder: String) throws(LimbeckError) {
        func has(_ name: String) -> Bool { "\(folder)/\(name)".withCString { platform_kind_of($0) } == 1 }
        let config = try Tokenizer.config("\(folder)/tokenizer_config.json")
        if has("tokenizer.json") {
            try self.init(json: try MappedFile("\(folder)/tokenizer.json", name: "tokenizer.json"), config: config)
        } else if has("vocab.txt") {
            try self.init(vocabulary: try MappedFile("\(folder)/vocab.txt", name: "vocab.txt"), config: config)
        } else {
            throw LimbeckError(.fileNotFound, "\(folder): there is neither tokenizer.json nor vocab.txt")
        }
    }

    private static func config(_ path: String) throws(LimbeckError) -> MappedFile? {
        guard path.withCString({ platform_kind_of($0) }) == 1 else { return nil }
        return try MappedFile(path, name: "tokenizer_config.json")
    }

    /// Places in the tables are 32 bits wide; no tokenizer comes near.
    private static func checkSize(_ file: MappedFile) throws(LimbeckError) {
        guard file.bytes.count < 1 << 30 else {
            throw LimbeckError(.fileUnsupported, "\(file.name): \(file.bytes.count) bytes; less than 1 GiB is supported")
        }
    }

    private convenience init(json: MappedFile, config: MappedFile?) throws(LimbeckError) {
        try Tokenizer.checkSize(json)
        var names = SpecialNames()
        if let config { names.read(try JSONDocument(config.bytes, file: config.name).root) }
        try self.init(try TokenizerParts(json: try JSONDocument(json.bytes, file: json.name), names))
        withExtendedLifetime((json, config)) {}
    }

    private convenience init(vocabulary: MappedFile, config: MappedFile?) throws(LimbeckError) {
        try Tokenizer.checkSize(vocabulary)
        var root: JSONValue?
        if let config { root = try JSONDocument(config.bytes, file: config.name).root }
        try self.init(try TokenizerParts(text: vocabulary.bytes, file: vocabulary.name, config: root))
        withExtendedLifetime((vocabulary, config)) {}
    }
}

extension String {
    fileprivate func hasSuffix(utf8 suffix: String) -> Bool {
        utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}
