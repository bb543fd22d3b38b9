import CPlatform
import KernelInterface
import Limbeck

package struct TrainerOptions {
    /// 0: the CPUs available to this process.
    package var threads = 0
    /// nil: the best that this CPU has.
    package var instructionSet: InstructionSet?
    /// Whether a run that was broken off goes on from its checkpoint.
    package var resumes = true

    package init() {}
}

/// Where a run is, for its caller.
package struct Progress {
    package var stageIndex: Int
    package var stageCount: Int
    package var stageName: String
    /// Optimiser steps of the stage that are done, and all of them.
    package var step: Int
    package var steps: Int
    package var loss: Float
    package var learningRate: Float
    package var tokensPerSecond: Double
    /// Of the stage.
    package var secondsLeft: Double
}

/// Trains a student by a recipe. Everything is opened, checked and measured by the initialiser.
package final class Trainer {
    let recipe: Recipe
    let options: TrainerOptions
    let student: Network
    let teacher: Network?
    /// Of the losses: linear layers to the teacher's width.
    let projections: Parameters
    let corpus: Corpus
    /// The texts as the teacher's tokens, if its vectors of them are computed once for all epochs.
    private let teacherCorpus: Corpus?
    private(set) var stored: StoredOutputs?
    let team: Team
    let tape: Tape
    package let plan: TrainingPlan
    /// The student's folder before training.
    let folder: String

    package init(_ recipe: Recipe, options: TrainerOptions) throws(LimbeckError) {
        (self.recipe, self.options) = (recipe, options)
        folder = try StudentFolder.prepare(recipe)
        let files = try ModelFolder(folder)
        student = try Network(files, isTrained: true, what: "a student")
        teacher = try recipe.teacher.map { (source) throws(LimbeckError) in
            try Network(ModelFolder(source.path), isTrained: false, what: "a teacher")
        }
        let check = LossCheck(recipe, student: student, teacher: teacher)
        try check.run()
        corpus = try Corpus(recipe, configuration: student.configuration, tokenizer: Tokenizer.of(files))
        try Trainer.check(student.configuration, "the student", reads: corpus)
        if let teacher, recipe.student.vocabularySize == nil {
            try Trainer.check(teacher.configuration, "the teacher", reads: corpus)
        }
        try check.run(texts: corpus.groups)
        projections = try Projections.make(recipe, student: student, teacher: teacher)
        teacherCorpus = try Trainer.teacherCorpus(recipe, teacher, corpus)
        let set = options.instructionSet ?? .best
        let threads = options.threads > 0 ? options.threads : Int(platform_cpu_count())
        let measure = Measurement(recipe, student, teacher, projections, corpus, teacherCorpus)
        plan = TrainingPlan(measure)
        team = try Team(threads: threads, set: set, scratchFloats: max(1, measure.scratchFloats))
        tape = Tape(arena: try Arena(bytes: measure.arenaBytes), team: team)
    }

    /// Runs all stages. `progress` returns false to end the run after a checkpoint, which throws `.interrupted`.
    package func run(progress: (Progress) -> Bool) throws(LimbeckError) {
        var position = Position()
        let files = RunFiles(recipe)
        if options.resumes, let saved = try Checkpoint.read(files, self) { position = saved }
        let log = try RunLog(files, at: position.logBytes)
        try store(progress)
        for index in position.stage..<recipe.stages.count {
            if position.stage < index { position = Position(stage: index, step: 0, seed: position.seed, logBytes: log.bytes) }
            try StageRun(self, index).run(&position, log, files, progress)
        }
        try StudentFolder.write(self)
        try ModelCard(self, files).write(to: recipe.output)
        try Checkpoint.remove(files)
    }

    /// A model must have rows for the tokens that it reads. A teacher reads the student's.
    private static func check(_ model: Configuration, _ name: String, reads corpus: Corpus) throws(LimbeckError) {
        var longest = 0
        for sequence in 0..<corpus.sequences { longest = max(longest, corpus.starts[sequence + 1] - corpus.starts[sequence]) }
        var ids = Int(corpus.ids.max() ?? 0) + 1
        // Masking puts in ids that no text has.
        if corpus.needs.isMasked { ids = max(ids, corpus.tokenizer?.vocabularySize ?? 0) }
        // Without a table of types it ignores them.
        let types = model.typeVocabSize == 0 ? 0 : Int(corpus.types.max() ?? 0) + 1
        for (count, what, rows) in [
            (longest, "tokens in a text", model.maxPositions), (ids, "ids", model.vocabSize),
            (types, "token types", model.typeVocabSize),
        ] where count > rows {
            throw LimbeckError(.fileInconsistent, "\(corpus.name): \(count) \(what), and \(name) has \(rows)")
        }
    }

    /// The texts of which the teacher's vectors are computed once. Those of a student with a vocabulary of its own are other tokens.
    private static func teacherCorpus(_ recipe: Recipe, _ teacher: Network?, _ corpus: Corpus) throws(LimbeckError) -> Corpus? {
        guard let teacher, let source = recipe.teacher else { return nil }
        guard recipe.student.vocabularySize == nil else {
            guard StoredOutputs.serve(recipe) else {
                throw LimbeckError(
                    .invalidArgument,
                    "recipe: 'student.vocabulary': a vocabulary of its own, expected losses of whole texts' vectors alone")
            }
            return try Corpus(recipe, configuration: teacher.configuration, tokenizer: Tokenizer.of(ModelFolder(source.path)))
        }
        let isRepeated = recipe.stages.count > 1 || recipe.stages.contains { $0.steps != nil || $0.epochs > 1 }
        return StoredOutputs.serve(recipe) && (source.store != nil || isRepeated) ? corpus : nil
    }

    /// Computes the teacher's vectors, or reads them.
    private func store(_ progress: (Progress) -> Bool) throws(LimbeckError) {
        guard let teacher, let teacherCorpus else { return }
        let began = platform_milliseconds()
        stored = try StoredOutputs.make(recipe.teacher?.store, teacher, teacherCorpus, tape) { done, all, tokens in
            let seconds = Double(max(1, platform_milliseconds() - began)) / 1000
            return progress(
                Progress(
                    stageIndex: 0, stageCount: recipe.stages.count, stageName: "teacher", step: done, steps: all, loss: 0,
                    learningRate: 0, tokensPerSecond: Double(tokens) / seconds,
                    secondsLeft: seconds / Double(done) * Double(all - done)))
        }
        if stored == nil { throw LimbeckError(.interrupted, "ended while the teacher's vectors were computed") }
    }

    /// Student and projections: what an optimiser sees.
    var trainable: [Parameter] { student.parameters.all + projections.all }
}

/// A place in a run, from which it goes on.
struct Position {
    var stage = 0
    /// Optimiser steps of the stage that are done.
    var step = 0
    /// Steps of all stages: the key of random numbers.
    var seed = 0
    var logBytes = 0
}

extension Trainer {
    /// Sentences about the data, for people.
    package var notes: [String] { corpus.notes }
}

extension Tokenizer {
    /// The tokenizer of a model's folder; nil: it has none.
    package static func of(_ folder: ModelFolder) throws(LimbeckError) -> Tokenizer? {
        folder.tokenizerFile == nil ? nil : try Tokenizer(folder)
    }
}
