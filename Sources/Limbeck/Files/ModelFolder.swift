import CPlatform

/// A model folder as the Hugging Face ecosystem writes it: which files it has, and how messages name them.
///
/// Sentence-transformers may keep the Transformer's files in a subfolder, which `modules.json` names; `path` is then that
/// subfolder.
package final class ModelFolder {
    /// The folder with config.json, the weights and the tokenizer's files.
    package var path: String { transformer.path }
    /// The sentence-transformers modules after the Transformer; nil without a modules.json.
    package private(set) var modules: [Module]?

    /// A sentence-transformers module after the Transformer, with the folder of its files.
    package struct Module {
        /// Its class name, without sentence-transformers' package: "Pooling".
        package let type: String
        let folder: Subfolder
    }

    /// A folder inside the model folder.
    struct Subfolder {
        let path: String
        /// The prefix of its file names in messages: "1_Pooling/".
        let prefix: String

        fileprivate init(_ name: String, in path: String) {
            self.path = name.isEmpty ? path : "\(path)/\(name)"
            prefix = name.isEmpty ? "" : "\(name)/"
        }
    }

    /// Notes about its files.
    package let notes = Notes()

    private var transformer: Subfolder
    private let top: Subfolder

    /// With `anyModules` the first module may be of any kind, since a tokenizer does not need it.
    package convenience init(_ path: __shared String, anyModules: Bool = false) throws(LimbeckError) {
        self.init(filesIn: path)
        switch fileKind(path) {
        case .missing: throw Mistakes.missing(path)
        case .folder: break
        case .file, .other: throw LimbeckError(.fileUnreadable, "\(path): not a folder")
        }
        if let root = try ModelFolder.json("modules.json", in: top, as: .modules, notes) {
            modules = try ModelFolder.modules(root, in: path)
        }
        if let first = modules?.removeFirst() {
            let isTransformer = first.type == "Transformer"
            guard isTransformer || anyModules else {
                throw LimbeckError(.fileUnsupported, "modules.json: module 0 is '\(first.type)', expected a Transformer")
            }
            if isTransformer { transformer = first.folder }
        }
    }

    /// The files of a folder, without looking at modules.json.
    init(filesIn path: String) {
        top = Subfolder("", in: path)
        transformer = top
    }

    @inline(never) package func contains(_ name: String) -> Bool { fileKind("\(path)/\(name)") == .file }

    /// Whether anything of that name exists, a file or not.
    @inline(never) func has(_ name: String) -> Bool { fileKind("\(path)/\(name)") != .missing }

    /// The file from which the tokenizer is read: the first of the list that exists; nil if there is none.
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

    /// Reads a JSON file whose top level is an object, and checks its keys; nil if the file does not exist.
    package func json(_ name: String) throws(LimbeckError) -> JSONValue? { try json(name, in: transformer) }

    /// The same for a file in the top folder, next to modules.json.
    @inline(never) func topJSON(_ name: String) throws(LimbeckError) -> JSONValue? { try json(name, in: top) }

    @inline(never) private func json(_ name: String, in folder: Subfolder) throws(LimbeckError) -> JSONValue? {
        // A name without a key table is a programming error: no file is read without its table.
        guard let file = JSONFile(named: name) else { throw LimbeckError(.fileUnsupported, "\(name): its keys are not known") }
        guard let root = try ModelFolder.json(name, in: folder, as: file, notes) else { return nil }
        guard root.kind == .object else { throw root.mismatch("the top level", expected: "an object") }
        return root
    }

    /// The names that sentence-transformers has given its own file for the Transformer (one per class), in the library's order.
    @inline(never) static var sentenceTransformerFiles: [String] {
        JSONFile.sentenceConfig.names.map { String(utf8: $0) }
    }

    /// The first of these files that exists and is not empty; nil if there is none, or no modules.json.
    @inline(never) func sentenceTransformer() throws(LimbeckError) -> JSONValue? {
        guard modules != nil else { return nil }
        for name in ModelFolder.sentenceTransformerFiles {
            if let root = try json(name), root.count > 0 { return root }
        }
        return nil
    }

    /// Reads a module's config.json; nil if there is none, or if the folder is the Transformer's, whose configuration it then is.
    @inline(never) package func json(of module: Module) throws(LimbeckError) -> JSONValue? {
        guard module.folder.path != path, let file = JSONFile(module: module.type),
            let root = try ModelFolder.json("config.json", in: module.folder, as: file, notes)
        else { return nil }
        guard root.kind == .object else { throw root.mismatch("the top level", expected: "an object") }
        return root
    }

    /// Where a module's files are in the folder: "1_Pooling/"; nil: they are the Transformer's.
    package func place(of module: Module) -> String? { module.folder.path == path ? nil : module.folder.prefix }

    /// Maps a file of a module; nil if it does not exist.
    @inline(never) func map(_ name: String, of module: Module) throws(LimbeckError) -> MappedFile? {
        let path = "\(module.folder.path)/\(name)"
        return fileKind(path) == .missing ? nil : try MappedFile(path, name: module.folder.prefix + name)
    }

    @inline(never) private static func json(
        _ name: String, in folder: Subfolder, as file: JSONFile, _ notes: Notes
    ) throws(LimbeckError) -> JSONValue? {
        let path = "\(folder.path)/\(name)"
        guard fileKind(path) != .missing else { return nil }
        return try JSONDocument(MappedFile(path, name: folder.prefix + name), as: file, notes).root
    }

    /// More modules than any real model has. A bound is needed, since all may name the same folder.
    static let maxModules = 64

    /// All that modules.json lists.
    private static func modules(_ root: JSONValue, in path: String) throws(LimbeckError) -> [Module] {
        guard root.kind == .array else { throw root.mismatch("the top level", expected: "an array of modules") }
        guard 1...maxModules ~= root.count else {
            throw root.mismatch("a list of \(root.count) modules", expected: "1 to \(maxModules) modules")
        }
        var modules: [Module] = [], names: [String] = []
        for element in root.elements {
            let reader = MemberReader(element)
            guard let type = reader.string("type"), let folder = reader.string("path") else {
                throw element.mismatch("a module", expected: "an object with 'type' and 'path'")
            }
            if leadsOut(folder) { reader.fail(.fileMalformed, "the path '\(folder)' leads out of the model folder") }
            // If two have one name, the library keeps the second in the place of the first.
            if let name = reader.string("name") {
                if names.contains(where: { $0 == name }) {
                    reader.fail(.fileMalformed, "duplicate name '\(name)', expected one for each module")
                }
                names.append(name)
            }
            try reader.check()
            modules.append(Module(type: className(type), folder: Subfolder(folder, in: path)))
        }
        return modules
    }

    /// The last component of "sentence_transformers.models.Pooling", and since 5.4 of
    /// "sentence_transformers.….modules.pooling.Pooling". Classes of other packages keep their full name.
    private static func className(_ type: String) -> String {
        type.hasUTF8Prefix("sentence_transformers.") ? type.afterLastDot : type
    }
}

/// An untrusted folder must not reach files outside of it.
func leadsOut(_ path: String) -> Bool {
    path.begins(with: UInt8(ascii: "/")) || path.hasNUL
        || path.utf8Parts(between: UInt8(ascii: "/")).contains { $0 == ".." }
}

package enum FileKind { case missing, file, folder, other }

/// What is at a path; symbolic links are followed.
package func fileKind(_ path: String) -> FileKind {
    guard !path.hasNUL else { return .missing }
    switch platform_kind_of(path.terminated) {
    case 0: return .missing
    case 1: return .file
    case 2: return .folder
    default: return .other
    }
}
