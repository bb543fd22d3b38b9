/// The member "normalizer".
extension TokenizerParts.Normalizer {
    init(_ part: TokenizerComponent) throws(LimbeckError) {
        let type = try part.type()
        switch type {
        case "BertNormalizer": self = .bert(try NormalizerOptions(part))
        default: throw part.unsupported(type)
        }
    }
}

extension NormalizerOptions {
    fileprivate init(_ part: TokenizerComponent) throws(LimbeckError) {
        cleans = try part.flag("clean_text") ?? true
        separatesIdeographs = try part.flag("handle_chinese_chars") ?? true
        lowers = try part.flag("lowercase") ?? true
        stripsAccents = try part.flag("strip_accents") ?? lowers
    }
}
