import Limbeck

/// Whether student and teacher have what the losses of a recipe need. Messages name the loss by its place in the recipe.
struct LossCheck {
    private let recipe: Recipe
    private let student: Network
    private let teacher: Network?

    init(_ recipe: Recipe, student: Network, teacher: Network?) {
        (self.recipe, self.student, self.teacher) = (recipe, student, teacher)
    }

    /// `count`: the texts of the data, once they are read.
    func run(texts count: Int? = nil) throws(LimbeckError) {
        for (stageIndex, stage) in recipe.stages.enumerated() {
            for (index, loss) in stage.losses.enumerated() {
                try check(loss, stage, "stages.\(stageIndex).losses.\(index)")
            }
            if let rewiring = stage.rewiring {
                let path = "stages.\(stageIndex).rewire", texts = rewiring.batches.reduce(0, +)
                guard student.configuration.head == .sequence else {
                    throw fail(path, "a student without a head for sequences", "one, whose loss tells what matters")
                }
                if let count, texts > count { throw fail("\(path).batches", "\(texts) texts", "at most the \(count) of the data") }
            }
            if stage.widths != [1] || stage.depths != [1] || stage.rewiring != nil {
                for depth in stage.depths { _ = try Depth.fraction(depth).kept(of: student.layers) }
                let heads = student.configuration.attentionHeads
                for width in stage.widths where (width * Double(heads)).rounded(.toNearestOrEven) < 1 {
                    throw fail("stages.\(stageIndex).widths", "\(decimal(width)) leaves none of \(heads) heads", "more")
                }
                guard [.bert, .distilBERT, .roberta, .electra].contains(student.configuration.family) else {
                    throw fail("stages.\(stageIndex)", "'widths', 'depths' or 'rewire' of this family", "layers as BERT's")
                }
            }
        }
    }

    private func fail(_ path: String, _ found: String, _ expected: String) -> LimbeckError {
        LimbeckError(.invalidArgument, "recipe: '\(path)': \(found), expected \(expected)")
    }

    private func check(_ loss: Loss, _ stage: Stage, _ path: String) throws(LimbeckError) {
        let (s, t) = (student.configuration, teacher?.configuration)
        func head(_ kinds: [HeadKind], _ name: String) throws(LimbeckError) {
            guard kinds.contains(s.head) else { throw fail(path, "a student without the head", name) }
        }
        func exits() throws(LimbeckError) {
            guard student.parts.exits.count > 1 else { throw fail(path, "a student without exits", "one with exits") }
        }
        func layers(_ pairs: [LayerPair], from first: Int) throws(LimbeckError) {
            for pair in pairs {
                for (index, count, who) in [
                    (pair.student, student.layers, "student"), (pair.teacher, teacher?.layers ?? 0, "teacher"),
                ] {
                    guard index >= -count - first, index < count + first else {
                        throw fail("\(path).layers", "layer \(index) of the \(who)", "one of \(count)")
                    }
                }
            }
        }
        func widths(_ projection: Projection?, _ own: Int, _ other: Int) throws(LimbeckError) {
            guard projection != nil || own == other else {
                throw fail(path, "widths of \(own) and \(other)", "a 'projection', or equal widths")
            }
        }
        switch loss.kind {
        case .crossEntropy(let target):
            switch target {
            case .sequence: try head([.sequence], "one for sequences")
            case .token: try head([.token], "one for labels of tokens")
            case .maskedToken: try head([.maskedLM], "one for masked tokens")
            case .span: try head([.span], "one for answers")
            case .exits: try exits()
            }
        case .soft(let soft):
            if case .exits = soft.target { return try exits() }
            if case .maskedLogits = soft.target { try head([.maskedLM], "one for masked tokens") }
            guard let teacher, s.head != .none, teacher.configuration.head == s.head else {
                throw fail(path, "student and teacher with different heads, or none", "the same head")
            }
            let (own, other) = (outputs(student), outputs(teacher))
            guard own == other else { throw fail(path, "\(own) outputs of the student and \(other) of the teacher", "as many") }
        case .states(let state):
            guard let t else { return }
            try layers(state.layers, from: 1)
            if state.followsDepth {
                guard teacher?.layers == student.layers, state.projection?.isShared ?? true else {
                    throw fail(path, "'by_depth'", "a teacher with as many layers, and one projection for all")
                }
            } else if stage.depths != [1], state.layers.contains(where: { $0.student > 0 }) {
                throw fail("\(path).layers", "layers of a student whose depth varies", "'by_depth', 0 or -1")
            }
            try widths(state.projection, s.hiddenSize, t.hiddenSize)
        case .attentionScores(let pairs):
            guard let t else { return }
            try layers(pairs, from: 0)
            try whole(stage, path)
            guard s.attentionHeads == t.attentionHeads else {
                throw fail(path, "\(s.attentionHeads) heads of the student and \(t.attentionHeads) of the teacher", "as many")
            }
        case .relations(let relation):
            guard let t else { return }
            try layers([relation.layers], from: 0)
            try whole(stage, path)
            for size in [s.attentionHeads * s.headSize, t.attentionHeads * t.headSize] where size % relation.relationHeads != 0 {
                throw fail("\(path).relation_heads", "\(relation.relationHeads) heads of \(size) numbers", "a divisor")
            }
        case .vectors(let vector):
            try vectors(path)
            guard let teacher else { return }
            if vector.prefixes.isEmpty { try widths(vector.projection, student.parts.vector.width, teacher.parts.vector.width) }
            for prefix in vector.prefixes where prefix.size > min(student.parts.vector.width, teacher.parts.vector.width) {
                throw fail("\(path).prefixes", "\(prefix.size) numbers", "at most those of both vectors")
            }
        case .ranking(let ranking):
            try vectors(path)
            for prefix in ranking.prefixes where prefix.size > student.parts.vector.width {
                throw fail("\(path).prefixes", "\(prefix.size) numbers", "at most \(student.parts.vector.width)")
            }
        }
    }

    /// Parts of a network have other heads than the teacher.
    private func whole(_ stage: Stage, _ path: String) throws(LimbeckError) {
        guard stage.widths == [1], stage.depths == [1] else {
            throw fail(path, "scores or relations of a part of the student", "no 'widths' and 'depths'")
        }
    }

    private func vectors(_ path: String) throws(LimbeckError) {
        for network in [student, teacher] {
            if let reason = network?.refusedVectors { throw fail(path, reason, "one pooling of states, as of a sentence model") }
        }
    }

    /// The outputs of a head.
    private func outputs(_ network: Network) -> Int {
        switch network.parts.exits.last?.head {
        case .sequence(_, let classifier)?: classifier.parts[0].outputs
        case .token(let head)?, .span(let head)?, .detection(let head)?: head.linear.parts[0].outputs
        case .maskedLM(_, let decoder)?: decoder.parts[0].outputs
        default: 0
        }
    }
}
