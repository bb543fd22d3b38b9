import Limbeck

extension StudentFolder {
    /// Writes the trained student into the output folder: weights, and every other file as it was.
    static func write(_ trainer: Trainer) throws(LimbeckError) {
        let output = trainer.recipe.output
        if trainer.folder != output { try copyFiles(from: trainer.folder, to: output) }
        var file = SafetensorsWriter()
        file.note("format", "pt")
        for parameter in trainer.student.parameters.all { try file.add(parameter.name, parameter, parameter.value) }
        for (tensor, memory) in trainer.student.others {
            let bytes = UnsafeRawBufferPointer(start: memory.base, count: memory.bytes)
            file.add(tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes)
        }
        try file.write(to: "\(output)/model.safetensors")
        guard !trainer.projections.all.isEmpty else { return }
        var projections = SafetensorsWriter()
        for parameter in trainer.projections.all { try projections.add(parameter.name, parameter, parameter.value) }
        try projections.write(to: "\(output)/projections.safetensors")
    }
}
