/// Where the pre-tokenizers of a tokenizer.json cut a text into words: each of them looks at two characters side by side, so that several
/// one after the other cut wherever one of them does.
struct WordSplits: OptionSet, Sendable {
    let rawValue: UInt8

    /// White space is cut out (WhitespaceSplit, and in BertPreTokenizer).
    static let whitespace = WordSplits(rawValue: 1)
    /// Every punctuation character is a word (Punctuation, and in BertPreTokenizer).
    static let punctuation = WordSplits(rawValue: 2)
    /// What `\w` matches is apart from what it does not; with `whitespace` that is Whitespace, `\w+|[^\w\s]+`.
    static let wordCharacters = WordSplits(rawValue: 4)
    /// Every digit is a word (Digits with `individual_digits`).
    static let digits = WordSplits(rawValue: 8)
    /// Digits side by side are a word (Digits).
    static let numbers = WordSplits(rawValue: 16)

    static let bert: WordSplits = [.whitespace, .punctuation]
    static let all: WordSplits = [.whitespace, .punctuation, .wordCharacters, .digits, .numbers]

    /// Whether a character is cut out.
    @inline(__always)
    func removes(_ scalar: UInt32) -> Bool { contains(.whitespace) && ScalarRecord(scalar).isSpace }

    /// What the cuts depend on of a character.
    @inline(__always)
    func traits(_ scalar: UInt32) -> WordSplits {
        let record = ScalarRecord(scalar)
        var traits: WordSplits = []
        if record.isPunctuation { traits.insert(.punctuation) }
        if record.isWord { traits.insert(.wordCharacters) }
        if record.isNumeric(scalar) { traits.formUnion([.digits, .numbers]) }
        return traits.intersection(self)
    }

    /// Whether a word ends between two characters of these traits.
    @inline(__always)
    func cuts(between left: WordSplits, and right: WordSplits) -> Bool { left != right || left.standsAlone }

    /// Whether a character of these traits is a word.
    @inline(__always)
    var standsAlone: Bool { !isDisjoint(with: [.punctuation, .digits]) }
}
