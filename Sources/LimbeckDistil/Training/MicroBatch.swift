import KernelInterface
import Limbeck

/// The passes of a micro-batch: the teacher's, and the student's, forward and backward, for each part of it that a stage trains.
struct MicroBatch {
    let stage: Stage
    let student: Network
    let teacher: Network?
    let teacherDropout: Float
    let projections: Parameters
    let corpus: Corpus
    /// The maximum of tokens and so on of masking.
    let masker: Masker?

    /// The groups of sequences, the first of which is number `first` of the step.
    func run(_ tape: Tape, _ groups: [Int], first: Int, key: (UInt32, UInt32), epoch: Double, share: Float) -> [Term] {
        tape.reset()
        tape.randomKey = key
        let (batch, targets) = fill(tape, groups, first: first, key: key)
        tape.isRecording = false
        let needsProjections = stage.losses.contains { $0.kind.readsProjections }
        var teacherStates: States?
        if let teacher {
            var pass = Pass(layers: Array(0..<teacher.layers))
            (pass.dropout, pass.firstSite, pass.keepsProjections) = (teacherDropout, 0x8000, needsProjections)
            teacherStates = teacher.run(tape, batch, pass)
        }
        let mark = tape.arena.mark
        var terms: [Term] = []
        for depth in stage.depths {
            // Checked with the recipe.
            let layers = (try? Depth.fraction(depth).kept(of: student.layers)) ?? []
            for width in stage.widths {
                tape.reset(to: mark)
                tape.isRecording = true
                var pass = Pass(layers: layers)
                (pass.width, pass.dropout, pass.keepsProjections) = (width, stage.dropout, needsProjections)
                let states = student.run(tape, batch, pass)
                var context = LossContext(
                    tape: tape, batch: batch, targets: targets, student: student, states: states, teacher: teacher,
                    teacherStates: teacherStates, projections: projections, share: share, dropout: stage.dropout, logits: Logits())
                context.matchedStates = layers + [student.layers]
                let prefix = self.prefix(width, depth)
                for loss in stage.losses {
                    for term in context.terms(loss, weight: loss.weight.value(epoch: epoch)) {
                        terms.append(Term(name: prefix + term.name, value: term.value, weight: term.weight))
                    }
                }
                tape.backward()
            }
        }
        return terms
    }

    /// The tokens alone, on an empty tape.
    func begin(_ tape: Tape, _ groups: [Int]) -> (TokenBatch, Targets) {
        tape.reset()
        tape.isRecording = true
        return fill(tape, groups, first: 0, key: (0, 0))
    }

    private func prefix(_ width: Double, _ depth: Double) -> String {
        (stage.widths.count > 1 ? "w\(decimal(width))." : "") + (stage.depths.count > 1 ? "d\(decimal(depth))." : "")
    }

    private func fill(_ tape: Tape, _ groups: [Int], first: Int, key: (UInt32, UInt32)) -> (TokenBatch, Targets) {
        var sequences: [Int] = [], targets = Targets()
        targets.groupStarts = [0]
        for group in groups {
            sequences += corpus.groupStarts[group]..<corpus.groupStarts[group + 1]
            targets.groupStarts.append(sequences.count)
            if !corpus.labels.isEmpty { targets.labels.append(corpus.labels[group]) }
            if !corpus.spanStarts.isEmpty {
                targets.spanStarts.append(corpus.spanStarts[group])
                targets.spanEnds.append(corpus.spanEnds[group])
            }
            if !corpus.scores.isEmpty {
                targets.scoreStarts.append(targets.scores.count)
                targets.scores += corpus.scores[corpus.scoreStarts[group]..<corpus.scoreStarts[group + 1]]
            }
        }
        let lengths = sequences.map { corpus.starts[$0 + 1] - corpus.starts[$0] }
        let batch = TokenBatch(tape.arena, lengths: lengths, first: first, firstPosition: student.firstPosition)
        var masked: [Int32] = []
        for (index, sequence) in sequences.enumerated() {
            let tokens = corpus.starts[sequence]..<corpus.starts[sequence + 1]
            if !corpus.tokenLabels.isEmpty { targets.tokenLabels += corpus.tokenLabels[tokens] }
            if !corpus.maskedLabels.isEmpty { targets.maskedLabels += corpus.maskedLabels[tokens] }
            var ids = Array(corpus.ids[tokens])
            if let masker { masked += masker.mask(&ids, sequence: sequence, key: key, number: first + index) }
            guard !tape.isMeasuring else { continue }
            for (place, token) in tokens.enumerated() {
                batch.ids[batch.starts[index] + place] = ids[place]
                batch.types[batch.starts[index] + place] = Int32(corpus.types[token])
            }
        }
        if masker != nil { targets.maskedLabels = masked }
        return (batch, targets)
    }
}

extension LossContext {
    /// The terms of a loss, whose gradients are added to those of what they are computed from.
    func terms(_ loss: Loss, weight: Float) -> [Term] {
        switch loss.kind {
        case .crossEntropy(let target): crossEntropyTerms(target, loss, weight: weight)
        case .soft(let soft): softTerms(soft, loss, weight: weight)
        case .states(let state): stateTerms(state, loss, weight: weight)
        case .attentionScores(let layers): scoreTerms(layers, loss, weight: weight)
        case .relations(let relation): relationTerms(relation, loss, weight: weight)
        case .vectors(let vector): vectorTerms(vector, loss, weight: weight)
        case .ranking(let ranking): rankingTerms(ranking, loss, weight: weight)
        }
    }
}

extension Loss.Kind {
    /// Whether it reads queries, keys or values.
    var readsProjections: Bool {
        switch self {
        case .attentionScores, .relations: true
        default: false
        }
    }
}
