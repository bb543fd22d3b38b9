/// The member "added_tokens".
extension AddedToken {
    static func read(_ list: TokenizerComponent, _ vocabulary: Vocabulary) throws(LimbeckError) -> [AddedToken] {
        guard list.value.kind == .array else { throw list.malformed("an array") }
        var tokens: [AddedToken] = []
        var bytes = 0
        for element in list.value.elements {
            let part = TokenizerComponent(list.key, element, file: list.file)
            guard element["content"]?.text != nil, let id = element["id"]?.int else {
                throw list.malformed("an array of objects with \"id\" and \"content\"")
            }
            try list.check(id: id)
            guard var token = try AddedToken(part, id: Int32(id)) else { continue }
            bytes += token.text.count
            guard bytes <= Vocabulary.maximumBytes else {
                throw LimbeckError(
                    .fileUnsupported, "\(list.file): added tokens of more than \(Vocabulary.maximumBytes) bytes in all")
            }
            // A token of the vocabulary keeps its id there.
            if let known = vocabulary.id(of: token.text) { token.id = known }
            tokens.append(token)
        }
        return tokens
    }

    /// The object of one token; nil if it has no text. `isSpecial` overrides the object's flag.
    init?(_ part: __shared TokenizerComponent, id: Int32, isSpecial: Bool? = nil) throws(LimbeckError) {
        self.init(id: id, text: [])
        guard let text = try part.member("content").text else { throw part.malformed("content", "a string") }
        text.append(to: &self.text)
        if self.text.isEmpty { return nil }
        isSingleWord = try part.flag("single_word") ?? false
        stripsLeft = try part.flag("lstrip") ?? false
        stripsRight = try part.flag("rstrip") ?? false
        if let isSpecial { self.isSpecial = isSpecial } else { self.isSpecial = try part.flag("special") ?? false }
        isNormalized = try part.flag("normalized") ?? !self.isSpecial
    }
}
