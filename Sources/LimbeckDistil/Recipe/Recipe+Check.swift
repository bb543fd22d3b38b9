import Limbeck

/// What a loss needs of the rest of the recipe.
private struct Needs {
    var teacher = false
    /// A group of texts, of which one is the query.
    var groups = false
    /// Labels in the data: of texts, or of tokens, which prepared data alone have.
    var labels = false
    var tokens = false
    var masks = false
    /// The head whose logits it is of, as a word of the recipe; nil: any, or none.
    var head: StaticString?

    init(_ kind: Loss.Kind, data: DataSource) {
        switch kind {
        case .crossEntropy(.sequence): (labels, head) = (true, "sequence")
        case .crossEntropy(.exits): (labels, head) = (true, "sequence")
        case .crossEntropy(.token): (tokens, head) = (true, "token")
        case .crossEntropy(.span): (tokens, head) = (true, "span")
        case .crossEntropy(.maskedToken): (masks, head) = (true, "masked_tokens")
        case .soft(let loss):
            teacher = loss.target != .exits
            masks = loss.target == .maskedLogits
            if masks { head = "masked_tokens" } else if loss.target == .exits { head = "sequence" }
        case .states, .attentionScores, .relations, .vectors: teacher = true
        case .ranking(let loss):
            groups = true
            // Prepared data may have the teacher's scores.
            if case .tokens = data { return }
            if case .multipleNegatives = loss.kind { return }
            teacher = true
        }
    }
}

extension Recipe {
    /// What does not fit together, as far as it can be said without the models and the data.
    func check(_ mistakes: RecipeMistakes) {
        if case .table(let source) = student.origin { return check(source, mistakes) }
        guard let data else { return }
        for (index, stage) in stages.enumerated() {
            if stages[..<index].contains(where: { $0.name == stage.name }) {
                mistakes.add(.fileMalformed, "'stages.\(index).name' is '\(stage.name)', which another stage has")
            }
            for (place, loss) in stage.losses.enumerated() {
                check(loss, stage, data, "'stages.\(index).losses.\(place)' (\(loss.name))", mistakes)
            }
            if !stage.losses.contains(where: { $0.weight.from > 0 || $0.weight.to > 0 }) {
                mistakes.add(.fileInconsistent, "'stages.\(index).losses' have weights of 0 alone")
            }
            if stage.rewiring != nil {
                switch data {
                case .labelled, .tokens: break
                case .texts, .pairs:
                    mistakes.add(
                        .fileInconsistent, "'stages.\(index).rewire' needs data with 'labelled' or 'tokens', whose labels it reads")
                }
            }
            guard stage.masking?.segmented != nil else { continue }
            if case .texts = data { continue }
            mistakes.add(.fileInconsistent, "'stages.\(index).masking.segmented' is for data with 'texts'")
        }
        guard teacher == nil else { return }
        switch student.origin {
        case .teacher: mistakes.add(.fileInconsistent, "'student.from' is 'teacher', and there is no 'teacher'")
        case .new(like: nil):
            mistakes.add(.fileInconsistent, "'student.from' is 'new', with neither 'student.like' nor 'teacher' to be like")
        case .folder, .new, .table: break
        }
    }

    private func check(_ source: StaticSource, _ mistakes: RecipeMistakes) {
        guard let teacher else { return mistakes.add(.fileInconsistent, "'student.from' is 'static', and there is no 'teacher'") }
        if teacher.dropout > 0 || teacher.store != nil {
            mistakes.add(.fileInconsistent, "'teacher' has 'dropout' or 'store', which are for a student that is trained")
        }
        if teacher.path == output { mistakes.add(.fileInconsistent, "'output' is the folder of the teacher") }
        switch (source.frequencies, source.coefficient) {
        case (.data, nil): mistakes.add(.fileInconsistent, "'student.frequencies' is 'data', and 'sif_coefficient' is false")
        case (.zipf, _) where student.vocabularySize == nil:
            if data != nil { mistakes.add(.fileInconsistent, "'data' are for 'student.vocabulary' or 'student.frequencies'") }
        default:
            if data == nil { mistakes.add(.fileInconsistent, "'student' needs 'data', whose tokens are counted") }
        }
    }

    private func check(_ loss: Loss, _ stage: Stage, _ data: DataSource, _ path: Message, _ mistakes: RecipeMistakes) {
        let needs = Needs(loss.kind, data: data)
        func lack(_ what: __owned Message) { mistakes.add(.fileInconsistent, "\(path) needs \(what)") }
        var (isLabelled, isPrepared, isPairs) = (false, false, false)
        switch data {
        case .texts: break
        case .labelled: isLabelled = true
        case .pairs: isPairs = true
        case .tokens: isPrepared = true
        }
        if needs.teacher, teacher == nil { lack("a teacher, and there is no 'teacher'") }
        if needs.groups, !isPairs, !isPrepared { lack("data with 'pairs' or 'tokens'") }
        if needs.labels, !isLabelled, !isPrepared { lack("data with 'labelled' or 'tokens'") }
        if needs.tokens, !isPrepared { lack("data with 'tokens', which have labels of tokens and spans") }
        if needs.masks, stage.masking == nil, !isPrepared { lack("'masking' in its stage, or data with 'tokens'") }
        guard let head = needs.head, let given = student.head?.word else { return }
        let word = String(utf8: KeyRule.words(head)[0])
        // The last exit is a head for sequences.
        if word != given, word != "sequence" || given != "exits" { lack("a head '\(head)', and 'student.head' is '\(given)'") }
    }
}

extension HeadSource {
    /// As in the recipe.
    fileprivate var word: String {
        switch self {
        case .none: "none"
        case .sequence: "sequence"
        case .token: "token"
        case .exits: "exits"
        case .span: "span"
        case .maskedLM: "masked_tokens"
        }
    }
}
