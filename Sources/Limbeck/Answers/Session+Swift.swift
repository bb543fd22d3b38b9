// The API for Swift programs: strings and arrays in, arrays out. These functions allocate what they return, and only convert.

extension Session {
    /// One vector per text, in their order.
    ///
    /// ```swift
    /// let vectors = try session.embed(["a first text", "a second one"], options: .init(normalize: true))
    /// ```
    ///
    /// Throws `.noTokenizer`, `.unsupported` (the pooler of a model without one, or one pooling of a model that has several side by
    /// side), `.tooLong` (a prompt of more than 16 KiB), or `.invalidArgument`.
    public func embed(_ texts: [String], options: EmbedOptions = .init()) throws(LimbeckError) -> [[Float]] {
        let width = options.dimensions > 0 ? min(options.dimensions, model.weights.vector.width) : model.embeddingSize
        let vectors = try floats(texts.count * width) { out throws(LimbeckError) in
            try Strings(texts).withList { list throws(LimbeckError) in
                try withPrompt(options.prompt, options.promptName) { prompt throws(LimbeckError) in
                    try embed(list, options: options, prompt: prompt, into: out)
                }
            }
        }
        return rows(of: vectors, count: texts.count, width: width)
    }

    /// The labels of each text, or of each pair of texts, best first; ties are in the model's order.
    ///
    /// Throws `.unsupported` (the model does not classify), `.noTokenizer`, or `.invalidArgument`.
    public func classify(
        _ texts: [String], pairs: [String]? = nil, options: ClassifyOptions = .init()
    ) throws(LimbeckError) -> [[Classification]] {
        var layers: [Int] = []
        return try classify(texts, pairs: pairs, options: options, layers: &layers)
    }

    /// The same; `layers` receives the number of layers after which each text left.
    public func classify(
        _ texts: [String], pairs: [String]? = nil, options: ClassifyOptions = .init(), layers: inout [Int]
    ) throws(LimbeckError) -> [[Classification]] {
        let labels = model.labels
        var left = [UInt32](repeating: 0, count: texts.count)
        let scores = try floats(texts.count * labels.count) { out throws(LimbeckError) in
            try Strings(texts).withList { list throws(LimbeckError) in
                try withPrompt(options.prompt, options.promptName) { prompt throws(LimbeckError) in
                    try withExits(options.exit, layers: &left) { exits, left throws(LimbeckError) in
                        func run(_ pairs: TextList?) throws(LimbeckError) {
                            try classify(
                                list, pairs: pairs, options: options, prompt: prompt, exits: exits, into: out, layers: left)
                        }
                        guard let pairs else { return try run(nil) }
                        try Strings(pairs).withList { seconds throws(LimbeckError) in try run(seconds) }
                    }
                }
            }
        }
        layers = left.map { Int($0) }
        return rows(of: scores, count: texts.count, width: labels.count).map { row in
            row.indices.map { Classification(label: labels[$0], index: $0, score: row[$0]) }
                .sorted { $0.score != $1.score ? $0.score > $1.score : $0.index < $1.index }
        }
    }

    /// The relevance of each document to the query, in the order of the documents; higher is more relevant.
    ///
    /// Throws `.unsupported` (the model is not a cross-encoder with one or two labels), `.noTokenizer`, or `.invalidArgument`.
    public func rerank(
        query: String, documents: [String], options: ClassifyOptions = .init()
    ) throws(LimbeckError) -> [Float] {
        try floats(documents.count) { out throws(LimbeckError) in
            try Strings([query]).withList { queries throws(LimbeckError) in
                try Strings(documents).withList { list throws(LimbeckError) in
                    try withPrompt(options.prompt, options.promptName) { prompt throws(LimbeckError) in
                        var left = [UInt32](repeating: 0, count: documents.count)
                        try withExits(options.exit, layers: &left) { exits, left throws(LimbeckError) in
                            try rerank(
                                query: queries[0], documents: list, options: options, prompt: prompt, exits: exits, into: out,
                                layers: left)
                        }
                    }
                }
            }
        }
    }

    /// The labelled parts of a text, in text order.
    ///
    /// Throws `.unsupported` (the model does not tag), `.noTokenizer`, or `.invalidArgument`.
    public func tag(_ text: String, options: TagOptions = .init()) throws(LimbeckError) -> [Tagged] {
        let empty = TagSpan(label: 0, score: 0, start: 0, end: 0)
        // At most one per token.
        let spans = try list(longest, of: empty) { out throws(LimbeckError) in
            try Strings([text]).withList { texts throws(LimbeckError) in try tag(texts[0], options: options, into: out) }
        }
        return spans.map { span in
            let label = Int(span.label), range = Int(span.start)..<Int(span.end)
            return Tagged(
                label: options.aggregation == .none ? model.labels[label] : model.entity(label), score: span.score,
                text: part(of: text, range), utf8Offsets: range)
        }
    }

