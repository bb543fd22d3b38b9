import CPlatform

/// What users commonly have in place of a model folder, or of a file in one. The error message of the failed opening says what it
/// is and what to do.
enum Mistakes {
    // MARK: - Files

    /// The beginnings, in lower case, of files that were saved in place of another: git-lfs pointers, and web pages or error
    /// replies of servers.
    private static let pointer: StaticString = "version https://git-lfs.github.com/spec/"
    private static let pages: StaticString =
        "<!doctype html\n<html\n<?xml\nentry not found\ninvalid username or password\naccess to model"

    /// Refuses such a file: read as a vocabulary, for example, it would be accepted.
    static func check(_ bytes: UnsafeRawBufferPointer, _ name: String) throws(LimbeckError) {
        // A byte order mark and white space may precede it.
        let start = bytes.prefix(64).firstIndex { $0 > 0x20 && $0 != 0xEF && $0 != 0xBB && $0 != 0xBF } ?? 0
        let text = UnsafeRawBufferPointer(rebasing: bytes[start...])
        if Mistakes.begins(text, with: pointer) {
            throw LimbeckError(
                .fileMalformed, "\(name): a pointer of git-lfs, not the file itself: fetch that with 'git lfs pull', or download it"
            )
        }
        if Mistakes.begins(text, with: pages) {
            throw LimbeckError(.fileMalformed, "\(name): a web page or a server's reply, not the file itself: download it again")
        }
    }

    /// Whether a text begins with one of these lines, which are in lower case; ASCII case is ignored.
    @inline(never) private static func begins(_ text: UnsafeRawBufferPointer, with lines: StaticString) -> Bool {
        var place = 0, isSame = true
        for index in 0..<lines.utf8CodeUnitCount {
            let expected = lines.utf8Start[index]
            if expected == UInt8(ascii: "\n") {
                if isSame { return true }
                (place, isSame) = (0, true)
            } else {
                let isLetter = 97...122 ~= expected
                isSame = isSame && place < text.count && (isLetter ? text[place] | 0x20 : text[place]) == expected
                place += 1
            }
        }
        return isSame
    }

    static func checkNotEmpty(_ bytes: UnsafeRawBufferPointer, _ name: String) throws(LimbeckError) {
        guard bytes.isEmpty else { return }
        throw LimbeckError(.fileMalformed, "\(name): an empty file, 0 bytes")
    }

    // MARK: - Paths

    /// The error for a path that does not exist.
    static func missing(_ path: String) -> LimbeckError {
        var hint: Message = ""
        if path.hasUTF8Prefix("~") {
            hint = "; '~' is not expanded here"
        } else if isName(path) {
            hint = "; models are not downloaded: download the files to a folder and pass its path"
        }
        return LimbeckError(.fileNotFound, "\(path): no such file or folder\(hint)")
    }

    /// Whether it may be a model name on the hub, such as "sentence-transformers/all-MiniLM-L6-v2".
    private static func isName(_ path: String) -> Bool {
        guard path.utf8.count > 0, !path.begins(with: UInt8(ascii: "/")), !path.begins(with: UInt8(ascii: ".")) else {
            return false
        }
        guard let slash = path.utf8Offset(of: UInt8(ascii: "/")) else { return true }
        return path.utf8Offset(of: UInt8(ascii: "/"), from: slash + 1) == nil && fileKind(path.utf8Part(0..<slash)) == .missing
    }

    /// The error for a file that is neither a pack nor a GGUF file.
    static func noFolder(_ path: String, _ bytes: UnsafeRawBufferPointer) -> LimbeckError {
        let parts = [".safetensors", ".bin", ".json", ".txt", ".model", ".pt"]
        let isArchive = bytes.starts(with: [0x50, 0x4B, 3, 4]) || bytes.starts(with: [0x1F, 0x8B])
        let hint: Message =
            if parts.contains(where: { path.hasUTF8Suffix($0) }) {
                ", but a file of a model folder: open the folder that it is in"
            } else if isArchive {
                ", but an archive: unpack it, and open the folder that has its config.json"
            } else {
                ""
            }
        return LimbeckError(.fileUnreadable, "\(path): not a folder, and neither a pack nor a GGUF file\(hint)")
    }

