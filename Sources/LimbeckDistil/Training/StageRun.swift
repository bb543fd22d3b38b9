import CPlatform
import KernelInterface
import Limbeck

/// A stage: its optimiser, its batches, and its steps.
final class StageRun {
    private let trainer: Trainer
    private let index: Int
    private let stage: Stage
    private let optimizer: Optimizer
    private let micro: MicroBatch
    private let batches: Batches
    /// Optimiser steps.
    private let steps: Int
    private var epoch = -1
    private var order: [[Int]] = []

    init(_ trainer: Trainer, _ index: Int) throws(LimbeckError) {
        (self.trainer, self.index, stage) = (trainer, index, trainer.recipe.stages[index])
        batches = Batches(trainer.corpus, seed: trainer.recipe.seed, sequences: stage.sequences, isShuffled: stage.isShuffled)
        steps = stage.stepCount(batches: batches.count)
        let trainable = trainer.trainable
        for parameter in trainable { parameter.isTrained = stage.trains(parameter.name) }
        optimizer = Optimizer(stage.optimizer, trainable.filter { $0.isTrained }, total: steps)
        micro = MicroBatch(
            stage: stage, student: trainer.student, teacher: trainer.teacher,
            teacherDropout: trainer.recipe.teacher?.dropout ?? 0, projections: trainer.projections, corpus: trainer.corpus,
            masker: stage.masking.map { Masker($0, trainer.corpus, trainer.student.configuration) },
            stored: trainer.stored.map { .rows($0) } ?? .none)
    }

    /// Runs the steps from `position` on.
    func run(
        _ position: inout Position, _ log: RunLog, _ files: RunFiles, _ progress: (Progress) -> Bool
    ) throws(LimbeckError) {
        if position.step == 0 {
            for parameter in trainer.trainable { parameter.startStage() }
            if let rewiring = stage.rewiring { try rewire(rewiring, files) }
        }
        let began = platform_milliseconds(), first = position.step
        var tokens = 0
        while position.step < steps {
            let step = position.step, start = platform_milliseconds()
            let (terms, stepTokens) = self.terms(step, seed: position.seed)
            for term in terms where !term.value.isFinite { throw diverged(step, "the loss '\(term.name)' is", term.value) }
            if trainer.recipe.recordedSteps.contains(position.seed) { try files.write(gradients: trainer, step: position.seed) }
            let rate = optimizer.rate(step: step), norm = optimizer.step(step, trainer.team)
            guard norm.isFinite else { throw diverged(step, "the norm of the gradients is", norm) }
            tokens += stepTokens
            (position.step, position.seed) = (step + 1, position.seed + 1)
            let now = platform_milliseconds(), perSecond = Double(tokens) / (Double(max(1, now - began)) / 1000)
            let loss = terms.reduce(0) { $0 + $1.value * $1.weight }
            log.add(
                stage.name, step: step, loss: loss, terms: terms, rate: rate, norm: norm,
                tokensPerSecond: Double(stepTokens) / (Double(max(1, now - start)) / 1000), epoch: epoch(of: step))
            let isLast = position.step == steps
            let perStep = Double(now - began) / 1000 / Double(position.step - first)
            let goesOn = progress(
                Progress(
                    stageIndex: index, stageCount: trainer.recipe.stages.count, stageName: stage.name, step: position.step,
                    steps: steps,
                    loss: Float(loss), learningRate: Float(rate), tokensPerSecond: perSecond,
                    secondsLeft: perStep * Double(steps - position.step)))
            let every = trainer.recipe.checkpointSteps
            if !goesOn || isLast || every > 0 && position.step % every == 0 {
                guard optimizer.areWeightsFinite(trainer.team) else { throw diverged(step, "a weight is", .infinity) }
                position.logBytes = try log.flush()
                try Checkpoint.write(files, trainer, position)
            }
            guard goesOn else {
                throw LimbeckError(
                    .interrupted,
                    "ended after step \(position.step) of \(steps) of stage '\(stage.name)'; the same command goes on from there")
            }
        }
    }

    private func epoch(of step: Int) -> Double { Double(step * stage.accumulate) / Double(batches.count) }

    /// The terms of a step, the mean of its micro-batches; gradients are left in the parameters.
    private func terms(_ step: Int, seed: Int) -> (terms: [Term], tokens: Int) {
        optimizer.clear(trainer.team)
        let share = 1 / Float(stage.accumulate)
        let key = (UInt32(truncatingIfNeeded: trainer.recipe.seed), UInt32(truncatingIfNeeded: seed))
        var all: [Term] = [], tokens = 0, sequences = 0
        for number in 0..<stage.accumulate {
            let groups = batch(step * stage.accumulate + number)
            let terms = micro.run(trainer.tape, groups, first: sequences, key: key, epoch: epoch(of: step), share: share)
            for group in groups {
                let range = trainer.corpus.groupStarts[group]..<trainer.corpus.groupStarts[group + 1]
                sequences += range.count
                tokens += trainer.corpus.starts[range.upperBound] - trainer.corpus.starts[range.lowerBound]
            }
            if number == 0 { all = terms } else { for place in all.indices { all[place].value += terms[place].value } }
        }
        for place in all.indices { all[place].value /= Double(stage.accumulate) }
        return (all, tokens)
    }

    /// The groups of a micro-batch, counted from the start of the stage.
    private func batch(_ number: Int) -> [Int] {
        let epoch = number / batches.count
        if epoch != self.epoch {
            order = batches.epoch(epoch)
            self.epoch = epoch
        }
        return order[number % batches.count]
    }

    private func diverged(_ step: Int, _ what: __owned Message, _ value: Double) -> LimbeckError {
        LimbeckError(
            .unsupported,
            """
            stage '\(stage.name)', step \(step + 1): \(what) \(value.isNaN ? "not a number" : "infinite"); the last checkpoint is from \
            before it. A lower learning rate, or clipping, may help
            """)
    }

    private func rewire(_ rewiring: Rewiring, _ files: RunFiles) throws(LimbeckError) {
        let importance = Importance(trainer, micro, rewiring)
        importance.measure()
        importance.rewire()
        for parameter in trainer.student.parameters.all {
            (parameter.isTrained, parameter.hasGradient) = (stage.trains(parameter.name), false)
        }
        if !trainer.recipe.recordedSteps.isEmpty { try files.write(rewired: trainer, importance) }
    }
}

extension Stage {
    /// Optimiser steps, with so many micro-batches in an epoch.
    func stepCount(batches: Int) -> Int { steps ?? max(1, Int(epochs * Double(batches)) / accumulate) }

    func trains(_ name: String) -> Bool {
        train.contains { matches(name, $0) } && !freeze.contains { matches(name, $0) }
    }
}

extension Parameter {
    /// Each stage has an optimiser of its own.
    func startStage() {
        steps = 0
        first.update(repeating: 0, count: count)
        second.update(repeating: 0, count: count)
    }
}
