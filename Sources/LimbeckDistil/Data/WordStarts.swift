import Limbeck

/// Where words begin.
enum WordStarts {
    /// Of each token of a vocabulary, whether it begins a word: what has no "##" of WordPiece, or what has the "▁" or "Ġ" of the others.
    static func ofVocabulary(_ tokenizer: Tokenizer) -> [Bool] {
        var begins = (0..<tokenizer.vocabularySize).map { !tokenizer.continuesWord(Int32(truncatingIfNeeded: $0)) }
        // A vocabulary without such marks does not say: each token is a word.
        if !begins.contains(true) { begins = begins.map { _ in true } }
        return begins
    }

    /// For each byte of a text, whether a word begins there, by a copy of the text whose words are separated by spaces; nil: it is a copy of
    /// another text. White space of the text itself does not count.
    static func aligned(_ text: Text, _ segmented: Text) -> [Bool]? {
        var starts = [Bool](repeating: false, count: text.count)
        var place = 0, isStart = true, byte = 0
        while byte < segmented.count {
            if let space = space(segmented, byte) {
                (byte, isStart) = (byte + space, true)
                continue
            }
            while place < text.count, let space = space(text, place) { place += space }
            guard place < text.count, text[place] == segmented[byte] else { return nil }
            if isStart { starts[place] = true }
            (place, byte, isStart) = (place + 1, byte + 1, false)
        }
        while place < text.count, let space = space(text, place) { place += space }
        return place == text.count ? starts : nil
    }

    /// The bytes of white space at a place; nil: it is none. U+00A0 and U+3000 beside ASCII's.
    private static func space(_ text: Text, _ place: Int) -> Int? {
        if text[place] == 0x20 || 9...13 ~= text[place] { return 1 }
        if text[place] == 0xC2, place + 1 < text.count, text[place + 1] == 0xA0 { return 2 }
        if text[place] == 0xE3, place + 2 < text.count, text[place + 1] == 0x80, text[place + 2] == 0x80 { return 3 }
        return nil
    }
}