    // MARK: - Folders

    /// A folder without config.json.
    static func noConfiguration(_ folder: ModelFolder) -> LimbeckError {
        var hint: Message = ""
        if let inside = model(inside: folder.path) {
            hint = "; '\(inside)' has one: open that folder"
        } else if let weights = first(in: folder.path, where: { $0.hasUTF8Suffix(".safetensors") || $0.hasUTF8Suffix(".bin") }) {
            hint = "; get it from the source of '\(weights)'"
        }
        return LimbeckError(.fileNotFound, "\(folder.path): config.json: no such file\(hint)")
    }

    /// A folder inside that has config.json. A hub cache has snapshots, and a file that names the current one; a training run has
    /// checkpoints.
    private static func model(inside path: String) -> String? {
        let snapshots = "\(path)/snapshots", main = "\(path)/refs/main"
        if fileKind(main) == .file, let file = try? MappedFile(main, name: main), file.bytes.count <= 64 {
            let name = String(utf8: file.bytes.prefix { $0 > 0x20 })
            if !leadsOut(name), fileKind("\(snapshots)/\(name)/config.json") == .file { return "\(snapshots)/\(name)" }
        }
        for path in [path, snapshots] {
            if let name = first(in: path, where: { fileKind("\(path)/\($0)/config.json") == .file }) { return "\(path)/\(name)" }
        }
        return nil
    }

    /// The error for a folder with config.json but without weights under a known name.
    static func noWeights(_ folder: ModelFolder) -> LimbeckError {
        var hint: Message = ""
        _ = first(in: folder.path) { name in
            func ends(_ list: StaticString) -> Bool {
                KeyRule.words(list).contains { name.hasUTF8Suffix(String(utf8: $0)) }
            }
            let what: Message
            if ends(".tmp .part .incomplete .crdownload") {
                what = "is left from an incomplete download or save"
            } else if ends("onnx openvino openvino_model.xml") {
                what = "is a graph of operations, not weights: use the model.safetensors it was made from"
            } else if ends(".h5 .msgpack") {
                what =
                    "is TensorFlow's or Flax's: open it in transformers 4 with from_tf=True or from_flax=True, and save_pretrained()"
            } else if ends("_args.bin optimizer.bin scheduler.bin optimizer.pt scheduler.pt rng_state.pth") {
                // Other files of a training run.
                return false
            } else if !ends(".safetensors .bin .pt .pth .ckpt") {
                return false
            } else if name.firstUTF8("-of-") != nil {
                what = "is one of several files, and the index that names them is missing"
            } else if ends(".safetensors") {
                what = "has another name: if it is the whole model, rename it to model.safetensors"
            } else {
                what = "has another name: if it is the state_dict of the whole model, rename it to pytorch_model.bin"
            }
            hint = "; '\(name)' \(what)"
            return true
        }
        return LimbeckError(
            .fileNotFound,
            "\(folder.path): no weights, expected model.safetensors, pytorch_model.bin, or the index of one\(hint)")
    }

    /// The first matching name in a folder, in byte order.
    private static func first(in folder: String, where isLookedFor: (String) -> Bool) -> String? {
        names(in: folder).first(where: isLookedFor)
    }

    /// At most this many names of a folder are looked at.
    private static let maxNames = 256

    @inline(never) private static func names(in folder: String) -> [String] {
        var names: [String] = []
        withUnsafeMutablePointer(to: &names) { names in
            platform_names_in(
                folder.terminated,
                { name, names in
                    guard let name, let names = names?.assumingMemoryBound(to: [String].self) else { return false }
                    let text = String(cString: name)
                    if text != ".", text != ".." { names.pointee.append(text) }
                    return names.pointee.count < Mistakes.maxNames
                }, names)
        }
        return names
    }
}
