import Limbeck

/// Where the tokens of one text are written.
private final class TokenScratch {
    let ids: UnsafeMutablePointer<Int32>
    let types: UnsafeMutablePointer<Int32>
    let offsets: UnsafeMutablePointer<UInt32>
    let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        (ids, types, offsets) = (.allocate(capacity: capacity), .allocate(capacity: capacity), .allocate(capacity: capacity))
    }

    deinit {
        ids.deallocate()
        types.deallocate()
        offsets.deallocate()
    }

    var buffer: TokenBuffer { TokenBuffer(ids: ids, types: types, starts: offsets, capacity: capacity) }
}

/// Reads data whose lines are texts.
private struct TextReader {
    let corpus: Corpus
    let tokenizer: Tokenizer
    let scratch: TokenScratch
    /// By id; empty: words do not matter.
    let begins: [Bool]

    init(_ corpus: Corpus, _ tokenizer: Tokenizer) {
        (self.corpus, self.tokenizer) = (corpus, tokenizer)
        scratch = TokenScratch(capacity: corpus.maxLength)
        begins = corpus.needs.words ? WordStarts.ofVocabulary(tokenizer) : []
    }

    /// Adds a sequence. `starts` are the bytes at which words begin; nil: the vocabulary says.
    func add(_ text: Text, pair: Text? = nil, line: Int, starts: [Bool]? = nil) throws(LimbeckError) {
        for text in [text, pair ?? text] where text.allSatisfy({ $0 <= 0x20 }) { throw corpus.fail(line, "an empty text") }
        let special = tokenizer.specialTokenCount(pair: pair != nil)
        guard corpus.maxLength > special else {
            throw LimbeckError(.tooLong, "'max_length' is \(corpus.maxLength), and \(special) tokens of it are special")
        }
        func encode(_ length: Int) -> Int {
            tokenizer.encode(text, pair: pair, addSpecialTokens: true, maxLength: length, into: scratch.buffer)
        }
        var count = encode(0)
        if count > corpus.maxLength {
            corpus.truncated += 1
            count = encode(corpus.maxLength)
        }
        guard count > special else { throw corpus.fail(line, "a text without tokens") }
        if !UTF8Check.isWellFormed(text) || pair.map({ !UTF8Check.isWellFormed($0) }) ?? false { corpus.illFormed += 1 }
        corpus.ids.append(contentsOf: UnsafeBufferPointer(start: scratch.ids, count: count))
        for place in 0..<count {
            let type = scratch.types[place]
            guard type < corpus.typeCount || corpus.typeCount == 1 else {
                throw corpus.fail(line, "a pair has tokens of type \(type), and the student knows \(corpus.typeCount)")
            }
            corpus.types.append(UInt8(truncatingIfNeeded: type))
        }
        if !begins.isEmpty { addWordStarts(count, text, starts) }
        corpus.starts.append(corpus.ids.count)
    }

    private func addWordStarts(_ count: Int, _ text: Text, _ starts: [Bool]?) {
        for place in 0..<count {
            guard let starts else {
                corpus.wordStarts.append(begins[Int(scratch.ids[place])])
                continue
            }
            // A token may include the space before it.
            var byte = Int(scratch.offsets[place])
            while byte < text.count, text[byte] == 0x20 { byte += 1 }
            corpus.wordStarts.append(byte < starts.count ? starts[byte] : true)
        }
    }
}

/// A text without the byte order mark at its beginning.
func withoutMark(_ text: Text) -> Text { Text(rebasing: text[(text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)...]) }

extension Corpus {
    func readTexts(_ file: MappedFile, _ source: DataSource) throws(LimbeckError) {
        guard let tokenizer else {
            throw LimbeckError(.noTokenizer, "the student has no tokenizer, which data other than 'tokens' need")
        }
        let reader = TextReader(self, tokenizer)
        let segmented = try needs.segmented.map { (path) throws(LimbeckError) in try MappedFile(path, name: path) }
        defer { withExtendedLifetime(segmented) {} }
        var copies = segmented.map { TextLines($0.bytes) }
        var lines = TextLines(withoutMark(file.bytes))
        while let text = lines.next() {
            let line = lines.number
            switch source {
            case .labelled: try addLabelled(text, line, reader)
            case .pairs: try addGroup(text, line, reader)
            case .texts, .tokens:
                var starts: [Bool]?
                if let segmented {
                    guard let copy = copies?.next() else {
                        throw LimbeckError(.fileInconsistent, "\(segmented.name): \(line - 1) lines, and \(name) has more")
                    }
                    starts = WordStarts.aligned(text, copy)
                    if starts == nil {
                        unaligned += 1
                        starts = [Bool](repeating: true, count: text.count)
                    }
                }
                try reader.add(text, line: line, starts: starts)
            }
            groupStarts.append(sequences)
        }
        if let segmented, copies?.next() != nil {
            throw LimbeckError(.fileInconsistent, "\(segmented.name): more lines than the \(groups) of \(name)")
        }
        if needs.labels, needs.labelNames.isEmpty { sortLabels() }
    }

    private func fields(_ line: Text) -> [Text] {
        var fields: [Text] = [], start = 0
        for place in 0...line.count where place == line.count || line[place] == UInt8(ascii: "\t") {
            fields.append(Text(rebasing: line[start..<place]))
            start = place + 1
        }
        return fields
    }

    private func addLabelled(_ text: Text, _ line: Int, _ reader: TextReader) throws(LimbeckError) {
        let fields = fields(text)
        guard fields.count == 2 || fields.count == 3 else {
            throw fail(line, "\(fields.count) fields between tabs, expected a label, a text, and perhaps a second text")
        }
        if needs.labels { try add(label: fields[0], line) }
        try reader.add(fields[1], pair: fields.count > 2 ? fields[2] : nil, line: line)
    }

    private func add(label: Text, _ line: Int) throws(LimbeckError) {
        guard !label.isEmpty else { throw fail(line, "no label before the tab") }
        let name = String(utf8: label)
        if needs.isRegression {
            guard let number = (try? JSONDocument(label, file: name))?.root.double, abs(number) < 1e30 else {
                throw fail(line, "the label '\(name)' is not a number, which a head with one output learns")
            }
            return labels.append(Float(number))
        }
        if let index = labelNames.firstIndex(where: { $0 == name }) { return labels.append(Float(index)) }
        guard !needs.labelNames.isEmpty else {
            labelNames.append(name)
            return labels.append(Float(labelNames.count - 1))
        }
        // A head whose labels have no names.
        if let index = Int(name), labelNames.indices.contains(index), labelNames[index] == "LABEL_" + String(index) {
            return labels.append(Float(index))
        }
        var list = ""
        for name in labelNames.prefix(20) { list += (list.utf8.isEmpty ? "" : ", ") + name }
        if labelNames.count > 20 { list += ", …" }
        throw fail(line, "the label '\(name)' is not one of the student's: \(list)")
    }

    /// Labels of the file, in the order of their bytes.
    private func sortLabels() {
        let old = labelNames
        labelNames.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let places = old.map { name in Float(labelNames.firstIndex { $0 == name } ?? 0) }
        for index in labels.indices { labels[index] = places[Int(labels[index])] }
    }

    private func addGroup(_ text: Text, _ line: Int, _ reader: TextReader) throws(LimbeckError) {
        let fields = fields(text)
        guard fields.count >= needs.texts else {
            throw fail(
                line,
                "\(fields.count) texts between tabs, expected a query, a text that fits it\(needs.texts > 2 ? ", and one that does not" : "")"
            )
        }
        for field in fields { try reader.add(field, line: line) }
    }
}
