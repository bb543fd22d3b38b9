/// A tensor as a weight file has it, of any type that its container knows: models carry buffers that nobody reads, such as 64-bit
/// position ids. The bytes are a view into the mapping, which must outlive it, and may be misaligned for their type.
package struct StoredTensor {
    /// The file it is in, for messages.
    package let file: String
    package let name: String
    /// As safetensors spells it: "F32".
    package let dtype: String
    package let shape: [Int]
    /// Elements from one index to the next, for each size of the shape; nil: row after row without a gap. Checked to stay in `bytes`.
    package var strides: [Int]?
    package let bytes: UnsafeRawBufferPointer
}

/// The weights of a model, whatever they are kept in: the tensors of all files, each checked against its file's bytes.
package struct WeightFiles {
    /// The file that messages about all of them name.
    package let file: String
    package let tensors: [StoredTensor]
    /// What the tensors' bytes are in: to be kept as long as they are read.
    package let mappings: [MappedFile]

    package var mappedBytes: Int {
        var total = 0
        for mapping in mappings { total += mapping.bytes.count }
        return total
    }

    /// The weights of a folder.
    package init(_ folder: ModelFolder) throws(LimbeckError) {
        if !folder.contains("model.safetensors") {
            if folder.contains("model.safetensors.index.json") {
                throw LimbeckError(
                    .fileUnsupported, "\(folder.path): weights in several files are not supported, expected one model.safetensors")
            }
            if folder.contains("pytorch_model.bin") {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(folder.path)/pytorch_model.bin: Python pickles are not supported, expected model.safetensors")
            }
        }
        let mapping = try folder.map("model.safetensors")
        let safetensors = try Safetensors(mapping)
        file = safetensors.file
        tensors = safetensors.entries
        mappings = [mapping]
    }
}
