/// The member "added_tokens".
extension AddedToken {
    static func read(_ list: TokenizerComponent, _ vocabulary: Vocabulary) throws(LimbeckError) -> [AddedToken] {
        guard list.value.kind == .array else { throw list.malformed("an array") }
        var tokens: [AddedToken] = []
        var bytes = 0
        for element in list.value.elements {
            let part = TokenizerComponent(list.key, element, file: list.file)
            guard let text = element["content"]?.text, let id = element["id"]?.int else {
                throw list.malformed("an array of objects with \"id\" and \"content\"")
            }
            try list.check(id: id)
            var token = AddedToken(id: Int32(id), text: [])
            text.append(to: &token.text)
            if token.text.isEmpty { continue }
            bytes += token.text.count
            guard bytes <= Vocabulary.maximumBytes else {
                throw LimbeckError(
                    .fileUnsupported, "\(list.file): added tokens of more than \(Vocabulary.maximumBytes) bytes in all")
            }
            // A token of the vocabulary keeps the id it has there.
            if let known = vocabulary.id(of: token.text) { token.id = known }
            token.isSingleWord = try part.flag("single_word") ?? false
            token.stripsLeft = try part.flag("lstrip") ?? false
            token.stripsRight = try part.flag("rstrip") ?? false
            let isSpecial = try part.flag("special") ?? false
            token.isNormalized = try part.flag("normalized") ?? !isSpecial
            tokens.append(token)
        }
        return tokens
    }
}
