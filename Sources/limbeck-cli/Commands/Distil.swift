import ArgumentParser
import Limbeck
import LimbeckDistil

struct Distil: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a student by a recipe: distils it from a teacher, or fine-tunes it.",
        discussion: """
            limbeck distil recipes/embedding.json --plan
            limbeck distil recipes/embedding.json --set data.texts=/texts.txt --set stages.0.epochs=2
            limbeck distil --static models/teacher models/static --set student.dimensions=128

            The recipe is checked with its models and data before the first step. The student, its log and a picture of it are \
            written to the recipe's output folder. A run that was ended, by Ctrl-C or otherwise, goes on from its last checkpoint \
            when it is started again, to the same bits. Paths in a recipe are relative to its folder, those in --set to the current one.

            With --static there is no recipe file, but a teacher and the folder of a student without layers (model2vec), which takes a \
            minute and no data.
            """)

    @Argument(
        help: """
            A recipe: a JSON file. docs/distillation.md describes it; recipes/ has one for each method. With --static, the folder of \
            the teacher.
            """, completion: .file())
    var recipe: String

    @Argument(help: "With --static, the folder of the student.", completion: .directory)
    var output: String?

    @Flag(name: .customLong("static"), help: "Make a table of the teacher's vectors of single tokens.")
    var isStatic = false

    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Change a value of the recipe, such as stages.0.epochs=2: JSON, or else a string; null removes it. Any number of times.",
            valueName: "key=value"))
    var overrides: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Threads to compute with; 0: the CPUs this process may use.", valueName: "count"),
        transform: { try number($0, 0...Session.maxThreads) })
    var threads = 0

    @Option(help: "The instruction set; by default the best there is. All give the same bits.")
    var kernels: InstructionSet?

    @Flag(help: "Only check the recipe, its models and data, and say what the run would do and need.")
    var plan = false

    @Flag(help: "Begin anew, even if there is a checkpoint.")
    var restart = false

    func validate() throws {
        if isStatic, output == nil { throw ValidationError("Missing the folder of the student, after the teacher's.") }
        if !isStatic, output != nil { throw ValidationError("There is a second path, which only --static has.") }
    }

    func run() throws {
        var changes: [(String, String)] = []
        for var change in overrides { changes.append(try change.withUTF8 { try keyAndValue(UnsafeRawBufferPointer($0)) }) }
        let recipe =
            if isStatic, let output { try Recipe(static: recipe, output: output, overrides: changes) } else {
                try Recipe(path: recipe, overrides: changes)
            }
        var options = TrainerOptions()
        (options.threads, options.instructionSet, options.resumes) = (threads, kernels, !restart)
        let start = ContinuousClock.now
        let run = try DistilRun(recipe, options: options)
        let output = Output()
        for note in run.notes { output.line("note: \(note)") }
        if plan {
            print(run.plan, recipe, to: output)
            return try output.flush()
        }
        try output.flush()
        catchInterruptions()
        let report = Report(output)
        do {
            try run.run { report.show($0) && !isInterrupted }
        } catch {
            report.end()
            throw report.failure ?? error
        }
        report.end()
        if let failure = report.failure { throw failure }
        let time = duration((ContinuousClock.now - start).seconds)
        output.line("\(recipe.output): a student of \(grouped(run.plan.parameters)) parameters, after \(time)")
        try output.flush()
    }

    private func print(_ plan: TrainingPlan, _ recipe: Recipe, to output: Output) {
        output.line("student: \(grouped(plan.parameters)) parameters, to \(recipe.output)")
        for (index, stage) in recipe.stages.enumerated() {
            output.line(
                "stage '\(stage.name)': \(grouped(plan.steps[index])) steps, which train \(grouped(plan.trainedParameters[index])) parameters"
            )
        }
        output.line("largest micro-batch: \(grouped(plan.tokensPerBatch)) tokens")
        output.line("memory: \(bytes(plan.bytes)), beside texts and tokenizers")
    }
}

/// Shows how far a run is: a bar on a terminal, and otherwise a line now and then.
private final class Report {
    private let output: Output
    private let isTerminal = Descriptor.error.isTerminal
    private var last: ContinuousClock.Instant?
    private var isVisible = false
    /// Why nothing could be written; the run ends then, with a checkpoint.
    private(set) var failure: (any Error)?

    init(_ output: Output) { self.output = output }

    /// Returns false to end the run.
    func show(_ progress: LimbeckDistil.Progress) -> Bool {
        let isFirst = progress.step == 1, isLast = progress.step == progress.steps, now = ContinuousClock.now
        let isDue = last.map { now - $0 > (isTerminal ? .milliseconds(100) : .seconds(10)) } ?? true
        guard isDue || isLast || isFirst && !isTerminal else { return true }
        last = now
        if isTerminal {
            let width = 20, full = progress.step * width / max(1, progress.steps)
            let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
            writeError("\r\u{1B}[K[\(bar)] \(sentence(progress))")
            isVisible = true
        } else {
            output.line(sentence(progress))
            do { try output.flush() } catch { failure = error }
        }
        return failure == nil
    }

    private func sentence(_ progress: LimbeckDistil.Progress) -> String {
        var text = progress.stageName
        if progress.stageCount > 1 { text += " (\(progress.stageIndex + 1) of \(progress.stageCount))" }
        text += ", step \(grouped(progress.step)) of \(grouped(progress.steps))"
        // A teacher that only reads has none.
        if progress.loss > 0 || progress.learningRate > 0 { text += ", loss \(fixed(Double(progress.loss), 4))" }
        text += ", \(grouped(Int(progress.tokensPerSecond))) tokens/s"
        return progress.step < progress.steps ? text + ", \(duration(progress.secondsLeft)) left" : text
    }

    /// Leaves the last state on the terminal.
    func end() {
        if isVisible { writeError("\n") }
        isVisible = false
    }
}
