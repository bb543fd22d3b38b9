import CPlatform

/// A model folder as the Hugging Face ecosystem writes it: which files are there, and how messages name them.
///
/// Sentence-transformers may keep the Transformer's files in a folder inside; `modules.json` says so, and `path` is that folder.
package struct ModelFolder {
    /// Where config.json, the weights and the tokenizer's files are.
    package let path: String
    /// The sentence-transformers modules after the Transformer; nil without a modules.json.
    package let modules: [Module]?

    /// A step of sentence-transformers after the Transformer, with its files in a folder.
    package struct Module {
        package enum Kind { case pooling, normalize }

        package let kind: Kind
        let folder: Subfolder
    }

    /// A folder inside the model folder.
    struct Subfolder {
        let path: String
        /// What messages put before a file name: "1_Pooling/".
        let prefix: String

        fileprivate init(_ name: String, in path: String) {
            self.path = name.isEmpty ? path : "\(path)/\(name)"
            prefix = name.isEmpty ? "" : "\(name)/"
        }
    }

    /// What is worth knowing of its files.
    package let notes = Notes()

    private let transformer: Subfolder

    /// With `anyModules` it does not matter what follows the Transformer: a tokenizer does not need it.
    package init(_ path: String, anyModules: Bool = false) throws(LimbeckError) {
        switch fileKind(path) {
        case .missing: throw Mistakes.missing(path)
        case .folder: break
        case .file, .other: throw LimbeckError(.fileUnreadable, "\(path): not a folder")
        }
        let top = Subfolder("", in: path)
        var transformer = top
        if let document = try ModelFolder.json("modules.json", in: top) {
            var modules: [Module] = []
            for (index, entry) in try ModelFolder.entries(document).enumerated() {
                switch (entry.type, index) {
                case ("Transformer", 0):
                    transformer = Subfolder(entry.path, in: path)
                case ("Pooling", 1):
                    modules.append(Module(kind: .pooling, folder: Subfolder(entry.path, in: path)))
                case ("Normalize", 2):
                    modules.append(Module(kind: .normalize, folder: Subfolder(entry.path, in: path)))
                case _ where anyModules: break
                default:
                    throw LimbeckError(
                        .fileUnsupported,
                        "modules.json: module \(index) is '\(entry.type)', expected Transformer, Pooling and Normalize in this order"
                    )
                }
            }
            self.modules = modules
        } else {
            modules = nil
        }
        self.transformer = transformer
        self.path = transformer.path
    }

    /// The files of a folder, whatever sentence-transformers says of them.
    init(filesIn path: String) {
        transformer = Subfolder("", in: path)
        (self.path, modules) = (path, nil)
    }

    /// What sentence-transformers says of its Transformer, in the file of one of its names; nil: nothing.
    func transformerSettings() throws(LimbeckError) -> JSONValue? {
        guard modules != nil else { return nil }
        for name in ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"] {
            if let root = try json("sentence_\(name)_config.json") { return root }
        }
        return nil
    }

    @inline(never) package func contains(_ name: String) -> Bool { fileKind("\(path)/\(name)") == .file }

    /// Whether anything is there of that name, a file or not.
    @inline(never) func has(_ name: String) -> Bool { fileKind("\(path)/\(name)") != .missing }

    /// The file that the tokenizer is read from, the first if several are there; nil if the folder has none.
    package var tokenizerFile: String? { ModelFolder.tokenizerFiles.first { contains($0) } }

    private static var tokenizerFiles: [String] {
        ["tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "sentencepiece.bpe.model", "spiece.model", "spm.model"]
    }

    /// For messages.
    static var listOfTokenizerFiles: String {
        tokenizerFiles.reduce("") { list, file in list.isEmpty ? file : list + " or " + file }
    }

    /// Maps a file of the folder; a missing one is an error.
    @inline(never) package func map(_ name: String) throws(LimbeckError) -> MappedFile {
        try MappedFile("\(path)/\(name)", name: transformer.prefix + name)
    }

    /// Reads a JSON file whose top is an object, and checks its keys; nil if the file is not there.
    @inline(never) package func json(_ name: String) throws(LimbeckError) -> JSONValue? {
        guard let root = try ModelFolder.json(name, in: transformer) else { return nil }
        guard root.kind == .object else { throw root.mismatch("the whole", expected: "an object") }
        try KeyTable.table(of: name)?.check(root, notes)
        return root
    }

    /// Reads a module's config.json.
    @inline(never) func json(of module: Module) throws(LimbeckError) -> JSONValue {
        guard let root = try ModelFolder.json("config.json", in: module.folder) else {
            throw LimbeckError(.fileNotFound, "\(module.folder.prefix)config.json: no such file, but modules.json names its folder")
        }
        guard root.kind == .object else { throw root.mismatch("the whole", expected: "an object") }
        return root
    }

    @inline(never) private static func json(_ name: String, in folder: Subfolder) throws(LimbeckError) -> JSONValue? {
        let path = "\(folder.path)/\(name)"
        guard fileKind(path) != .missing else { return nil }
        return try JSONDocument(MappedFile(path, name: folder.prefix + name)).root
    }

    /// The types, without the package they are in, and the folders of modules.json.
    private static func entries(_ root: JSONValue) throws(LimbeckError) -> [(type: String, path: String)] {
        guard root.kind == .array else { throw root.mismatch("the whole", expected: "an array of modules") }
        var entries: [(type: String, path: String)] = []
        for element in root.elements {
            guard let type = try element.optionalString("type"), let path = try element.optionalString("path") else {
                throw element.mismatch("a module", expected: "an object with 'type' and 'path'")
            }
            guard !leadsOut(path) else {
                throw LimbeckError(.fileMalformed, "modules.json: the path '\(path)' leads out of the model folder")
            }
            // "sentence_transformers.models.Pooling", and since 5.4 "sentence_transformers.….modules.pooling.Pooling".
            let parts = type.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            let isKnownPackage = parts.first.map { String(Substring($0)) } == "sentence_transformers"
            entries.append((isKnownPackage ? parts.last.map { String(Substring($0)) } ?? type : type, path))
        }
        guard !entries.isEmpty else { throw root.mismatch("the whole", expected: "at least one module") }
        return entries
    }
}

/// A folder from elsewhere must not reach files outside it.
func leadsOut(_ path: String) -> Bool {
    path.utf8.first == UInt8(ascii: "/") || path.utf8.contains(0)
        || path.utf8.split(separator: UInt8(ascii: "/")).contains { String(Substring($0)) == ".." }
}

package enum FileKind { case missing, file, folder, other }

/// What is at a path, symbolic links followed.
package func fileKind(_ path: String) -> FileKind {
    guard !path.utf8.contains(0) else { return .missing }
    switch path.withCString({ platform_kind_of($0) }) {
    case 0: return .missing
    case 1: return .file
    case 2: return .folder
    default: return .other
    }
}
