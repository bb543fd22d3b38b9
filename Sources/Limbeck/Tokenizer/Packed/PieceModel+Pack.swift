/// A model with its normalizer and pre-tokenizer.
extension PieceModel {
    func write(to contents: inout PackContents, _ json: inout JSONWriter) {
        switch self {
        case .wordPiece(let model):
            json.write("kind", "wordPiece")
            if let steps = model.steps {
                contents.needs(format: 2)
                steps.write("tokenizer.normalizer", to: &contents, &json)
            } else {
                json.object("normalizer") { json in model.normalization.write(to: &json) }
            }
            if model.splits != .bert {
                contents.needs(format: 2)
                json.write("splits", Int(model.splits.rawValue))
            }
            json.write("unknown", Int(model.options.unknown))
            json.write("prefix", model.options.prefix)
            json.write("maximumCharacters", model.options.maximumCharacters)
            contents.add("tokenizer", ".folded", .u16, model.folded)
        case .bytePairs(let model):
            json.write("kind", "bytePairs")
            model.normalizer.write("tokenizer.normalizer", to: &contents, &json)
            json.write("addsSpace", model.options.addsSpace)
            json.write("cutsWords", model.options.cutsWords)
            json.object("merges") { json in model.table.write("tokenizer.merges", to: &contents, &json) }
        case .characterPairs(let model):
            json.write("kind", "characterPairs")
            model.input.write("tokenizer", to: &contents, &json)
            model.unknown.write("tokenizer", to: &contents, &json)
            json.object("merges") { json in model.table.write("tokenizer.merges", to: &contents, &json) }
        case .unigram(let model):
            json.write("kind", "unigram")
            model.input.write("tokenizer", to: &contents, &json)
            model.pieces.write(to: &contents, &json)
        }
    }

    /// All ids in the result are below `idCount`.
    init(_ json: __shared JSONValue, _ tables: __shared PackedTables, _ vocabulary: __shared Vocabulary, idCount: Int)
        throws(LimbeckError)
    {
        let kind = tables.text(json, "kind")
        switch kind {
        case "wordPiece":
            let options = WordPieceOptions(
                unknown: tables.id(json, "unknown", below: idCount), prefix: tables.text(json, "prefix"),
                maximumCharacters: tables.number(json, "maximumCharacters", in: 0..<WordPieceOptions.characterBound + 1))
            let normalizer = tables.member(json, "normalizer"), isList = normalizer.kind == .array
            let steps = isList ? try StepNormalizer("tokenizer.normalizer", json, tables) : nil
            let normalization = isList ? NormalizerOptions() : NormalizerOptions(normalizer, tables)
            let folded: Table<UInt16> = try tables.table("tokenizer", ".folded", .u16, WordPiece.foldedCount)
            self = .wordPiece(
                try WordPiece(
                    vocabulary, normalization, options, steps: steps, splits: WordSplits("splits", json, tables) ?? .bert,
                    folded: folded))
        case "bytePairs":
            let options = BytePairOptions(addsSpace: tables.flag(json, "addsSpace"), cutsWords: tables.flag(json, "cutsWords"))
            let normalizer = try StepNormalizer("tokenizer.normalizer", json, tables)
            self = .bytePairs(BytePairs(try PieceModel.merges(json, tables, idCount), normalizer, options))
        case "characterPairs":
            let unknown = try UnknownCharacter("tokenizer", json, tables, idCount: idCount)
            let input = try MetaspaceInput("tokenizer", json, tables)
            self = .characterPairs(CharacterPairs(try PieceModel.merges(json, tables, idCount), unknown, input))
        case "unigram":
            let pieces = try PieceTable(json, tables, vocabulary, idCount: idCount)
            self = .unigram(Unigram(pieces, try MetaspaceInput("tokenizer", json, tables)))
        default:
            try tables.check()
            throw json.mismatch("a tokenizer of kind '\(kind)'", expected: "a known kind")
        }
    }

    private static func merges(_ json: JSONValue, _ tables: PackedTables, _ idCount: Int) throws(LimbeckError) -> MergeTable {
        try MergeTable("tokenizer.merges", tables.member(json, "merges"), tables, idCount: idCount)
    }
}

extension PieceTable {
    fileprivate func write(to contents: inout PackContents, _ json: inout JSONWriter) {
        json.write("unknown", Int(unknown))
        json.write("unknownScore", Int(truncatingIfNeeded: unknownScore.bitPattern))
        json.write("spellsBytes", byteIds != nil)
        contents.add("tokenizer", ".scores", .f64, scores)
        contents.add("tokenizer", ".bestScores", .f64, bestScores)
        if let byteIds { contents.add("tokenizer", ".byteIds", .i32, byteIds) }
    }

    fileprivate convenience init(
        _ json: __shared JSONValue, _ tables: __shared PackedTables, _ vocabulary: __shared Vocabulary, idCount: Int
    ) throws(LimbeckError) {
        let bits = tables.number(json, "unknownScore", in: .min ..< .max)
        let byteIds = tables.flag(json, "spellsBytes") ? try UnknownCharacter.byteIds("tokenizer", tables, idCount: idCount) : nil
        self.init(
            vocabulary.trie, scores: try tables.table("tokenizer", ".scores", .f64, vocabulary.trie.unitCount),
            bestScores: try tables.table("tokenizer", ".bestScores", .f64, 256),
            unknown: tables.id(json, "unknown", below: idCount),
            unknownScore: Double(bitPattern: UInt64(truncatingIfNeeded: bits)), byteIds: byteIds)
        var isWrong = !PieceTable.isSound(unknownScore)
        for node in 0..<scores.count where !PieceTable.isSound(scores[node]) { isWrong = true }
        tables.expect(!isWrong, "tokenizer", ".scores")
    }
}
