/// The member "post_processor".
extension TokenizerParts {
    func readPostProcessor(_ part: TokenizerComponent) throws(LimbeckError) {
        if try part.type() == "Sequence" {
            var isTemplateRead = false
            for element in try part.elements("processors") {
                let type = try element.type()
                // After a template, the reference counts its pieces as separate texts.
                guard type != "Sequence", !isTemplateRead else { throw element.unsupported(type) }
                isTemplateRead = type != "ByteLevel"
                try readOne(element)
            }
        } else {
            try readOne(part)
        }
    }

    private func readOne(_ part: TokenizerComponent) throws(LimbeckError) {
        let type = try part.type()
        switch type {
        case "BertProcessing":
            let (cls, sep) = try namedTokens(part)
            template = .bert(cls: cls, sep: sep)
        case "RobertaProcessing":
            let (cls, sep) = try namedTokens(part)
            template = .roberta(cls: cls, sep: sep)
            try readTrimming(part)
        case "ByteLevel": try readTrimming(part)
        case "TemplateProcessing": template = try Template(part)
        default: throw part.unsupported(type)
        }
    }

    private func readTrimming(_ part: TokenizerComponent) throws(LimbeckError) {
        let keepsFirstSpace = try part.requiredFlag("add_prefix_space")
        guard try part.requiredFlag("trim_offsets") else { return }
        guard trimming == nil else {
            throw LimbeckError(.fileUnsupported, "\(file): the post_processor trims offsets twice, which is not supported")
        }
        trimming = OffsetTrimming.Options(keepsFirstSpace: keepsFirstSpace)
    }

    private func namedTokens(_ part: TokenizerComponent) throws(LimbeckError) -> (cls: Int32, sep: Int32) {
        let (cls, sep) = (try namedToken(part, "cls"), try namedToken(part, "sep"))
        (names.cls, names.sep) = (cls.name, sep.name)
        return (cls.id, sep.id)
    }

    /// `["[SEP]", 102]`
    private func namedToken(_ part: TokenizerComponent, _ key: String) throws(LimbeckError) -> (name: String, id: Int32) {
        var elements = try part.member(key).elements
        guard let name = elements.next()?.string, let id = elements.next()?.int else {
            throw part.malformed(key, "an array of a token and its id")
        }
        try part.check(id: id, key)
        return (name, Int32(id))
    }
}

extension Template {
    fileprivate init(_ part: __shared TokenizerComponent) throws(LimbeckError) {
        let tokens = TokenizerComponent("post_processor.special_tokens", try part.member("special_tokens"), file: part.file)
        single = try Template.pieces(part, "single", tokens, texts: 1)
        pair = try Template.pieces(part, "pair", tokens, texts: 2)
    }

    private static func pieces(
        _ part: TokenizerComponent, _ name: String, _ tokens: TokenizerComponent, texts: Int
    ) throws(LimbeckError) -> [Template.Piece] {
        let list = TokenizerComponent("post_processor.\(name)", try part.member(name), file: part.file)
        func check(_ count: Int) throws(LimbeckError) {
            guard count <= Template.maxPieces else {
                throw LimbeckError(.fileUnsupported, "\(part.file): \(list.key) has more than \(Template.maxPieces) pieces")
            }
        }
        try check(list.value.count)
        var pieces: [Template.Piece] = []
        var seen = (0, 0)
        for element in list.value.elements {
            if let text = element["Sequence"] {
                let text = TokenizerComponent(list.key, text, file: part.file)
                let name = try text.string("id")
                guard name == "A" || name == "B" && texts == 2 else { throw list.malformed("made of the sequences A and B") }
                if name == "A" { seen.0 += 1 } else { seen.1 += 1 }
                pieces.append(.text(index: name == "A" ? 0 : 1, type: try typeId(text)))
            } else if let special = element["SpecialToken"] {
                let special = TokenizerComponent(list.key, special, file: part.file)
                let name = try special.string("id")
                let ids = try TokenizerComponent(name, try tokens.member(name), file: part.file).member("ids")
                try check(pieces.count + ids.count)
                for element in ids.elements {
                    guard let id = element.int else { throw tokens.malformed("made of ids") }
                    try tokens.check(id: id)
                    pieces.append(.token(id: Int32(id), type: try typeId(special)))
                }
            } else {
                throw list.malformed("made of Sequence and SpecialToken")
            }
        }
        guard seen.0 == 1, seen.1 == texts - 1 else {
            throw LimbeckError(.fileUnsupported, "\(part.file): \(list.key) does not have each text once")
        }
        return pieces
    }

    private static func typeId(_ part: TokenizerComponent) throws(LimbeckError) -> Int32 {
        guard let type = part.value["type_id"]?.int, type >= 0, type < 1 << 16 else {
            throw part.malformed("type_id", "a small count")
        }
        return Int32(type)
    }
}
