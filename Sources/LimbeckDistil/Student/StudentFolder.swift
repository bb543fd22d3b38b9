import CPlatform
import Limbeck

/// The student's folder: what it is before training, and after.
enum StudentFolder {
    /// The folder of the untrained student, made in the output folder unless it is one that exists.
    static func prepare(_ recipe: Recipe) throws(LimbeckError) -> String {
        try OutputFiles.makeFolder(recipe.output)
        switch recipe.student.origin {
        case .folder(let path): return path
        default: throw LimbeckError(.unsupported, "student")
        }
    }

    /// Writes the trained student into the output folder: weights, and every other file as it was.
    static func write(_ trainer: Trainer, _ log: RunLog) throws(LimbeckError) {
        let output = trainer.recipe.output
        if trainer.folder != output { try copyFiles(from: trainer.folder, to: output) }
        var file = SafetensorsWriter()
        file.note("format", "pt")
        for parameter in trainer.student.parameters.all { try file.add(parameter.name, parameter, parameter.value) }
        for tensor in trainer.student.others {
            file.add(tensor.name, dtype: tensor.dtype, shape: tensor.shape, tensor.bytes)
        }
        try file.write(to: "\(output)/model.safetensors")
        guard !trainer.projections.all.isEmpty else { return }
        var projections = SafetensorsWriter()
        for parameter in trainer.projections.all { try projections.add(parameter.name, parameter, parameter.value) }
        try projections.write(to: "\(output)/projections.safetensors")
    }

    /// Copies the files of a folder but its weights, and those of the folders in it.
    static func copyFiles(from source: String, to target: String) throws(LimbeckError) {
        let names = NamesInFolder(source).names
        for name in names where !isWeights(name) {
            let path = "\(source)/\(name)"
            switch platform_kind_of(path.terminated) {
            case 1:
                let file = try MappedFile(path, name: path)
                try OutputFiles.write([file.bytes], to: "\(target)/\(name)")
            case 2 where name.utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 }) == true:
                // The modules of sentence-transformers begin with a number.
                try OutputFiles.makeFolder("\(target)/\(name)")
                try copyFiles(from: path, to: "\(target)/\(name)")
            default: break
            }
        }
    }

    private static func isWeights(_ name: String) -> Bool {
        for suffix in [".safetensors", ".bin", ".index.json", ".gguf", ".onnx", ".h5", ".msgpack"] where name.hasUTF8Suffix(suffix) {
            return true
        }
        return name.hasUTF8Prefix(".") || name == "log.jsonl" || name == "README.md"
    }
}

/// The names in a folder, in the order of their bytes.
private final class NamesInFolder {
    private(set) var names: [String] = []

    init(_ path: String) {
        platform_names_in(
            path.terminated,
            { name, context in
                guard let name, let context else { return true }
                Unmanaged<NamesInFolder>.fromOpaque(context).takeUnretainedValue().names.append(String(cString: name))
                return true
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}
