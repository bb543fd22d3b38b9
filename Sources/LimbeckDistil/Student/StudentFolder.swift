import CPlatform
import Limbeck

/// The student's folder: what it is before training, and after.
enum StudentFolder {
    /// The folder of the untrained student: the model that it is from, if nothing is changed, or one made in the output folder.
    static func prepare(_ recipe: Recipe) throws(LimbeckError) -> String {
        try OutputFiles.makeFolder(recipe.output)
        let student = recipe.student
        var (source, isNew) = (recipe.teacher?.path, false)
        switch student.origin {
        case .teacher: break
        case .folder(let path): source = path
        case .new(let like): (source, isNew) = (like ?? source, true)
        case .table: throw LimbeckError(.invalidArgument, "recipe: 'student.from': static, which has nothing to train")
        }
        guard let source else {
            throw LimbeckError(.invalidArgument, "recipe: 'student': made from the teacher, and there is none")
        }
        if case .folder = student.origin, !student.isChanged { return source }
        let draft = try Draft(source, seed: recipe.seed), folder = "\(recipe.output)/untrained"
        let files = try ModelFolder(source)
        if let layers = student.layers { try draft.keep(layers: layers) }
        if isNew { try draft.renew(student) }
        var vocabulary: TrimmedVocabulary?
        if let size = student.vocabularySize {
            let corpus = try Corpus(recipe, configuration: draft.loaded.configuration, tokenizer: Tokenizer.of(files))
            let trimmed = try TrimmedVocabulary(files, size: size, counts: corpus.counts())
            draft.keep(vocabulary: trimmed.ids)
            vocabulary = trimmed
        }
        if !student.hasTokenTypes { try draft.dropTokenTypes() }
        if !student.hasPooler { draft.dropPooler() }
        if let head = student.head { try draft.setHead(head, deviation: student.initializerRange) }
        try copyFiles(from: source, to: folder)
        try draft.write(to: folder)
        if let hidden = student.hiddenSize { try setWidth(hidden, ofModulesIn: files, to: folder) }
        try vocabulary?.write(files, to: folder)
        return folder
    }

    /// Tells the modules of sentence-transformers the student's width.
    private static func setWidth(_ hidden: Int, ofModulesIn source: ModelFolder, to folder: String) throws(LimbeckError) {
        for module in source.modules ?? [] {
            if module.type == "Dense" {
                throw LimbeckError(
                    .unsupported, "recipe: 'student.hidden_size': a folder with a Dense module, expected one without")
            }
            guard let root = try source.json(of: module), let name = source.place(of: module) else { continue }
            let members = root.members.map { key, value in
                let key = key.string,
                    isWidth = key == "word_embedding_dimension" || key == "embedding_dimension" || key == "dimension"
                return "\n  " + JSONText.quoted(key) + ": " + (isWidth ? String(hidden) : JSONText.of(value))
            }
            try OutputFiles.write(Array(("{" + members.joined(",") + "\n}\n").utf8), to: "\(folder)/\(name)config.json")
        }
    }

    /// Copies the files of a folder but its weights, and those of the folders in it.
    static func copyFiles(from source: String, to target: String) throws(LimbeckError) {
        try OutputFiles.makeFolder(target)
        let names = NamesInFolder(source).names
        for name in names where !isWeights(name) {
            let path = "\(source)/\(name)"
            switch platform_kind_of(path.terminated) {
            case 1:
                let file = try MappedFile(path, name: path)
                defer { withExtendedLifetime(file) {} }
                try OutputFiles.write([file.bytes], to: "\(target)/\(name)")
            case 2 where name.utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 }) == true:
                // The modules of sentence-transformers begin with a number.
                try copyFiles(from: path, to: "\(target)/\(name)")
            default: break
            }
        }
    }

    private static func isWeights(_ name: String) -> Bool {
        for suffix in [".safetensors", ".bin", ".index.json", ".gguf", ".onnx", ".h5", ".msgpack"] where name.hasUTF8Suffix(suffix)
        {
            return true
        }
        return name.hasUTF8Prefix(".") || name == "log.jsonl" || name == "README.md"
    }
}

extension StudentSource {
    /// Whether the student is unlike the model that it is from.
    fileprivate var isChanged: Bool {
        layers != nil || head != nil || vocabularySize != nil || !hasTokenTypes || !hasPooler
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
