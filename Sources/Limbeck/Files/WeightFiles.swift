/// A tensor of a weight file, of any dtype of its container: models contain unused buffers, such as 64-bit position ids. The bytes
/// are a view into the mapping, which must outlive it, and may be misaligned for their type.
package struct StoredTensor {
    /// The file it is in, for messages.
    package let file: String
    package let name: String
    /// The dtype of safetensors: "F32".
    package let dtype: String
    package let shape: [Int]
    /// Strides in elements, one per dimension; nil: row-major and contiguous. Checked to stay in `bytes`.
    package var strides: [Int]?
    package let bytes: UnsafeRawBufferPointer
}

/// The weights of a model in any container: the tensors of all files, each checked against its file's bytes.
package struct WeightFiles {
    /// The file that messages about all tensors name: the index, if there are several.
    package let file: String
    package let tensors: [StoredTensor]
    /// The mappings of the tensors' bytes, to be kept as long as they are read.
    package let mappings: [MappedFile]
    /// The naming scheme of the tensors.
    var spelling = Spelling.transformers

    enum Spelling { case transformers, gguf }

    package var mappedBytes: Int {
        var total = 0
        for mapping in mappings { total += mapping.bytes.count }
        return total
    }

    init(_ gguf: GGUFFile) {
        (file, tensors, spelling) = (gguf.file, gguf.tensors, .gguf)
        mappings = gguf.mapping.map { [$0] } ?? []
    }

    /// Whether a folder has any of the weight files below.
    static func areIn(_ folder: ModelFolder) -> Bool {
        Container.inOrder.contains { folder.has($0.file) || folder.has($0.index) }
    }

    /// The weights of a folder: the first that exists of the files that transformers looks for, in its order.
    package init(_ folder: __shared ModelFolder) throws(LimbeckError) {
        for container in Container.inOrder {
            if folder.has(container.file) {
                let mapping = try folder.map(container.file)
                (file, tensors, mappings) = (mapping.name, try container.tensors(mapping), [mapping])
                return
            }
            if let root = try folder.json(container.index) {
                self = try WeightFiles(folder, ShardIndex(root), container)
                return
            }
        }
        throw Mistakes.noWeights(folder)
    }

    /// The weights of a module of sentence-transformers, which are never sharded.
    init(_ folder: __shared ModelFolder, _ module: __shared ModelFolder.Module) throws(LimbeckError) {
        for container in Container.inOrder {
            guard let mapping = try folder.map(container.file, of: module) else { continue }
            (file, tensors, mappings) = (mapping.name, try container.tensors(mapping), [mapping])
            return
        }
        throw LimbeckError(
            .fileNotFound, "\(module.folder.prefix): no weights of the module, expected model.safetensors or pytorch_model.bin")
    }

    private init(_ folder: __shared ModelFolder, _ index: __shared ShardIndex, _ container: Container) throws(LimbeckError) {
        var mappings: [MappedFile] = []
        var shards: [[StoredTensor]] = [], tensors: [StoredTensor] = []
        for shard in index.shards {
            let mapping = try folder.map(shard)
            mappings.append(mapping)
            shards.append(try container.tensors(mapping))
            tensors += shards[shards.count - 1]
        }
        try index.check(shards)
        file = index.file
        (self.tensors, self.mappings) = (tensors, mappings)
    }
}

/// The formats of weight files that a folder may have.
private enum Container {
    case safetensors, torch

    static let inOrder: [Container] = [.safetensors, .torch]

    var file: String {
        switch self {
        case .safetensors: "model.safetensors"
        case .torch: "pytorch_model.bin"
        }
    }

    var index: String { file + ".index.json" }

    func tensors(_ mapping: MappedFile) throws(LimbeckError) -> [StoredTensor] {
        switch self {
        case .safetensors: try Safetensors(mapping).entries
        case .torch: try TorchFile(mapping).tensors
        }
    }
}
