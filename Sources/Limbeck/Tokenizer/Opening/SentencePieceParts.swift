/// A .model file of SentencePiece without a tokenizer.json, as transformers 5.24 converts it for the tokenizers library:
/// SentencePiece itself is not used to tokenise.
extension TokenizerParts {
    convenience init(sentencePiece bytes: UnsafeRawBufferPointer, file: __shared String, _ settings: __shared TokenizerSettings)
        throws(LimbeckError)
    {
        let model = try SentencePieceFile(bytes, name: file)
        if settings.tokenizerClass == .file {
            try self.init(asTrained: model, settings)
        } else {
            let list = try PieceList(model, settings, settings.names(or: settings.tokenizerClass?.names ?? SpecialNames()))
            try self.init(list, settings, pieces: model.addedTokens)
        }
    }
}

extension PieceList {
    /// The pieces in the order of the class. fairseq put its own special tokens before the pieces.
    fileprivate convenience init(_ model: __shared SentencePieceFile, _ settings: __shared TokenizerSettings, _ names: SpecialNames)
        throws(LimbeckError)
    {
        self.init(file: model.name)
        charsmap = model.charsmap
        switch settings.tokenizerClass {
        case .camembert:
            guard model.isUnigram else {
                throw model.unsupported("CamembertTokenizer requires a Unigram model, here and in transformers")
            }
            for name in ["<s>NOTUSED", names.pad, "</s>NOTUSED", names.unk] { try add(name) }
            try add("<unk>NOTUSED", -100)
            try add(model.pieces.dropFirst())
            try add(names.mask)
            unknown = names.pad == names.unk ? 1 : 3
        case .albert:
            try add(model.pieces[...])
            unknown = 1
        case .debertaV2:
            try add(model.pieces[...])
            let named = model.pieces.firstIndex { piece in piece.score == 0 && names.unk?.hasSameBytes(as: piece.text) == true }
            unknown = named ?? Int(model.unknown)
        default:
            for name in [names.bos, names.pad, names.eos, names.unk] { try add(name) }
            try add(model.pieces.dropFirst(3))
            try add(names.mask)
            unknown = 3
        }
    }

    private func add(_ name: String?, _ score: Double = 0) throws(LimbeckError) {
        try add(score) { $0.append(contentsOf: (name ?? "").utf8) }
    }

    private func add(_ pieces: ArraySlice<SentencePieceFile.Piece>) throws(LimbeckError) {
        for piece in pieces { try add(Double(piece.score)) { $0.append(contentsOf: piece.text) } }
    }
}

extension SentencePieceFile {
    /// The control and user-defined pieces, both of which transformers matches in the text.
    var addedTokens: [AddedToken] {
        var tokens: [AddedToken] = []
        for piece in pieces where piece.kind == .control || piece.kind == .userDefined {
            var token = AddedToken(id: AddedToken.none, text: Array(piece.text))
            token.isSpecial = piece.kind == .control
            tokens.append(token)
        }
        return tokens
    }
}
