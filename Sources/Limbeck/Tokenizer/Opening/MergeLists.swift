/// The merges of a BPE: a member of tokenizer.json, or the lines of a merges.txt.
extension MergeTable {
    /// The member "model" of a tokenizer.json.
    convenience init(
        _ model: __shared TokenizerComponent, _ vocabulary: __shared Vocabulary, _ letters: MergeLetters
    ) throws(LimbeckError) {
        if let dropout = model.value["dropout"], !dropout.isNull, dropout.double != 0 {
            throw LimbeckError(
                .fileUnsupported, "\(model.file): model.dropout is not supported: the same text would have other tokens")
        }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard let text = try model.optionalString(name), !text.utf8.isEmpty else { continue }
            throw LimbeckError(.fileUnsupported, "\(model.file): model.\(name) \"\(text)\" is not supported")
        }
        guard try model.flag("ignore_merges") != true else { throw model.unsupported(member: "ignore_merges") }
        let list = try model.member("merges")
        guard list.kind == .array else { throw model.malformed("merges", "an array") }
        var builder = try MergeTableBuilder(vocabulary, letters, mergeCount: list.count, file: model.file, place: .members)
        var parts = MergeParts()
        for (index, element) in list.elements.enumerated() {
            // Since 2024 pairs are arrays; before, they were strings with a space between the parts.
            if let text = element.text {
                guard parts.read({ text.append(to: &$0) }) else { throw model.malformed("merges[\(index)]", "two tokens") }
            } else {
                var elements = element.elements
                guard element.count == 2, let left = elements.next()?.text, let right = elements.next()?.text else {
                    throw model.malformed("merges[\(index)]", "two tokens")
                }
                parts.read {
                    left.append(to: &$0)
                } right: {
                    right.append(to: &$0)
                }
            }
            try builder.add(parts.left, parts.right, index)
        }
        try self.init(builder)
    }

    /// A merges.txt: one merge per line, two tokens separated by a space; lines that begin with "#version" are skipped.
    convenience init(
        lines text: UnsafeRawBufferPointer, file: __shared String, _ vocabulary: __shared Vocabulary
    ) throws(LimbeckError) {
        var count = 0
        for byte in text where byte == UInt8(ascii: "\n") { count += 1 }
        var builder = try MergeTableBuilder(vocabulary, .bytes, mergeCount: count + 1, file: file, place: .lines)
        var parts = MergeParts()
        var lines = TextLines(text)
        while let line = lines.next() {
            if "#version".hasSameBytes(as: UnsafeRawBufferPointer(rebasing: line.prefix(8))) { continue }
            guard parts.read({ $0.append(contentsOf: line) }) else {
                throw LimbeckError(.fileMalformed, "\(file): line \(lines.number) is not two tokens with a space between")
            }
            try builder.add(parts.left, parts.right, lines.number)
        }
        try self.init(builder)
    }
}

/// The two tokens of a merge, in buffers that are reused.
private struct MergeParts {
    var left: [UInt8] = []
    var right: [UInt8] = []

    /// Reads two tokens separated by a space; false if the text is not that.
    mutating func read(_ text: (inout [UInt8]) -> Void) -> Bool {
        left.removeAll(keepingCapacity: true)
        text(&left)
        guard let space = left.firstIndex(of: 0x20), left.lastIndex(of: 0x20) == space else { return false }
        right.removeAll(keepingCapacity: true)
        right.append(contentsOf: left[(space + 1)...])
        left.removeSubrange(space...)
        return true
    }

    mutating func read(_ left: (inout [UInt8]) -> Void, right: (inout [UInt8]) -> Void) {
        self.left.removeAll(keepingCapacity: true)
        left(&self.left)
        self.right.removeAll(keepingCapacity: true)
        right(&self.right)
    }
}
