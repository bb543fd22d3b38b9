/// A .model file without a specific class (TokenizersBackend), as transformers 5.24 builds a tokenizer from it: by the options in
/// the file, so that the ids are mostly those of SentencePiece.
extension TokenizerParts {
    convenience init(asTrained model: __shared SentencePieceFile, _ settings: __shared TokenizerSettings) throws(LimbeckError) {
        if let place = model.pieces.firstIndex(where: { $0.kind == .userDefined }) {
            throw model.unsupported(
                "the user-defined piece \(place) is not supported without a class of its own in tokenizer_config.json")
        }
        let names = settings.names(or: SpecialNames()).or(model.names)
        let vocabulary = try Vocabulary(asTrained: model)
        let isLegacy = try settings.flag("legacy") ?? true
        let cut: Model
        if model.isUnigram {
            guard model.unknown >= 0, Int(model.unknown) < vocabulary.count else {
                throw LimbeckError(
                    .fileInconsistent, "\(model.name): unk_id is \(model.unknown), expected 0 to \(vocabulary.count - 1)")
            }
            let bytes = model.spellsBytes ? try vocabulary.byteIds() : nil
            cut = .unigram(
                try PieceTable(vocabulary, scores: model.pieces.map { Double($0.score) }, unknown: model.unknown, byteIds: bytes))
        } else {
            let unknown = try UnknownCharacter(
                vocabulary, name: model.unknownPiece, spellsBytes: model.spellsBytes, fuses: true, file: model.name, "unk_piece")
            cut = .characterPairs(try MergeTable(model, vocabulary, unknown), unknown)
        }
        self.init(file: model.name, vocabulary: vocabulary, model: cut, names: names)
        let steps = NormalizerStep.steps(asTrained: model, isLegacy: isLegacy)
        normalizer = steps.isEmpty ? .none : .steps(steps, name: "Sequence")
        if model.addsPrefix {
            preTokenizer = .metaspace(MetaspaceOptions(mark: 0x2581, scheme: isLegacy ? .always : .first, splits: false))
        }
        try add(settings, pieces: model.addedTokens)
        template = try framed(settings)
    }

    /// The template that the flags `add_bos_token` and `add_eos_token` ask for.
    func framed(_ settings: TokenizerSettings) throws(LimbeckError) -> Template {
        func id(_ flag: String, _ name: String?) throws(LimbeckError) -> Int32? {
            guard try settings.flag(flag) == true, name != nil else { return nil }
            return try special(name)
        }
        return .framed(begin: try id("add_bos_token", names.bos), end: try id("add_eos_token", names.eos))
    }
}

extension Template {
    /// <s> A </s>, and for a pair the same for the second text, with type 1.
    fileprivate static func framed(begin: Int32?, end: Int32?) -> Template {
        func pieces(_ index: Int) -> [Piece] {
            let type = Int32(index)
            var pieces: [Piece] = []
            if let begin { pieces.append(.token(id: begin, type: type)) }
            pieces.append(.text(index: index, type: type))
            if let end { pieces.append(.token(id: end, type: type)) }
            return pieces
        }
        return Template(single: pieces(0), pair: pieces(0) + pieces(1))
    }
}

extension SentencePieceFile {
    fileprivate var names: SpecialNames {
        func name(_ id: Int32, _ piece: String, _ otherwise: String) -> String? {
            id < 0 ? nil : piece.utf8.isEmpty ? otherwise : piece
        }
        return SpecialNames(
            unk: name(unknown, unknownPiece, "<unk>"), bos: name(begin, beginPiece, "<s>"), eos: name(end, endPiece, "</s>"))
    }
}

extension Vocabulary {
    fileprivate convenience init(asTrained model: __shared SentencePieceFile) throws(LimbeckError) {
        var builder = Vocabulary.Builder()
        for (id, piece) in model.pieces.enumerated() {
            try builder.add(id: id, file: model.name) { $0.append(contentsOf: piece.text) }
        }
        try self.init(builder)
    }
}

extension NormalizerStep {
    fileprivate static func steps(asTrained model: SentencePieceFile, isLegacy: Bool) -> [NormalizerStep] {
        var steps: [NormalizerStep] = []
        if let map = model.charsmap { steps.append(.characterMap(map)) }
        if model.removesSpaces {
            steps.append(.replaceSpace(.edges, content: []))
            steps.append(.replaceSpace(.spaces, content: [0x20]))
        }
        if model.escapesSpaces { steps.append(.replace(pattern: [0x20], content: [0x2581])) }
        // Metaspace adds no "▁" before an existing one, and SentencePiece does.
        if model.addsPrefix, isLegacy { steps.append(.replaceSpace(.firstMark, content: [0x2581, 0x2581])) }
        return steps
    }
}
