/// Where the pre-tokenizers of a tokenizer.json split a text into words. Each of these looks only at pairs of adjacent characters,
/// so a sequence of them splits wherever one of them does.
struct WordSplits: OptionSet, Sendable {
    let rawValue: UInt8

    /// White space separates words and is removed (WhitespaceSplit, and in BertPreTokenizer).
    static let whitespace = WordSplits(rawValue: 1)
    /// Every punctuation character is a word (Punctuation, and in BertPreTokenizer).
    static let punctuation = WordSplits(rawValue: 2)
    /// Splits between `\w` characters and others; with `whitespace` that is Whitespace, `\w+|[^\w\s]+`.
    static let wordCharacters = WordSplits(rawValue: 4)
    /// Every digit is a word (Digits with `individual_digits`).
    static let digits = WordSplits(rawValue: 8)
    /// A run of digits is a word (Digits).
    static let numbers = WordSplits(rawValue: 16)

    static let bert: WordSplits = [.whitespace, .punctuation]
    static let all: WordSplits = [.whitespace, .punctuation, .wordCharacters, .digits, .numbers]

    /// Whether a character is removed.
    @inline(__always)
    func removes(_ scalar: UInt32) -> Bool { contains(.whitespace) && ScalarRecord(scalar).isSpace }

    /// The properties of a character on which the splits depend.
    @inline(__always)
    func traits(_ scalar: UInt32) -> WordSplits {
        let record = ScalarRecord(scalar)
        var traits: WordSplits = []
        if record.isPunctuation { traits.insert(.punctuation) }
        if record.isWord { traits.insert(.wordCharacters) }
        if record.isNumeric(scalar) { traits.formUnion([.digits, .numbers]) }
        return traits.intersection(self)
    }

    /// Whether words are split between two characters with these traits.
    @inline(__always)
    func cuts(between left: WordSplits, and right: WordSplits) -> Bool { left != right || left.standsAlone }

    /// Whether a character with these traits is a word of its own.
    @inline(__always)
    var standsAlone: Bool { !isDisjoint(with: [.punctuation, .digits]) }
}
