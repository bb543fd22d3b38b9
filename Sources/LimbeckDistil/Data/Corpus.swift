import Limbeck

/// The texts that are trained on, as tokens: flat arrays, without padding. A group is what a batch is made of: a sequence, or for ranking a query and
/// the texts that are compared with it.
package final class Corpus {
    package internal(set) var ids: [Int32] = []
    /// Token types, as many.
    package internal(set) var types: [UInt8] = []
    /// Sequence i is the tokens starts[i]..<starts[i + 1].
    package internal(set) var starts = [0]
    /// Group g is the sequences groupStarts[g]..<groupStarts[g + 1].
    package internal(set) var groupStarts = [0]
    /// Of each group: the index of a label, or for one output a number. All that follow are empty if the data have none, or nothing reads them.
    package internal(set) var labels: [Float] = []
    /// Of each token, -100: none.
    package internal(set) var tokenLabels: [Int32] = []
    package internal(set) var maskedLabels: [Int32] = []
    /// Of each group: the first and the last token of an answer, -100: none.
    package internal(set) var spanStarts: [Int32] = []
    package internal(set) var spanEnds: [Int32] = []
    /// The teacher's scores of a group: one for each text after the first, or, one less, the margins of the second over the others.
    package internal(set) var scores: [Float] = []
    package internal(set) var scoreStarts = [0]
    /// Whether a token begins a word, for masking of whole words.
    package internal(set) var wordStarts: [Bool] = []
    /// The names of `labels`: those of the student's head, or else those of the file, sorted by their bytes.
    package internal(set) var labelNames: [String] = []
    /// Sentences about the data, for the log.
    package internal(set) var notes: [String] = []
    /// Texts that were cut, that are not UTF-8, and whose segmented copy is of another text.
    package internal(set) var truncated = 0
    package internal(set) var illFormed = 0
    package internal(set) var unaligned = 0

    package let tokenizer: Tokenizer?
    let needs: CorpusNeeds
    let name: String
    /// Including special tokens.
    let maxLength: Int
    /// What ids and types may be.
    let vocabularySize: Int
    let typeCount: Int
    /// The special tokens, by id.
    private var special: [Bool] = []

    package init(_ recipe: Recipe, configuration: Configuration, tokenizer: Tokenizer?) throws(LimbeckError) {
        guard let data = recipe.data else { throw LimbeckError(.invalidArgument, "recipe: 'data' is missing") }
        (self.tokenizer, name) = (tokenizer, data.path)
        needs = CorpusNeeds(recipe, configuration)
        (vocabularySize, typeCount) = (configuration.vocabSize, max(1, configuration.typeVocabSize))
        if let length = recipe.maxLength, length > configuration.maxPositions {
            throw LimbeckError(
                .invalidArgument, "'max_length' is \(length), and the student has \(configuration.maxPositions) positions")
        }
        // Rotary positions have no end; what is longer than this no session takes.
        maxLength = min(recipe.maxLength ?? min(configuration.maxLength, configuration.maxPositions), Session.tokenLimit)
        labelNames = needs.labelNames
        if needs.isMasked, tokenizer?.mask == nil {
            throw LimbeckError(.noMask, "'masking' needs a student's tokenizer with a mask token")
        }
        try checkVocabulary()
        if let tokenizer, needs.isMasked {
            special = (0..<tokenizer.vocabularySize).map { tokenizer.isSpecial(Int32(truncatingIfNeeded: $0)) }
        }
        let file = try MappedFile(name, name: name)
        guard !file.bytes.isEmpty else { throw LimbeckError(.fileMalformed, "\(name): an empty file, 0 bytes") }
        switch data {
        case .tokens: try readTokens(file)
        case .texts, .labelled, .pairs: try readTexts(file, data)
        }
        // Tokens that somebody prepared may be a single batch.
        let isPrepared = if case .tokens = data { true } else { false }
        try checkContents(isPrepared: isPrepared)
        note()
    }

    private func checkVocabulary() throws(LimbeckError) {
        guard let tokenizer, tokenizer.vocabularySize > vocabularySize else { return }
        throw LimbeckError(
            .fileInconsistent,
            "the student's tokenizer has \(tokenizer.vocabularySize) ids, but its vocabulary has \(vocabularySize)")
    }

    // MARK: Access

    package var sequences: Int { starts.count - 1 }
    package var groups: Int { groupStarts.count - 1 }

    /// Special tokens, which masking leaves alone.
    package func isSpecial(_ id: Int32) -> Bool { special.indices.contains(Int(id)) && special[Int(id)] }

    package func tokens(of groups: [Int]) -> Int {
        groups.reduce(0) { $0 + starts[groupStarts[$1 + 1]] - starts[groupStarts[$1]] }
    }

    func size(of group: Int) -> GroupSize {
        var size = GroupSize()
        for sequence in groupStarts[group]..<groupStarts[group + 1] { size.add(sequence: starts[sequence + 1] - starts[sequence]) }
        return size
    }

    /// How often each id occurs.
    package func counts() -> [Int] {
        var counts = [Int](repeating: 0, count: vocabularySize)
        for id in ids { counts[Int(id)] += 1 }
        return counts
    }

    // MARK: Checks

    /// An error about a line of the file, counted from 1.
    @inline(never) func fail(_ line: Int, _ message: __owned Message) -> LimbeckError {
        LimbeckError(.fileMalformed, "\(name): line \(line): \(message)")
    }

    private func checkContents(isPrepared: Bool) throws(LimbeckError) {
        guard groups > 0 else { throw LimbeckError(.fileMalformed, "\(name): no texts") }
        if needs.labels, !needs.isRegression, !isPrepared { try checkClasses(labels.lazy.map { Int32($0) }) }
        if needs.tokenLabels, !isPrepared { try checkClasses(tokenLabels.lazy.map { $0 }) }
        // The teacher computes scores that the data do not have.
        if needs.scores, !needs.hasTeacher, scores.isEmpty {
            throw LimbeckError(
                .fileInconsistent, "\(name): no 'scores', which a loss needs, and there is no teacher to compute them")
        }
    }

    /// A classifier that is shown one class learns nothing.
    private func checkClasses<Labels: Sequence>(_ labels: Labels) throws(LimbeckError) where Labels.Element == Int32 {
        var first: Int32?
        for label in labels where label != Masker.none {
            if let first, first != label { return }
            first = label
        }
        guard let first else { throw LimbeckError(.fileInconsistent, "\(name): no labels but -100, none") }
        let label = labelNames.indices.contains(Int(first)) ? labelNames[Int(first)] : String(first)
        throw LimbeckError(.fileInconsistent, "\(name): all labels are '\(label)', expected at least two classes")
    }

    private func note() {
        func add(_ count: Int, _ what: StaticString) {
            guard count > 0 else { return }
            notes.append(LimbeckError(.unsupported, "\(name): \(count) of \(sequences) texts \(what)").message)
        }
        add(truncated, "were longer than the maximum and lost their ends")
        add(illFormed, "are not UTF-8; what is not was read as U+FFFD")
        add(unaligned, "differ from their segmented copies, and are masked by characters")
    }
}

