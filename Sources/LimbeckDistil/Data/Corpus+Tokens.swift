import Limbeck

// Members of a line, and of a text of a group.
private let sequenceKeys: StaticString = "input_ids token_type_ids labels masked_labels start end"
private let groupKeys: StaticString = "texts scores"
private let textKeys: StaticString = "input_ids token_type_ids"

extension Corpus {
    /// JSON lines of tokens that somebody else prepared. They are read as they are: one that is too long has its last special token at its end,
    /// and is refused.
    func readTokens(_ file: MappedFile) throws(LimbeckError) {
        var lines = TextLines(withoutMark(file.bytes))
        let begins = needs.words ? tokenizer.map { WordStarts.ofVocabulary($0) } ?? [] : []
        while let line = lines.next() {
            let number = lines.number
            let root = try JSONDocument(line, file: name + ": line " + String(number)).root
            guard root.kind == .object else { throw root.mismatch("the line", expected: "an object") }
            if let texts = root.optional("texts") {
                try addGroup(texts, root, number)
            } else {
                try checkKeys(root, sequenceKeys)
                let count = try addSequence(root, number)
                try addTargets(root, number, count)
            }
            groupStarts.append(sequences)
            try checkAlike(number)
        }
        if needs.words { wordStarts = ids.map { begins.indices.contains(Int($0)) ? begins[Int($0)] : true } }
    }

    private func checkKeys(_ value: JSONValue, _ keys: StaticString) throws(LimbeckError) {
        for (key, _) in value.members where place(of: key.string, in: keys) == nil {
            throw LimbeckError(
                .fileMalformed, "\(value.document.file): '\(key.string)' is unknown, expected \(RecipeBlock.list(keys))")
        }
    }

    /// The elements of an array of integers, from `first` to below `bound`, or -100 where there may be none; nil: no such member.
    private func integers(
        _ root: JSONValue, _ key: String, below bound: Int, hasNone: Bool = false
    ) throws(LimbeckError) -> [Int32]? {
        guard let value = root.optional(key) else { return nil }
        guard value.kind == .array else { throw value.mismatch("'\(key)'", expected: "an array of integers") }
        var list: [Int32] = []
        list.reserveCapacity(value.count)
        for element in value.elements { list.append(try integer(element, key, below: bound, hasNone: hasNone)) }
        return list
    }

    private func integer(_ value: JSONValue, _ key: String, below bound: Int, hasNone: Bool) throws(LimbeckError) -> Int32 {
        if let number = value.int, 0..<bound ~= number || hasNone && number == Int(Masker.none) {
            return Int32(truncatingIfNeeded: number)
        }
        throw value.mismatch("'\(key)'", expected: "an integer from 0 to \(bound - 1)\(hasNone ? ", or -100 for none" : "")")
    }

    /// Returns the number of tokens.
    private func addSequence(_ root: JSONValue, _ line: Int) throws(LimbeckError) -> Int {
        guard let own = try integers(root, "input_ids", below: vocabularySize) else { throw fail(line, "no 'input_ids'") }
        guard !own.isEmpty else { throw fail(line, "no tokens") }
        guard own.count <= maxLength else {
            throw LimbeckError(.tooLong, "\(name): line \(line): \(own.count) tokens, expected at most \(maxLength)")
        }
        let types = try integers(root, "token_type_ids", below: min(typeCount == 1 ? 256 : typeCount, 256))
        try check(types, "token_type_ids", own.count, line)
        ids += own
        // A student without types does not look at them, but its teacher may.
        self.types += types.map { $0.map { UInt8(truncatingIfNeeded: $0) } } ?? [UInt8](repeating: 0, count: own.count)
        starts.append(ids.count)
        return own.count
    }

    private func check(_ list: [Int32]?, _ key: String, _ count: Int, _ line: Int) throws(LimbeckError) {
        guard let list, list.count != count else { return }
        throw fail(line, "\(list.count) '\(key)' for \(count) tokens")
    }

    private func addTargets(_ root: JSONValue, _ line: Int, _ count: Int) throws(LimbeckError) {
        let classes = needs.tokenClasses > 0 ? needs.tokenClasses : Int(Int32.max)
        if let value = root.optional("labels"), value.kind != .array {
            if needs.labels { labels.append(try label(value)) }
        } else if needs.tokenLabels, let own = try integers(root, "labels", below: classes, hasNone: true) {
            try check(own, "labels", count, line)
            tokenLabels += own
        }
        if needs.maskedLabels, let own = try integers(root, "masked_labels", below: vocabularySize, hasNone: true) {
            try check(own, "masked_labels", count, line)
            maskedLabels += own
        }
        guard needs.spans, let start = root.optional("start"), let end = root.optional("end") else { return }
        spanStarts.append(try integer(start, "start", below: count, hasNone: true))
        spanEnds.append(try integer(end, "end", below: count, hasNone: true))
    }

    /// Of a text: an index, or a number for a head with one output.
    private func label(_ value: JSONValue) throws(LimbeckError) -> Float {
        if needs.isRegression {
            guard let number = value.double, abs(number) < 1e30 else { throw value.mismatch("'labels'", expected: "a number") }
            return Float(number)
        }
        let count = needs.labelNames.isEmpty ? 1 << 24 : needs.labelNames.count
        return Float(try integer(value, "labels", below: count, hasNone: false))
    }

    // MARK: Groups

    private func addGroup(_ texts: JSONValue, _ root: JSONValue, _ line: Int) throws(LimbeckError) {
        try checkKeys(root, groupKeys)
        guard texts.kind == .array, texts.count >= needs.texts else {
            throw texts.mismatch("'texts'", expected: "an array of at least \(needs.texts) texts")
        }
        for text in texts.elements {
            guard text.kind == .object else { throw text.mismatch("a text", expected: "an object with 'input_ids'") }
            try checkKeys(text, textKeys)
            _ = try addSequence(text, line)
        }
        guard needs.scores, let list = root.optional("scores") else { return }
        guard list.kind == .array, list.count == texts.count - 1 || list.count == texts.count - 2 else {
            throw list.mismatch("'scores'", expected: "an array of \(texts.count - 1) scores, or \(texts.count - 2) margins")
        }
        for score in list.elements {
            guard let number = score.double, abs(number) < 1e30 else { throw score.mismatch("'scores'", expected: "numbers") }
            scores.append(Float(number))
        }
        scoreStarts.append(scores.count)
    }

    /// What a loss reads every line has, and scores all lines or none.
    private func checkAlike(_ line: Int) throws(LimbeckError) {
        func check(_ isRead: Bool, _ found: Int, _ expected: Int, _ key: StaticString) throws(LimbeckError) {
            if isRead, found != expected { throw fail(line, "no '\(key)', which a loss needs") }
        }
        try check(needs.labels, labels.count, groups, "labels")
        try check(needs.tokenLabels, tokenLabels.count, ids.count, "labels")
        try check(needs.maskedLabels, maskedLabels.count, ids.count, "masked_labels")
        try check(needs.spans, spanEnds.count, groups, "start' and 'end")
        if scoreStarts.count > 1, scoreStarts.count != groups + 1 {
            throw fail(line, "'scores' are in this line and not in all before it, or the reverse")
        }
        if needs.groups, groupStarts[groups] - groupStarts[groups - 1] < needs.texts {
            throw fail(line, "no 'texts', which a loss needs")
        }
    }
}
