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
    let masker: Masker?
    /// The teacher's vectors, if they are not computed with each batch.
    var stored: StoredVectors = .none

    enum StoredVectors {
        case none
        /// While memory is measured: their width.
        case width(Int)
        case rows(StoredOutputs)
    }

    /// Of the tokens of a batch, so many may be masked, which bounds its memory: the expected number, and six times its deviation.
    private func mostMasked(_ tokens: Int) -> Int {
        let expected = Double(tokens) * (stage.masking?.probability ?? 0)
        return min(tokens, Int(expected + 6 * expected.squareRoot()) + 8)
    }

    /// The groups of sequences, the first of which is number `first` of the step.
    func run(_ tape: Tape, _ groups: [Int], first: Int, key: (UInt32, UInt32), epoch: Double, share: Float) -> [Term] {
        tape.reset()
        tape.randomKey = key
        let (batch, targets) = fill(tape, groups, first: first, key: key)
        tape.isRecording = false
        let needsProjections = stage.losses.contains { $0.kind.readsProjections }
        var teacherStates: States?
        let rows = storedRows(tape, groups)
        if let teacher, rows == nil {
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
                context.storedRows = rows
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
        let batch = TokenBatch(tape.arena, lengths: lengths, first: first)
        var masked: [Int32] = []
        for (index, sequence) in sequences.enumerated() {
            let tokens = corpus.starts[sequence]..<corpus.starts[sequence + 1]
            if !corpus.tokenLabels.isEmpty { targets.tokenLabels += corpus.tokenLabels[tokens] }
            if !corpus.maskedLabels.isEmpty { targets.maskedLabels += corpus.maskedLabels[tokens] }
            guard !tape.isMeasuring else { continue }
            batch.fill(index, corpus, sequence)
            guard let masker else { continue }
            var ids = Array(corpus.ids[tokens])
            masked += masker.mask(&ids, sequence: sequence, key: key, number: first + index)
            for (place, id) in ids.enumerated() { batch.ids[batch.starts[index] + place] = id }
        }
        if masker != nil { targets.maskedLabels = bounded(masked, batch, tape) }
        return (batch, targets)
    }

    /// At most as many masked tokens as there is memory for. Those beyond are left as they were, which next to never happens.
    private func bounded(_ labels: [Int32], _ batch: TokenBatch, _ tape: Tape) -> [Int32] {
        let most = mostMasked(batch.tokens)
        if tape.isMeasuring { return (0..<batch.tokens).map { $0 < most ? 0 : Targets.none } }
        var (labels, count) = (labels, 0)
        for place in labels.indices where labels[place] != Targets.none {
            count += 1
            guard count > most else { continue }
            batch.ids[place] = labels[place]
            labels[place] = Targets.none
        }
        return labels
    }

    /// The stored vectors of a batch's sequences.
    private func storedRows(_ tape: Tape, _ groups: [Int]) -> Variable? {
        let sequences = groups.flatMap { corpus.groupStarts[$0]..<corpus.groupStarts[$0 + 1] }
        switch stored {
        case .none: return nil
        case .width(let width): return tape.variable(sequences.count, width)
        case .rows(let outputs):
            let rows = tape.variable(sequences.count, outputs.width)
            for (row, sequence) in sequences.enumerated() {
                (rows.value + row * rows.stride).update(from: outputs.row(sequence), count: outputs.width)
            }
            return rows
        }
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