/// What the stages of a recipe read of the data.
struct CorpusNeeds {
    var labels = false
    var tokenLabels = false
    var maskedLabels = false
    var spans = false
    var scores = false
    /// Of a query and the texts that are compared with it.
    var groups = false
    var isMasked = false
    var hasTeacher = false
    var words = false
    var segmented: String?
    /// Texts of a group: of a pair both have one.
    var texts = 2
    /// The names of the classes of a student's head; empty: those of the file.
    var labelNames: [String] = []
    /// A head with one output: labels are numbers.
    var isRegression = false
    /// Labels of tokens are below this; 0: not known.
    var tokenClasses = 0

    init(_ recipe: Recipe, _ configuration: Configuration) {
        hasTeacher = recipe.teacher != nil
        switch configuration.head {
        case .sequence: labelNames = configuration.labels
        case .token: tokenClasses = configuration.labels.count
        case .none, .span, .maskedLM, .detection: break
        }
        isRegression = labelNames.count == 1
        for stage in recipe.stages {
            if let masking = stage.masking {
                isMasked = true
                words = words || masking.isWholeWord
                segmented = segmented ?? masking.segmented
            }
            // Importance is measured with the labels.
            labels = labels || stage.rewiring != nil
            for loss in stage.losses { add(loss.kind, stage) }
        }
    }

    private mutating func add(_ kind: Loss.Kind, _ stage: Stage) {
        switch kind {
        case .crossEntropy(.sequence), .crossEntropy(.exits): labels = true
        case .crossEntropy(.token): tokenLabels = true
        case .crossEntropy(.span): spans = true
        case .crossEntropy(.maskedToken): maskedLabels = maskedLabels || stage.masking == nil
        case .soft(let soft): if case .maskedLogits = soft.target { maskedLabels = maskedLabels || stage.masking == nil }
        case .ranking(let ranking):
            groups = true
            if case .multipleNegatives = ranking.kind { return }
            // Scores of one text alone say nothing.
            (scores, texts) = (true, 3)
        case .states, .attentionScores, .relations, .vectors: break
        }
    }
}
