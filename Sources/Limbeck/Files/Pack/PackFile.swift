/// An open pack. The header and the description are checked; the weights are not touched. docs/pack.md describes the file.
package final class PackFile {
    let mapping: MappedFile
    let tensors: PackTensors
    /// The description of the model.
    let root: JSONValue
    /// All tensors, in the order of the file.
    package let entries: [StoredTensor]

    /// The first bytes after the header's length.
    static let start: StaticString = #"{"__metadata__":{"format":"limbeck","#
    /// The newest format that is supported. 2 adds: pre-tokenizers other than BERT's before WordPiece; truncation on the left;
    /// vectors made by more than a single pooling and normalisation; prompts; the scores of sentence-transformers' cross-encoders.
    /// 3 adds: exits, attention with heads of its own, and LayerNorm by the unbiased deviation.
    static let version = 3
    static let description = "limbeck.json"
    static let checksums = "limbeck.checksums"
    /// The maximum size of the description: labels and a list of steps, of which the largest model has a few hundred.
    static let maxBytes = 16 << 20

    /// Whether a file is meant to be a pack.
    package static func isPack(_ bytes: UnsafeRawBufferPointer) -> Bool {
        start.withUTF8Buffer { bytes.dropFirst(8).starts(with: $0) }
    }

    package init(_ mapping: __shared MappedFile) throws(LimbeckError) {
        let file = mapping.name
        @inline(never) func malformed(_ message: __owned Message) -> LimbeckError {
            LimbeckError(.fileMalformed, "\(file): \(message)")
        }

        let safetensors = try Safetensors(mapping)
        try PackFile.check(safetensors.metadata, file: file)
        let entries = safetensors.entries
        guard let first = entries.first, let last = entries.last, first.name == PackFile.description, first.dtype == "U8",
            last.name == PackFile.checksums, last.dtype == "U64"
        else { throw malformed("a pack without its description first and its checksums last") }
        for entry in entries {
            // A mapping is page-aligned, so this is also the alignment in the file.
            guard let base = entry.bytes.baseAddress, Int(bitPattern: base) % PackTensor.alignment == 0, !entry.bytes.isEmpty,
                entry.bytes.count % PackTensor.alignment == 0
            else {
                throw malformed(
                    "tensor '\(entry.name)' does not begin on a \(PackTensor.alignment)-byte boundary, or does not fill such blocks"
                )
            }
        }
        guard last.shape.count == 1, last.shape[0] >= entries.count else {
            throw malformed("\(describe(last.shape)) checksums, expected at least \(entries.count)")
        }
        for index in 0...1 { try PackFile.checkSum(index, entries, mapping) }
        self.mapping = mapping
        self.entries = entries
        tensors = PackTensors(safetensors)
        // The document is kept alive by its values, and the bytes by the mapping.
        let document = try JSONDocument(first.bytes, file: "\(file) (description)", maxBytes: PackFile.maxBytes)
        root = document.root
        guard root.kind == .object else { throw root.mismatch("the whole", expected: "an object") }
    }

    private static func check(_ metadata: [(key: String, value: String)], file: String) throws(LimbeckError) {
        func value(_ key: String) throws(LimbeckError) -> String {
            for (other, value) in metadata where other == key { return value }
            throw LimbeckError(.fileMalformed, "\(file): no '\(key)' in __metadata__")
        }
        let version = try value("limbeck.version")
        guard let number = decimal(version), number >= 1 else {
            throw LimbeckError(.fileMalformed, "\(file): 'limbeck.version' is '\(version)', expected a number")
        }
        guard number <= PackFile.version else {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): a pack of format \(number), which is newer than this library's, \(PackFile.version): pack the model again"
            )
        }
        let order = try value("limbeck.endianness")
        guard order == "little", 1.littleEndian == 1 else {
            throw LimbeckError(
                .fileUnsupported, "\(file): '\(order)'-endian numbers, expected little-endian on a little-endian machine")
        }
    }

    var hasTokenizer: Bool { root.optional("tokenizer") != nil }

    /// Verifies the checksums of all tensors, which reads the whole file.
    package func verifyChecksums() throws(LimbeckError) {
        for index in entries.indices { try PackFile.checkSum(index, entries, mapping) }
        for byte in entries[entries.count - 1].bytes.dropFirst(entries.count * 8) where byte != 0 {
            throw LimbeckError(.fileMalformed, "\(mapping.name): unexpected bytes after the checksums: the file is damaged")
        }
    }

    /// The first checksum is that of the header, which is everything before the tensors. Those of the tensors follow in the order
    /// of the file, except that of the last tensor, which holds the checksums.
    private static func checkSum(_ index: Int, _ entries: [StoredTensor], _ mapping: MappedFile) throws(LimbeckError) {
        let header = mapping.bytes.count - entries.reduce(0) { $0 + $1.bytes.count }
        let bytes = index == 0 ? UnsafeRawBufferPointer(rebasing: mapping.bytes[..<header]) : entries[index - 1].bytes
        let stored = entries[entries.count - 1].bytes.load(fromByteOffset: index * 8, as: UInt64.self)
        guard xxh64(bytes) == stored else {
            let name: Message = index == 0 ? "the header" : "tensor '\(entries[index - 1].name)'"
            throw LimbeckError(.fileMalformed, "\(mapping.name): the checksum of \(name) does not match: the file is damaged")
        }
    }
}
