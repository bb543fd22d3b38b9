import CPlatform

/// What a model is opened from: a folder of files, or a single file with everything, a pack or a GGUF file.
package enum ModelFiles {
    case folder(ModelFolder)
    case gguf(GGUFFile)
    case pack(PackFile)

    /// A file has to be a pack or a GGUF file, whatever its name. A folder that has exactly one `.gguf` file and no other weights
    /// is opened as that file.
    package init(_ path: __shared String, anyModules: Bool = false) throws(LimbeckError) {
        if fileKind(path) == .file {
            let mapping = try MappedFile(path, name: path)
            if PackFile.isPack(mapping.bytes) {
                self = .pack(try PackFile(mapping))
                return
            }
            guard mapping.bytes.starts(with: GGUFFile.magic) else {
                throw Mistakes.noFolder(path, mapping.bytes)
            }
            self = .gguf(try GGUFFile(mapping))
            return
        }
        let folder = try ModelFolder(path, anyModules: anyModules)
        if !WeightFiles.areIn(folder), let name = try ModelFiles.gguf(in: path) {
            self = .gguf(try GGUFFile(MappedFile("\(path)/\(name)", name: name)))
        } else {
            self = .folder(folder)
        }
    }

    private static func gguf(in path: String) throws(LimbeckError) -> String? {
        var count: Int32 = 0
        let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { name in
            name.initialize(repeating: 0)
            count = platform_find(path.terminated, ".gguf", name.baseAddress, name.count)
            return name.baseAddress.map { String(cString: $0) }
        }
        guard count <= 1 else {
            throw LimbeckError(
                .fileUnsupported,
                "\(path): several files in .gguf, expected the path of one of them")
        }
        return count == 1 ? name : nil
    }

    /// The tensors of the files, for listing.
    package func tensors() throws(LimbeckError) -> [StoredTensor] {
        switch self {
        case .folder(let folder): try WeightFiles(folder).tensors
        case .gguf(let gguf): WeightFiles(gguf).tensors
        case .pack(let pack): pack.entries
        }
    }

    /// Notes collected while reading the files so far.
    var notes: [String] {
        switch self {
        case .folder(let folder): folder.notes.lines
        case .gguf, .pack: []
        }
    }

    /// The file from which the tokenizer is read; nil if there is none.
    var tokenizerFile: String? {
        switch self {
        case .folder(let folder): folder.tokenizerFile
        case .gguf(let gguf): gguf.hasTokenizer ? gguf.file : nil
        case .pack(let pack): pack.hasTokenizer ? pack.mapping.name : nil
        }
    }
}
