import Limbeck

/// A smaller vocabulary of a WordPiece or Unigram tokenizer: the special tokens, the single characters, and of the others those that a
/// corpus uses most. Words whose piece is gone are cut into smaller pieces, so every text still has tokens.
struct TrimmedVocabulary {
    /// The old ids, in their order, by new id.
    let ids: [Int]
    private let tokenizer: JSONValue

    init(_ folder: ModelFolder, size: Int, counts: [Int]) throws(LimbeckError) {
        guard folder.contains("tokenizer.json"), let tokenizer = try folder.json("tokenizer.json"), let model = tokenizer["model"],
            let vocabulary = model["vocab"]
        else {
            throw LimbeckError(.unsupported, "recipe: 'student.vocabulary': a model without a tokenizer.json, expected one")
        }
        let isUnigram = vocabulary.kind == .array
        guard isUnigram || model["type"]?.string == "WordPiece" else {
            throw LimbeckError(
                .unsupported, "recipe: 'student.vocabulary': a tokenizer of another kind, expected WordPiece or Unigram")
        }
        self.tokenizer = tokenizer
        var pieces = [String?](repeating: nil, count: counts.count)
        if isUnigram {
            for (id, piece) in vocabulary.elements.enumerated() where id < pieces.count {
                pieces[id] = piece.elements.first { _ in true }?.string
            }
        } else {
            for (text, id) in vocabulary.members {
                if let id = id.int, pieces.indices.contains(id) { pieces[id] = text.string }
            }
        }
        var isKept = [Bool](repeating: false, count: pieces.count)
        for added in tokenizer["added_tokens"]?.elements.map({ $0 }) ?? [] {
            if let id = added["id"]?.int, isKept.indices.contains(id) { isKept[id] = true }
        }
        if let id = model["unk_id"]?.int, isKept.indices.contains(id) { isKept[id] = true }
        let prefix = model["continuing_subword_prefix"]?.string ?? "##"
        // Without the single characters a word may have no pieces at all; those that the corpus does not have are left out.
        let used = TrimmedVocabulary.characters(of: pieces, counts: counts, prefix: prefix)
        for (id, piece) in pieces.enumerated() {
            guard let piece else { continue }
            let bare = isUnigram ? piece : piece.droppingUTF8Prefix(prefix)
            if bare.unicodeScalars.count == 1, let scalar = bare.unicodeScalars.first, used.contains(scalar.value) {
                isKept[id] = true
            }
        }
        var left = size - isKept.filter { $0 }.count
        guard left >= 0 else {
            throw LimbeckError(
                .invalidArgument,
                "recipe: 'student.vocabulary.size': \(size), expected at least \(size - left): special tokens and characters")
        }
        let order = counts.indices.sorted { counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1 }
        for id in order where left > 0 && !isKept[id] && pieces[id] != nil && counts[id] > 0 {
            isKept[id] = true
            left -= 1
        }
        ids = isKept.indices.filter { isKept[$0] }
    }

    /// The scalars of all pieces that the corpus has.
    private static func characters(of pieces: [String?], counts: [Int], prefix: String) -> Set<UInt32> {
        var used: Set<UInt32> = []
        for (id, piece) in pieces.enumerated() where counts[id] > 0 {
            for scalar in piece?.droppingUTF8Prefix(prefix).unicodeScalars ?? "".unicodeScalars { used.insert(scalar.value) }
        }
        return used
    }

    /// Writes tokenizer.json, and vocab.txt if the old folder has one.
    func write(_ source: ModelFolder, to folder: String) throws(LimbeckError) {
        let text = RenumberedTokenizer(tokenizer, ids: ids).text()
        try OutputFiles.write(Array(text.utf8), to: "\(folder)/tokenizer.json")
        if source.contains("vocab.txt") {
            let file = try source.map("vocab.txt")
            defer { withExtendedLifetime(file) {} }
            let lines = file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            var bytes: [UInt8] = []
            for id in ids where id < lines.count {
                bytes += lines[id]
                bytes.append(UInt8(ascii: "\n"))
            }
            try OutputFiles.write(bytes, to: "\(folder)/vocab.txt")
        }
        // It lists the added tokens by their old ids, which tokenizer.json has too.
        if let root = try source.json("tokenizer_config.json") {
            let members = root.members.filter { $0.key.string != "added_tokens_decoder" }
            let text = members.map { "\n  " + JSONText.quoted($0.key.string) + ": " + JSONText.of($0.value) }.joined(",")
            try OutputFiles.write(Array(("{" + text + "\n}\n").utf8), to: "\(folder)/tokenizer_config.json")
        }
    }
}
