import CPlatform
import KernelInterface
import Limbeck

/// The teacher's vectors of all texts, computed once for all epochs and, in a file, for all runs with the same texts.
final class StoredOutputs {
    let width: Int
    private let rows: UnsafePointer<Float>  // (sequences, width)
    private let memory: Memory

    private init(_ memory: Memory, width: Int) {
        (self.memory, self.width) = (memory, width)
        rows = UnsafePointer(memory.base.assumingMemoryBound(to: Float.self))
    }

    /// A copy, as a tensor in a file may be misaligned.
    private convenience init(_ bytes: UnsafeRawBufferPointer, width: Int) throws(LimbeckError) {
        let memory = try Memory(bytes: bytes.count)
        memory.copy(bytes)
        self.init(memory, width: width)
    }

    func row(_ sequence: Int) -> UnsafePointer<Float> { rows + sequence * width }

    /// Whether all that a recipe's losses read of the teacher are vectors of whole texts, the same in every epoch.
    static func serve(_ recipe: Recipe) -> Bool {
        guard let teacher = recipe.teacher, teacher.dropout == 0 else { return false }
        return recipe.stages.allSatisfy { stage in
            stage.masking == nil
                && stage.losses.allSatisfy { loss in
                    switch loss.kind {
                    case .vectors, .ranking, .crossEntropy: true
                    case .soft(let soft): if case .exits = soft.target { true } else { false }
                    case .states, .attentionScores, .relations: false
                    }
                }
        }
    }

    /// Batches of texts of about the same length.
    static func batches(_ corpus: Corpus) -> [[Int]] {
        var keys = (0..<corpus.sequences).map { (corpus.starts[$0 + 1] - corpus.starts[$0]) << 32 | $0 }
        keys.sort()
        return stride(from: 0, to: keys.count, by: sequencesInBatch).map { start in
            keys[start..<min(keys.count, start + sequencesInBatch)].map { $0 & 0xffff_ffff }
        }
    }

    static let sequencesInBatch = 32

    /// Vectors of these sequences, before their length is made 1.
    static func vectors(_ tape: Tape, _ teacher: Network, _ corpus: Corpus, _ sequences: [Int]) -> Variable {
        tape.reset()
        tape.isRecording = false
        let lengths = sequences.map { corpus.starts[$0 + 1] - corpus.starts[$0] }
        let batch = TokenBatch(tape.arena, lengths: lengths, first: 0)
        if !tape.isMeasuring { for (index, sequence) in sequences.enumerated() { batch.fill(index, corpus, sequence) } }
        let states = teacher.run(tape, batch, Pass(layers: Array(0..<teacher.layers)))
        return teacher.vectors(tape, batch, states, isNormalized: false)
    }

    /// Reads the file, if it is of this teacher and these texts, or computes the vectors and writes it. nil: `goesOn` ended the run.
    static func make(
        _ path: String?, _ teacher: Network, _ corpus: Corpus, _ tape: Tape, goesOn: (_ done: Int, _ of: Int, _ tokens: Int) -> Bool
    ) throws(LimbeckError) -> StoredOutputs? {
        let key = fingerprint(teacher, corpus), width = teacher.parts.vector.width
        if let path, platform_kind_of(path.terminated) == 1 {
            let mapping = try MappedFile(path, name: path), file = try Safetensors(mapping)
            defer { withExtendedLifetime(mapping) {} }
            guard file.metadata.contains(where: { $0.key == "fingerprint" && $0.value == key }),
                let tensor = file.entries.first(where: { $0.name == "vectors" }), tensor.shape == [corpus.sequences, width]
            else {
                throw LimbeckError(
                    .fileInconsistent, "\(path): vectors of another teacher, or of other texts; remove it, or name another file")
            }
            return try StoredOutputs(tensor.bytes, width: width)
        }
        let memory = try Memory(bytes: corpus.sequences * width * MemoryLayout<Float>.stride)
        let out = memory.base.assumingMemoryBound(to: Float.self)
        var done = 0, tokens = 0
        for batch in batches(corpus) {
            let vectors = vectors(tape, teacher, corpus, batch)
            for (row, sequence) in batch.enumerated() {
                (out + sequence * width).update(from: vectors.value + row * vectors.stride, count: width)
                tokens += corpus.starts[sequence + 1] - corpus.starts[sequence]
            }
            done += batch.count
            guard goesOn(done, corpus.sequences, tokens) else { return nil }
        }
        if let path {
            var file = SafetensorsWriter()
            file.note("fingerprint", key)
            file.add(
                "vectors", dtype: "F32", shape: [corpus.sequences, width],
                UnsafeRawBufferPointer(start: memory.base, count: memory.bytes))
            try file.write(to: path)
        }
        return StoredOutputs(memory, width: width)
    }

    private static func fingerprint(_ teacher: Network, _ corpus: Corpus) -> String {
        var hash: UInt64 = 0
        func add(_ part: UInt64) { hash = (hash &* 0x9e37_79b9_7f4a_7c15) ^ part }
        for (_, bytes) in teacher.parameters.state { add(digest(bytes)) }
        add(corpus.ids.withUnsafeBytes { digest($0) })
        add(corpus.types.withUnsafeBytes { digest($0) })
        add(corpus.starts.withUnsafeBytes { digest($0) })
        return String(hash)
    }
}