    /// The parts of a context that best answer a question, best first: at most `topK`.
    ///
    /// Throws `.unsupported` (the model does not answer questions), `.noTokenizer`, `.tooLong` (the question leaves no room for the
    /// context), or `.invalidArgument`.
    public func answer(
        question: String, context: String, options: AnswerOptions = .init()
    ) throws(LimbeckError) -> [Answer] {
        let empty = AnswerSpan(score: 0, start: 0, end: 0)
        let spans = try list(max(0, min(options.topK, Session.maxAnswers)), of: empty) { out throws(LimbeckError) in
            try Strings([question, context]).withList { texts throws(LimbeckError) in
                try answer(question: texts[0], context: texts[1], options: options, into: out)
            }
        }
        return spans.map { span in
            let range = Int(span.start)..<Int(span.end)
            return Answer(score: span.score, text: part(of: context, range), utf8Offsets: range)
        }
    }

    /// For each mask token in the text ("[MASK]"), in order, the most probable tokens, best first.
    ///
    /// Throws `.noMask`, `.unsupported` (the model does not predict tokens), `.noTokenizer`, or `.invalidArgument`.
    public func fill(_ text: String, options: FillOptions = .init()) throws(LimbeckError) -> [[FilledToken]] {
        let empty = Candidate(token: 0, score: 0, mask: 0)
        let candidates = try Strings([text]).withList { texts throws(LimbeckError) in
            let none = UnsafeMutableBufferPointer<Candidate>(start: nil, count: 0)
            let needed = try fill(texts[0], options: options, into: none)
            return try list(needed, of: empty) { out throws(LimbeckError) in try fill(texts[0], options: options, into: out) }
        }
        var masks: [[FilledToken]] = []
        for candidate in candidates {
            if masks.count <= Int(candidate.mask) { masks.append([]) }
            // A model may predict ids that its tokenizer does not name.
            let token = model.tokenizer?.token(candidate.token) ?? ""
            masks[masks.count - 1].append(FilledToken(token: token, id: candidate.token, score: candidate.score))
        }
        return masks
    }

    /// The model's output for sequences of ids: one matrix each. Hidden states and the logits of tagging, answering and masked
    /// tokens have a row per token; the pooled vector and the logits of classification have one row.
    ///
    /// `types` are the token types, 0 by default. `layer` matters only for `.hidden`: 0 is the embedding output, n the state after
    /// n layers, -1 the last. Throws `.idOutOfRange`, `.tooLong`, `.unsupported`, or `.invalidArgument`.
    public func forward(
        _ sequences: [[Int32]], types: [[Int32]]? = nil, output: ForwardOutput = .hidden, layer: Int = -1
    ) throws(LimbeckError) -> [Matrix] {
        let lengths = sequences.map { $0.count }
        func run(_ out: UnsafeMutableBufferPointer<Float>) throws(LimbeckError) -> Int {
            try withBuffers(sequences, types) { ids, types, lengths throws(LimbeckError) in
                try forward(ids: ids, types: types, lengths: lengths, output: output, layer: layer, into: out)
            }
        }
        let needed = try run(UnsafeMutableBufferPointer(start: nil, count: 0))
        let values = try floats(needed) { out throws(LimbeckError) in _ = try run(out) }
        let (width, perToken) = try shape(output)
        var first = 0
        return lengths.map { length in
            let rows = perToken ? length : 1
            defer { first += rows * width }
            return Matrix(rows: rows, columns: width, values: Array(values[first..<first + rows * width]))
        }
    }

    /// The logits of sequences of ids, each from the exit where it left, and the number of layers before that.
    ///
    /// Throws `.unsupported` (the model does not classify, or has no exits), `.idOutOfRange`, `.tooLong`, or `.invalidArgument`.
    public func exits(
        _ sequences: [[Int32]], types: [[Int32]]? = nil, options: ExitOptions = .init()
    ) throws(LimbeckError) -> [(logits: [Float], layers: Int)] {
        var left = [UInt32](repeating: 0, count: sequences.count)
        let labels = model.labels.count
        let logits = try floats(sequences.count * labels) { out throws(LimbeckError) in
            try withExits(options, layers: &left) { exits, left throws(LimbeckError) in
                _ = try withBuffers(sequences, types) { ids, types, lengths throws(LimbeckError) in
                    try forwardToExits(ids: ids, types: types, lengths: lengths, exits, into: out, layers: left)
                }
            }
        }
        return sequences.indices.map { (Array(logits[$0 * labels..<($0 + 1) * labels]), Int(left[$0])) }
    }
}

