import CPlatform
import Limbeck

/// The files of a run, in its output folder.
struct RunFiles {
    let folder: String

    init(_ recipe: Recipe) { folder = recipe.output }

    var log: String { "\(folder)/log.jsonl" }
    var checkpoint: String { "\(folder)/checkpoint.safetensors" }

    /// The gradients of a step before clipping, for comparison with other trainers.
    func write(gradients trainer: Trainer, step: Int) throws(LimbeckError) {
        var file = SafetensorsWriter()
        for parameter in trainer.trainable where parameter.hasGradient {
            try file.add(parameter.name, parameter, parameter.gradient)
        }
        try file.write(to: "\(folder)/gradients-\(step).safetensors")
    }

    /// The importance of heads and neurons, and the parameters after sorting by it.
    func write(rewired trainer: Trainer, _ importance: Importance) throws(LimbeckError) {
        var file = SafetensorsWriter()
        for parameter in trainer.student.parameters.all { try file.add(parameter.name, parameter, parameter.value) }
        try file.add(
            "importance.heads", shape: [importance.heads.count, importance.heads[0].count], importance.heads.flatMap { $0 })
        for (layer, neurons) in importance.neurons.enumerated() {
            try file.add("importance.neurons.\(layer)", shape: [neurons.count], neurons)
        }
        try file.write(to: "\(folder)/rewired.safetensors")
    }
}

/// A line for each step of the optimiser.
final class RunLog {
    private let path: String
    /// What the file has already.
    private(set) var bytes: Int
    private var pending: [UInt8] = []

    init(_ files: RunFiles, at bytes: Int) throws(LimbeckError) {
        path = files.log
        try OutputFiles.makeFolder(files.folder)
        // Somebody may have removed it, or cut it.
        let isThere = bytes > 0 && platform_kind_of(path.terminated) == 1
        self.bytes = isThere ? min(bytes, try MappedFile(path, name: path).bytes.count) : 0
    }

    func add(
        _ stage: String, step: Int, loss: Double, terms: [Term], rate: Double, norm: Double, tokensPerSecond: Double, epoch: Double
    ) {
        var json = JSONWriter()
        json.object { line in
            line.write("stage", stage)
            line.write("step", step + 1)
            line.write("epoch", number: epoch)
            line.write("loss", number: loss)
            line.object("terms") { object in for term in terms { object.write(term.name, number: term.value) } }
            line.write("learning_rate", number: rate)
            line.write("gradient_norm", number: norm)
            line.write("tokens_per_second", number: tokensPerSecond.rounded())
        }
        pending += json.text
        pending.append(UInt8(ascii: "\n"))
    }

    /// Appends the lines to the file. Returns its bytes.
    func flush() throws(LimbeckError) -> Int {
        let code = pending.withUnsafeBytes { platform_write_at(path.terminated, bytes, $0.baseAddress, $0.count) }
        try OutputFiles.check(code, path)
        bytes += pending.count
        pending = []
        return bytes
    }
}

extension JSONWriter {
    mutating func write(_ key: String, number: Double) { write(key, raw: decimal(number)) }
}
