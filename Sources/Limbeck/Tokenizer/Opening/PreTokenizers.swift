/// The member "pre_tokenizer".
extension TokenizerParts.PreTokenizer {
    init(_ part: __shared TokenizerComponent) throws(LimbeckError) {
        let parts = try part.type() == "Sequence" ? part.elements("pretokenizers") : [part]
        var splits: WordSplits = []
        for (index, part) in parts.enumerated() {
            if let more = try WordSplits(part) {
                splits.formUnion(more)
                continue
            }
            guard index == parts.count - 1 else {
                // A Split that finds the words, and a ByteLevel that only maps bytes.
                guard index == 0, parts.count == 2, try part.type() == "Split", try parts[1].type() == "ByteLevel" else {
                    throw part.unsupported(try part.type())
                }
                self = .byteLevel(try BytePairOptions(split: part, parts[1]))
                return
            }
            self = try .init(last: part, after: splits)
            return
        }
        self = .words(splits)
    }

    /// A single pre-tokenizer, or the last one after others that split words.
    private init(last part: __shared TokenizerComponent, after splits: WordSplits) throws(LimbeckError) {
        let type = try part.type()
        switch type {
        case "Metaspace":
            var options = MetaspaceOptions(before: splits)
            try options.read(part)
            self = .metaspace(options)
        case "ByteLevel" where splits.isEmpty: self = .byteLevel(try BytePairOptions(part))
        case "Split" where splits.isEmpty:
            guard let pattern = try part.member("pattern")["String"]?.string, pattern == " " else { throw part.unsupported(type) }
            try part.check(behavior: "MergedWithPrevious")
            self = .spaces
        default: throw part.unsupported(type)
        }
    }
}

extension WordSplits {
    /// nil if it is not one that splits between two characters.
    fileprivate init?(_ part: __shared TokenizerComponent) throws(LimbeckError) {
        switch try part.type() {
        case "BertPreTokenizer": self = .bert
        case "WhitespaceSplit": self = .whitespace
        case "Whitespace": self = [.whitespace, .wordCharacters]
        case "Digits": self = try part.flag("individual_digits") ?? false ? .digits : .numbers
        case "Punctuation":
            try part.check(behavior: "Isolated")
            self = .punctuation
        default: return nil
        }
    }
}

extension BytePairOptions {
    fileprivate init(_ part: __shared TokenizerComponent) throws(LimbeckError) {
        addsSpace = try part.requiredFlag("add_prefix_space")
        cutsWords = try part.flag("use_regex") ?? true
    }

    /// A Split by GPT-2's regular expression, and a ByteLevel without one.
    fileprivate init(split: __shared TokenizerComponent, _ part: __shared TokenizerComponent) throws(LimbeckError) {
        try BytePairOptions.checkSplit(split)
        try self.init(part)
        guard !addsSpace, !cutsWords else {
            throw LimbeckError(
                .fileUnsupported,
                "\(part.file): a ByteLevel that adds spaces or cuts words after a Split is not supported")
        }
        cutsWords = true
    }

    /// GPT-2's regular expression, in its authors' form and in those of tiktoken.
    private static let expressions = [
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
        #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
        #"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"#,
    ]

    /// Checks that a Split does the same as ByteLevel's own regular expression.
    private static func checkSplit(_ part: TokenizerComponent) throws(LimbeckError) {
        let pattern = try part.member("pattern")
        guard let expression = pattern["Regex"]?.string, expressions.contains(where: { $0 == expression }) else {
            throw LimbeckError(
                .fileUnsupported,
                "\(part.file): a Split by anything but GPT-2's regular expression is not supported")
        }
        try part.check(behavior: "Isolated")
    }
}

extension TokenizerComponent {
    /// Checks that a Split or a Punctuation has this behaviour; for a Punctuation it is the default.
    fileprivate func check(behavior: String) throws(LimbeckError) {
        let type = try type()
        let found = type == "Split" ? try string("behavior") : try optionalString("behavior") ?? behavior
        guard found == behavior else {
            throw LimbeckError(.fileUnsupported, "\(file): the behavior \"\(found)\" of a \(type) is not supported")
        }
        guard try flag("invert") != true else {
            throw LimbeckError(.fileUnsupported, "\(file): \"invert\" of a \(type) is not supported")
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
