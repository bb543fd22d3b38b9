/// Finds the words of GPT-2's regular expression in a text:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// In words: runs of letters, numbers or other characters, each with one space before it; a few English endings after an
/// apostrophe; and white space, whose last character is left to the next word.
struct ByteLevelWords {
    /// The class of a character in the regular expression.
    enum Kind {
        static let letter: UInt8 = 0
        static let number: UInt8 = 1
        static let other: UInt8 = 2
        static let space: UInt8 = 3
        /// Not a single-byte character.
        static let long: UInt8 = 4
    }

    let text: UnsafePointer<UInt8>
    let end: Int
    /// By byte.
    let kinds: UnsafePointer<UInt8>
    /// If false, the whole text is one word.
    let cuts: Bool
    /// Set to false when ill-formed UTF-8 is read.
    var isWellFormed = true

    static let kindTable: [UInt8] = (0..<256).map { byte in byte < 0x80 ? kind(of: UInt32(byte)) : Kind.long }

    @inline(__always)
    static func kind(of scalar: UInt32) -> UInt8 {
        let record = ScalarRecord(scalar)
        if record.isLetter { return Kind.letter }
        if record.isNumber { return Kind.number }
        return record.isSpace ? Kind.space : Kind.other
    }

    /// The end of the word that begins at `start`, which is below `end`. With `afterSpace` a space is added before it, and the word
    /// may be that space alone.
    @inline(__always)
    mutating func wordEnd(from start: Int, afterSpace: Bool) -> Int {
        guard cuts else { return wholeEnd(from: start) }
        var position = start
        var kind = kinds[Int(text[position])]
        if !afterSpace {
            if text[position] == 0x20 {
                if position &+ 1 == end { return end }
                position &+= 1
                kind = kinds[Int(text[position])]
            } else if text[position] == 0x27 {
                let ending = self.ending(at: position &+ 1)
                if ending > 0 { return position &+ 1 &+ ending }
            }
        }
        if kind == Kind.long { kind = ByteLevelWords.kind(of: UTF8Reader.read(text, at: position, end: end).scalar) }
        if kind == Kind.space { return spaceEnd(from: start, afterSpace: afterSpace) }
        while position < end {
            let next = kinds[Int(text[position])]
            if next == kind {
                position &+= 1
            } else if next != Kind.long {
                break
            } else {
                let source = UTF8Reader.read(text, at: position, end: end)
                if ByteLevelWords.kind(of: source.scalar) != kind { break }
                if !UTF8Reader.isWellFormed(source, text) { isWellFormed = false }
                position = source.end
            }
        }
        return position
    }

    /// The length of an ending after an apostrophe.
    private func ending(at position: Int) -> Int {
        guard position < end else { return 0 }
        switch text[position] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 1
        case UInt8(ascii: "r"), UInt8(ascii: "v"): return isByte(UInt8(ascii: "e"), at: position &+ 1) ? 2 : 0
        case UInt8(ascii: "l"): return isByte(UInt8(ascii: "l"), at: position &+ 1) ? 2 : 0
        default: return 0
        }
    }

    private func isByte(_ byte: UInt8, at position: Int) -> Bool { position < end && text[position] == byte }

    /// White space up to the end of the text; otherwise without its last character, if any remains.
    private func spaceEnd(from start: Int, afterSpace: Bool) -> Int {
        var position = start
        var last = start
        while position < end {
            let source = UTF8Reader.read(text, at: position, end: end)
            if !ScalarRecord(source.scalar).isSpace { break }
            last = position
            position = source.end
        }
        if position == end { return end }
        return last > start || afterSpace ? last : position
    }

    private mutating func wholeEnd(from start: Int) -> Int {
        var position = start
        while position < end {
            let source = UTF8Reader.read(text, at: position, end: end)
            if !UTF8Reader.isWellFormed(source, text) { isWellFormed = false }
            position = source.end
        }
        return end
    }
}
