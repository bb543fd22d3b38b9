import KernelInterface

extension Session {
    /// The scores of all labels for each text, or pair of texts; an empty second text means a single text. -> scores (texts,
    /// labels)
    package func classify(
        _ texts: TextList, pairs: TextList?, options: ClassifyOptions, prompt: PromptChoice = .standard,
        exits: ExitChoice = ExitChoice(), into scores: UnsafeMutableBufferPointer<Float>,
        layers: UnsafeMutableBufferPointer<UInt32>? = nil
    ) throws(LimbeckError) {
        let labels = try sequenceLabels()
        let scoring = try Scoring(options, default: defaultScores(labels))
        let leaving = try Leaving(exits, self, labels: labels)
        guard pairs == nil || pairs?.count == texts.count else {
            throw LimbeckError(.invalidArgument, "\(texts.count) texts, and \(pairs?.count ?? 0) second texts")
        }
        try need(texts.count, by: labels, in: scores.count)
        if let layers { try need(texts.count, by: 1, in: layers.count) }
        let length = try length(options.maxLength)
        let prompt = try prepareForPairs(prompt, length: length)

        _ = try tokenizer()
        guard let out = scores.baseAddress else { return }
        let output = LogitsOutput(out: out, labels: labels, scoring: scoring, layers: layers)
        try beginCall()
        try forEachBatch(of: texts, pairs: pairs, after: prompt, length: length) { () throws(LimbeckError) in
            try compute(output, leaving: leaving)
        }
    }

    /// The relevance of each document to the query, by a cross-encoder: the score of its only label, or of the second of two. ->
    /// scores (documents)
    package func rerank(
        query: Text, documents: TextList, options: ClassifyOptions, prompt: PromptChoice = .standard,
        exits: ExitChoice = ExitChoice(), into scores: UnsafeMutableBufferPointer<Float>,
        layers: UnsafeMutableBufferPointer<UInt32>? = nil
    ) throws(LimbeckError) {
        let labels = try sequenceLabels()
        guard labels <= 2 else {
            throw unable("has \(labels) labels, expected a cross-encoder's 1 or 2")
        }
        let scoring = try Scoring(options, default: rankingScores(labels))
        let leaving = try Leaving(exits, self, labels: labels)
        try need(documents.count, by: 1, in: scores.count)
        if let layers { try need(documents.count, by: 1, in: layers.count) }
        let length = try length(options.maxLength)
        let prompt = try prepareForPairs(prompt, length: length)

        _ = try tokenizer()
        guard let out = scores.baseAddress else { return }
        let output = LogitsOutput(out: out, labels: labels, scoring: scoring, label: labels - 1, layers: layers)
        try beginCall()
        try forEachBatch(of: documents, with: query, after: prompt, length: length) { () throws(LimbeckError) in
            try compute(output, leaving: leaving)
        }
    }

    func sequenceLabels() throws(LimbeckError) -> Int {
        guard case .sequence(_, let classifier) = plan.head else {
            throw unable("does not classify texts")
        }
        return classifier.outputs
    }

    private func defaultScores(_ labels: Int) -> Scores {
        if let own = model.configuration.crossEncoderScores { return own }
        return switch model.configuration.problem {
        case .multiLabel: .sigmoid
        case .regression: .raw
        case .singleLabel: labels == 1 ? .sigmoid : .softmax
        }
    }

    /// Documents are ranked by their scores: with two labels, the raw logit of one is not meaningful.
    private func rankingScores(_ labels: Int) -> Scores {
        let own = model.configuration.crossEncoderScores
        guard labels == 2 else { return own ?? .raw }
        return own == .sigmoid ? .sigmoid : .softmax
    }

    /// A cross-encoder's default prompt applies to pairs; an embedding model's applies to its vectors.
    private func prepareForPairs(_ prompt: PromptChoice, length: Int) throws(LimbeckError) -> PreparedPrompt {
        try prepare(prompt, length: length, isStandard: model.configuration.crossEncoderScores != nil)
    }
}

/// How logits are converted to scores, after validation.
struct Scoring {
    let scores: Scores
    let temperature: Float

    init(_ options: ClassifyOptions, default scores: Scores) throws(LimbeckError) {
        guard options.temperature > 0, options.temperature.isFinite else {
            throw LimbeckError(.invalidArgument, "temperature must be a positive number")
        }
        self.scores = options.scores ?? scores
        temperature = options.temperature
    }
}
