import KernelInterface
import Limbeck

/// What the terms of a loss are computed from: a pass of the student and, if there is a teacher, its pass over the same tokens.
struct LossContext {
    let tape: Tape
    let batch: TokenBatch
    let targets: Targets
    let student: Network
    let states: States
    let teacher: Network?
    let teacherStates: States?
    /// Of the losses' projections.
    let projections: Parameters
    /// The weight of this micro-batch in a step.
    let share: Float
    let dropout: Float
    /// The logits of the student and the teacher, computed once for all terms.
    let logits: Logits
    /// The teacher's vectors, if they were computed before, as they are before their length is made 1: (sequences, width).
    var storedRows: Variable?
    /// The states of the teacher that those of a shallower student are compared with.
    var matchedStates: [Int] = []
}

/// What a micro-batch's sequences have besides tokens. Lists that the data does not have are empty.
struct Targets {
    /// (groups + 1) the first sequence of each group, and the end; without ranking a sequence is a group.
    var groupStarts: [Int] = []
    /// (groups)
    var labels: [Float] = []
    /// (tokens), -100: none
    var tokenLabels: [Int32] = []
    var maskedLabels: [Int32] = []
    /// (groups) the first and the last token of an answer, from the start of the sequence; outside of it: none.
    var spanStarts: [Int32] = []
    var spanEnds: [Int32] = []
    /// The teacher's scores of each group, and where they begin.
    var scores: [Float] = []
    var scoreStarts: [Int] = []

    static let none = Masker.none
}

/// Logits by exit and of tokens, made when a term asks for them.
final class Logits {
    var exits: [Variable?] = []
    var allTokens: Variable?
    var maskedTokens: Variable?
}

/// A term's value, by its name in the log.
struct Term {
    var name: String
    var value: Double
    /// Its part of the loss.
    var weight: Double
}

extension LossContext {
    /// Rows of a loss: the value of each is computed on some thread, and they add up in order.
    func sum(_ rows: Int, scratch: Int = 0, _ body: (_ row: Int, _ scratch: UnsafeMutablePointer<Float>) -> Double) -> Double {
        let mark = tape.arena.mark, values = tape.arena.take(Double.self, rows)
        tape.each(rows, scratch: scratch) { row, scratch in values[row] = body(row, scratch) }
        var sum = 0.0
        if !tape.isMeasuring { for row in 0..<rows { sum += values[row] } }
        tape.arena.release(to: mark)
        return sum
    }

    /// The logits of an exit of the student.
    func exitLogits(_ exit: Int) -> Variable? {
        if logits.exits.isEmpty { logits.exits = student.parts.exits.map { _ in nil } }
        if let known = logits.exits[exit] { return known }
        let made = student.sequenceLogits(tape, batch, states, exit: exit, dropout: dropout)
        logits.exits[exit] = made
        return made
    }

    var ownExit: Int { student.parts.exits.count - 1 }

    /// Runs `body` without recording, as a teacher's part is.
    func unrecorded<Result>(_ body: () -> Result) -> Result {
        let isRecording = tape.isRecording
        tape.isRecording = false
        defer { tape.isRecording = isRecording }
        return body()
    }

    /// The rows of the tokens that have a label.
    func labelled(_ labels: [Int32]) -> [Int] { labels.indices.filter { labels[$0] != Targets.none } }

    /// W s + b by a projection's parameters, if there is one.
    func projected(_ x: Variable, _ projection: Projection?, number: Int?) -> Variable {
        guard let projection else { return x }
        let name = projection.isShared ? projection.name : "\(projection.name).\(number ?? 0)"
        guard let weight = projections["\(name).weight"] else { return x }
        return LinearOperation(tape, x, [LinearSlice(weight: Slice(weight), bias: projections["\(name).bias"])]).out
    }
}
