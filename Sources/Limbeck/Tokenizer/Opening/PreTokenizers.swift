/// The member "pre_tokenizer".
extension TokenizerParts.PreTokenizer {
    init(_ part: TokenizerComponent) throws(LimbeckError) {
        let type = try part.type()
        switch type {
        case "BertPreTokenizer": self = .bert
        default: throw part.unsupported(type)
        }
    }
}
