import CPlatform
import Limbeck

/// Where a run can go on with the same bits: the numbers of all parameters, and the optimiser's state. Written by rename, so the last
/// good one stays.
enum Checkpoint {
    static func write(_ files: RunFiles, _ trainer: Trainer, _ position: Position) throws(LimbeckError) {
        var file = SafetensorsWriter()
        for (owner, parameters) in [("student", trainer.student.parameters), ("projections", trainer.projections)] {
            for (name, bytes) in parameters.state {
                file.add("\(owner).\(name)", dtype: "F32", shape: [bytes.count / MemoryLayout<Float>.stride], bytes)
            }
        }
        let numbers =
            [fingerprint(trainer), position.stage, position.step, position.seed, position.logBytes].map { Int64($0) }
            + trainer.trainable.map { Int64($0.steps) }
        try file.add("position", numbers)
        try file.write(to: files.checkpoint)
    }

    /// Restores a run; nil: there is no checkpoint.
    static func read(_ files: RunFiles, _ trainer: Trainer) throws(LimbeckError) -> Position? {
        guard platform_kind_of(files.checkpoint.terminated) == 1 else { return nil }
        let mapping = try MappedFile(files.checkpoint, name: files.checkpoint)
        defer { withExtendedLifetime(mapping) {} }
        let tensors = try Safetensors(mapping).entries
        func bytes(_ name: String, _ count: Int) throws(LimbeckError) -> UnsafeRawBufferPointer {
            guard let tensor = tensors.first(where: { $0.name == name }), tensor.bytes.count == count else { throw foreign(files) }
            return tensor.bytes
        }
        let trainable = trainer.trainable
        let numbers = try bytes("position", (5 + trainable.count) * 8)
        func number(_ place: Int) -> Int {
            Int(truncatingIfNeeded: numbers.loadUnaligned(fromByteOffset: place * 8, as: Int64.self))
        }
        // A damaged file may have any numbers.
        var isIntact = number(0) == fingerprint(trainer) && trainer.recipe.stages.indices.contains(number(1))
        for place in 2..<5 + trainable.count { isIntact = isIntact && 0...Int(UInt32.max) << 16 ~= number(place) }
        guard isIntact, number(2) <= trainer.plan.steps[number(1)] else { throw foreign(files) }
        for (owner, parameters) in [("student", trainer.student.parameters), ("projections", trainer.projections)] {
            for (name, state) in parameters.state {
                let saved = try bytes("\(owner).\(name)", state.count)
                UnsafeMutableRawBufferPointer(mutating: state).copyMemory(from: saved)
            }
        }
        for (place, parameter) in trainable.enumerated() { parameter.steps = number(5 + place) }
        var position = Position(stage: number(1), step: number(2), seed: number(3), logBytes: number(4))
        // A stage that was finished is not begun again.
        if position.step == trainer.plan.steps[position.stage], position.stage + 1 < trainer.recipe.stages.count {
            position = Position(stage: position.stage + 1, step: 0, seed: position.seed, logBytes: position.logBytes)
        }
        return position
    }

    /// Of the recipe and of the data that it trains on.
    private static func fingerprint(_ trainer: Trainer) -> Int {
        let corpus = trainer.corpus
        var hash = UInt64(bitPattern: Int64(trainer.recipe.fingerprint))
        func add<Element>(_ list: [Element]) { hash = hash &* 0x9e37_79b9_7f4a_7c15 ^ list.withUnsafeBytes { digest($0) } }
        add(corpus.ids)
        add(corpus.types)
        add(corpus.starts)
        add(corpus.labels)
        add(corpus.tokenLabels)
        add(corpus.maskedLabels)
        add(corpus.spanStarts + corpus.spanEnds)
        add(corpus.scores)
        return Int(truncatingIfNeeded: hash)
    }

    private static func foreign(_ files: RunFiles) -> LimbeckError {
        LimbeckError(
            .fileInconsistent,
            "\(files.checkpoint): the checkpoint of another recipe; remove it, or choose another output, to begin anew")
    }

    static func remove(_ files: RunFiles) throws(LimbeckError) {
        try OutputFiles.check(platform_remove_file(files.checkpoint.terminated), files.checkpoint)
    }
}
