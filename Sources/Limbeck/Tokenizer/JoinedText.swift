/// A text that may be stored in two pieces: the first ends with the beginning of the text whose rest is the second. Its tokens are
/// those of the first piece up to a word, and from that word on those of the second.
package struct JoinedText {
    let head: Text
    /// The tokens before that word; `Int.max` if there is no second piece.
    let headTokens: Int
    let rest: Text
    let word: Tokenizer.WordStart

    package init(_ text: Text) { self.init(text, tokens: .max, Text(start: nil, count: 0), from: .first) }

    package init(_ head: Text, tokens: Int, _ rest: Text, from word: Tokenizer.WordStart) {
        (self.head, headTokens, self.rest, self.word) = (head, tokens, rest, word)
    }
}
