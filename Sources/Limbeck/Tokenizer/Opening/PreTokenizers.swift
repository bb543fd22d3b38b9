/// The member "pre_tokenizer".
extension TokenizerParts.PreTokenizer {
    init(_ part: TokenizerComponent) throws(LimbeckError) {
        let type = try part.type()
        switch type {
        case "BertPreTokenizer": self = .bert
        case "ByteLevel": self = .byteLevel(try BytePairOptions(part))
        case "WhitespaceSplit": self = .metaspace(MetaspaceOptions(splitsWhitespace: true))
        case "Metaspace":
            var options = MetaspaceOptions()
            try options.read(part)
            self = .metaspace(options)
        case "Split":
            guard let pattern = try part.member("pattern")["String"]?.string, pattern == " " else { throw part.unsupported(type) }
            try part.checkSplit(behavior: "MergedWithPrevious")
            self = .spaces
        case "Sequence": self = try .init(sequence: part)
        default: throw part.unsupported(type)
        }
    }

    /// One pre-tokenizer; or two: WhitespaceSplit and Metaspace, or one that cuts the words and a ByteLevel that only writes their bytes.
    private init(sequence part: TokenizerComponent) throws(LimbeckError) {
        let elements = try part.elements("pretokenizers")
        if elements.count == 1 {
            guard try elements[0].type() != "Sequence" else { throw elements[0].unsupported("Sequence") }
            self = try .init(elements[0])
            return
        }
        if elements.count == 2, try elements[0].type() == "WhitespaceSplit",
            try elements[1].type() == "Metaspace"
        {
            var options = MetaspaceOptions(splitsWhitespace: true)
            try options.read(elements[1])
            self = .metaspace(options)
            return
        }
        guard elements.count == 2, try elements[0].type() == "Split",
            try elements[1].type() == "ByteLevel"
        else { throw part.unsupported("Sequence") }
        try BytePairOptions.checkSplit(elements[0])
        var options = try BytePairOptions(elements[1])
        guard !options.addsSpace, !options.cutsWords else {
            throw LimbeckError(
                .fileUnsupported,
                "\(part.file): a ByteLevel that adds spaces or cuts words after a Split is not supported")
        }
        options.cutsWords = true
        self = .byteLevel(options)
    }
}

extension BytePairOptions {
    fileprivate init(_ part: TokenizerComponent) throws(LimbeckError) {
        addsSpace = try part.requiredFlag("add_prefix_space")
        cutsWords = try part.flag("use_regex") ?? true
    }

    /// GPT-2's regular expression, as its authors wrote it and as tiktoken does.
    private static let expressions = [
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
        #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
        #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"#,
    ]

    /// Whether a Split does what ByteLevel's own regular expression does.
    fileprivate static func checkSplit(_ part: TokenizerComponent) throws(LimbeckError) {
        let pattern = try part.member("pattern")
        guard let expression = pattern["Regex"]?.string, expressions.contains(where: { $0 == expression }) else {
            throw LimbeckError(
                .fileUnsupported,
                "\(part.file): a Split by anything but GPT-2's regular expression is not supported")
        }
        try part.checkSplit(behavior: "Isolated")
    }
}

extension TokenizerComponent {
    /// Checks that a Split does this with what it finds.
    fileprivate func checkSplit(behavior: String) throws(LimbeckError) {
        let found = try string("behavior")
        guard found == behavior else {
            throw LimbeckError(.fileUnsupported, "\(file): the behavior \"\(found)\" of a Split is not supported")
        }
        guard try flag("invert") != true else {
            throw LimbeckError(.fileUnsupported, "\(file): \"invert\" of a Split is not supported")
        }
    }
}

extension MetaspaceOptions {
    fileprivate mutating func read(_ part: TokenizerComponent) throws(LimbeckError) {
        var scalars = try part.string("replacement").unicodeScalars.makeIterator()
        guard let mark = scalars.next(), scalars.next() == nil else {
            throw part.malformed("replacement", "one character")
        }
        self.mark = mark.value
        splits = try part.flag("split") ?? true
        let addsSpace = try part.flag("add_prefix_space")
        switch try part.optionalString("prepend_scheme") {
        case nil: scheme = addsSpace == false ? .never : .always
        case "always"?: scheme = .always
        case "first"?: scheme = .first
        case "never"?: scheme = .never
        case let name?:
            throw LimbeckError(
                .fileUnsupported, "\(part.file): the prepend_scheme \"\(name)\" is not supported")
        }
        guard addsSpace != false || scheme == .never else {
            throw LimbeckError(
                .fileInconsistent, "\(part.file): \(part.key) has add_prefix_space false and another prepend_scheme")
        }
    }
}
