import KernelInterface
import Limbeck

/// The memory that a run needs: every batch of every stage is laid out once, without memory.
struct Measurement {
    private(set) var arenaBytes = 0
    private(set) var scratchFloats = 0
    private(set) var tokensPerBatch = 0
    private(set) var steps: [Int] = []
    let parameters: Int
    private(set) var trained: [Int] = []
    let parameterBytes: Int

    init(
        _ recipe: Recipe, _ student: Network, _ teacher: Network?, _ projections: Parameters, _ corpus: Corpus,
        _ teacherCorpus: Corpus?
    ) {
        parameters = student.parameters.elements
        parameterBytes =
            student.parameters.bytes(isTrained: true) + projections.bytes(isTrained: true)
            + (teacher?.parameters.bytes(isTrained: false) ?? 0)
        for stage in recipe.stages {
            var trained = 0
            for parameter in student.parameters.all + projections.all {
                parameter.isTrained = stage.trains(parameter.name)
                if parameter.isTrained { trained += parameter.elements }
            }
            self.trained.append(trained)
            let micro = MicroBatch(
                stage: stage, student: student, teacher: teacher, teacherDropout: recipe.teacher?.dropout ?? 0,
                projections: projections, corpus: corpus, masker: stage.masking.map { Masker($0, corpus, student.configuration) },
                stored: teacherCorpus == nil ? .none : .width(teacher?.parts.vector.width ?? 0))
            let batches = Batches(corpus, seed: recipe.seed, sequences: stage.sequences, isShuffled: stage.isShuffled)
            let count = stage.stepCount(batches: batches.count)
            steps.append(count)
            // Later epochs have other batches: memory is for the largest that there can be.
            for batch in batches.largest(epochs: (count * stage.accumulate + batches.count - 1) / batches.count) {
                let arena = Arena(), tape = Tape(arena: arena, team: nil)
                _ = micro.run(tape, batch, first: 0, key: (0, 0), epoch: 0, share: 1)
                arenaBytes = max(arenaBytes, arena.peak)
                scratchFloats = max(scratchFloats, tape.scratchFloats)
                tokensPerBatch = max(tokensPerBatch, corpus.tokens(of: batch))
            }
            if let rewiring = stage.rewiring {
                arenaBytes = max(arenaBytes, Importance.arenaBytes(micro, rewiring, scratchFloats: &scratchFloats))
            }
        }
        if let teacher, let teacherCorpus {
            for batch in StoredOutputs.batches(teacherCorpus).suffix(2) {
                let arena = Arena(), tape = Tape(arena: arena, team: nil)
                _ = StoredOutputs.vectors(tape, teacher, teacherCorpus, batch)
                arenaBytes = max(arenaBytes, arena.peak)
                scratchFloats = max(scratchFloats, tape.scratchFloats)
            }
        }
    }
}

/// What a run will do and need, told before it begins.
package struct TrainingPlan {
    package let parameters: Int
    /// By stage.
    package let trainedParameters: [Int]
    package let steps: [Int]
    /// Of parameters, their gradients and moments, and of a micro-batch; the texts and the tokenizer come on top.
    package let bytes: Int
    package let tokensPerBatch: Int

    init(_ measurement: Measurement) {
        parameters = measurement.parameters
        (trainedParameters, steps) = (measurement.trained, measurement.steps)
        bytes = measurement.parameterBytes + measurement.arenaBytes
        tokensPerBatch = measurement.tokensPerBatch
    }

    /// Without stages.
    init(parameters: Int, tokensPerBatch: Int, bytes: Int) {
        (self.parameters, self.tokensPerBatch, self.bytes) = (parameters, tokensPerBatch, bytes)
        (trainedParameters, steps) = ([], [])
    }
}