/// Sequences back to back, with their lengths.
private func withBuffers<Result>(
    _ sequences: [[Int32]], _ types: [[Int32]]?,
    _ body: (UnsafeBufferPointer<Int32>, UnsafeBufferPointer<Int32>?, UnsafeBufferPointer<Int>) throws(LimbeckError) -> Result
) throws(LimbeckError) -> Result {
    let ids = Array(sequences.joined()), lengths = sequences.map { $0.count }
    if let types, types.map({ $0.count }) != lengths {
        throw LimbeckError(.invalidArgument, "the token types are not as many as the ids")
    }
    let flatTypes = types.map { Array($0.joined()) }
    return try ids.withUnsafeBufferPointer { ids throws(LimbeckError) in
        try lengths.withUnsafeBufferPointer { lengths throws(LimbeckError) in
            guard let flatTypes else { return try body(ids, nil, lengths) }
            return try flatTypes.withUnsafeBufferPointer { types throws(LimbeckError) in try body(ids, types, lengths) }
        }
    }
}

/// What the options ask of the exits, and room for the layers, valid while `body` runs.
private func withExits(
    _ options: ExitOptions?, layers: inout [UInt32],
    _ body: (ExitChoice, UnsafeMutableBufferPointer<UInt32>) throws(LimbeckError) -> Void
) throws(LimbeckError) {
    let options = options ?? ExitOptions()
    guard options.patience >= 0 else { throw LimbeckError(.invalidArgument, "exit_patience is negative") }
    try layers.withUnsafeMutableBufferPointer { layers throws(LimbeckError) in
        try options.thresholds.withUnsafeBufferPointer { thresholds throws(LimbeckError) in
            try body(ExitChoice(thresholds: thresholds, patience: options.patience, rule: options.rule), layers)
        }
    }
}

/// An array of `count` numbers, filled by `body`.
private func floats(
    _ count: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws(LimbeckError) -> Void
) throws(LimbeckError) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBufferPointer { buffer throws(LimbeckError) in try body(buffer) }
    return values
}

/// An array of at most `count` elements, filled by `body`, which returns their number.
private func list<Element>(
    _ count: Int, of element: Element, _ body: (UnsafeMutableBufferPointer<Element>) throws(LimbeckError) -> Int
) throws(LimbeckError) -> [Element] {
    var elements = [Element](repeating: element, count: count)
    let written = try elements.withUnsafeMutableBufferPointer { buffer throws(LimbeckError) in try body(buffer) }
    elements.removeLast(max(0, count - written))
    return elements
}

/// The prompt that the options specify, valid while `body` runs.
private func withPrompt(
    _ text: String?, _ name: String?, _ body: (PromptChoice) throws(LimbeckError) -> Void
) throws(LimbeckError) {
    guard let wanted = text ?? name else { return try body(.standard) }
    try Strings([wanted]).withList { list throws(LimbeckError) in
        try body(PromptChoice(text: text.map { _ in list[0] }, name: name.map { _ in list[0] }))
    }
}

private func rows(of values: [Float], count: Int, width: Int) -> [[Float]] {
    (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) }
}

private func part(of text: String, _ range: Range<Int>) -> Substring {
    let start = text.utf8.index(text.startIndex, offsetBy: range.lowerBound)
    return text[start..<text.utf8.index(start, offsetBy: range.count)]
}

/// Strings in the form in which C passes them.
private struct Strings: ~Copyable {
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private let pointers: UnsafeMutablePointer<UnsafePointer<CChar>?>
    private let lengths: UnsafeMutablePointer<Int>
    private let count: Int

    init(_ texts: [String]) {
        count = texts.count
        pointers = .allocate(capacity: count)
        lengths = .allocate(capacity: count)
        bytes = .allocate(capacity: texts.reduce(0) { $0 + $1.utf8.count })
        var next = 0
        for (index, text) in texts.enumerated() {
            let place = UnsafeMutableBufferPointer(rebasing: bytes[next..<next + text.utf8.count])
            _ = place.initialize(from: text.utf8)
            pointers.advanced(by: index).initialize(to: UnsafeRawPointer(place.baseAddress)?.assumingMemoryBound(to: CChar.self))
            lengths.advanced(by: index).initialize(to: place.count)
            next += place.count
        }
    }

    /// The list is valid while `body` runs.
    borrowing func withList<Result>(_ body: (TextList) throws(LimbeckError) -> Result) throws(LimbeckError) -> Result {
        try body(TextList(pointers: UnsafePointer(pointers), lengths: UnsafePointer(lengths), count: count))
    }

    deinit {
        bytes.deallocate()
        pointers.deallocate()
        lengths.deallocate()
    }
}
