/// A .model file, with tokenizer_config.json where there is one.
extension TokenizerParts {
    init(
        sentencePiece bytes: Table<UInt8>, file: String, name: String, _ settings: TokenizerSettings
    ) throws(LimbeckError) {
        #if SentencePiece
            let config = settings.config?.value
            let rule = try SentencePieceRule(file: name, class: config?["tokenizer_class"]?.string, file)
            let model = try SentencePieceFile(bytes.raw, rule, file: file)
            var builder = Vocabulary.Builder()
            for piece in 0..<model.count {
                try builder.add(id: Int(rule.id(of: piece, unknown: model.unknown)), file: file) { bytes in
                    model.withPiece(piece) { bytes.append(contentsOf: $0) }
                }
            }
            try rule.tokens(model.count) { text, id throws(LimbeckError) in
                try builder.add(id: Int(id), file: file) { $0.append(contentsOf: text.utf8) }
            }
            let vocabulary = try Vocabulary(builder)
            let names = settings.names(or: rule.names)
            func required(_ name: String?) throws(LimbeckError) -> Int32 {
                guard let name, let id = vocabulary.id(of: name) else {
                    throw LimbeckError(.fileInconsistent, "\(file): the special token \"\(name ?? "")\" is missing")
                }
                return id
            }
            let (cls, sep) = (try required(names.cls), try required(names.sep))
            let normalizer = StepNormalizer(try rule.steps(config, file: "tokenizer_config.json"))
            self.init(
                file: file, vocabulary: vocabulary,
                model: .sentencePiece(SentencePieceModel(model, bytes, rule, normalizer)), names: names)
            template = rule.isRoberta ? .roberta(cls: cls, sep: sep) : .bert(cls: cls, sep: sep)
            for name in [names.unk, names.sep, names.cls, names.pad, names.mask] {
                guard let name, let id = vocabulary.id(of: name) else { continue }
                var token = AddedToken(id: id, text: Array(name.utf8))
                token.stripsLeft = name == names.mask
                addedTokens.append(token)
            }
        #else
            throw SentencePieceModel.missing(file)
        #endif
    }
}
