/// The tensors of the weight files under canonical names, taken out by name and shape.
///
/// Training frameworks and versions of transformers have spelt the same tensor in several ways. The canonical name is today's,
/// without the base model's prefix: "bert.encoder.layer.0…" and "module.bert.encoder.layer.0…" are "encoder.layer.0…", and the
/// LayerNorm's "gamma" and "beta" are "weight" and "bias". Modules wrapped by torch.compile have "_orig_mod." in their names.
/// llama.cpp has its own names. Unused tensors are ignored, as in transformers, except when packing, where the user wants to know
/// what is lost (`dropped`).
final class Checkpoint {
    let file: String
    private let base: String
    private let olderBase: String?
    private let spellings: [(written: String, canonical: String)]
    private let gguf: GGUFNames?
    private let tensors: [StoredTensor]
    /// By index: whether the tensor was taken.
    private var isUsed: [Bool]
    /// The prefix of a layer's tensors, before the layer's index.
    let layerPrefix: String?
    /// The indices of the tensors by canonical name.
    private var names = NameTable()
    /// Whether a tensor is written with the base model's prefix.
    private(set) var hasBase = false
    /// TinyBERT's training leaves its projections to the teacher's width in the file.
    private(set) var hasTinyBERTProjections = false

    /// `family` has the rules for the names of a model's tensors. Those of a module of
    /// sentence-transformers are canonical as written.
    init(_ weights: __shared WeightFiles, family: __shared FamilyRules? = nil) throws(LimbeckError) {
        file = weights.file
        base = family?.prefix ?? ""
        olderBase = family?.olderPrefix
        spellings = family?.spellings ?? []
        gguf = weights.spelling == .gguf ? family.flatMap { GGUFNames($0.family) } : nil
        layerPrefix = family?.layers
        tensors = weights.tensors
        isUsed = [Bool](repeating: false, count: tensors.count)
        names.reserveCapacity(tensors.count)
        for (place, entry) in tensors.enumerated() {
            let name = canonical(entry.name)
            if !base.isEmpty, entry.name.droppingUTF8Prefix("module.").hasUTF8Prefix(base) { hasBase = true }
            // Buffers of old versions, 0, 1, 2 and so on, sometimes present twice.
            if name.hasUTF8Suffix("position_ids") || name.hasUTF8Suffix("token_type_ids") { continue }
            if name.hasUTF8Prefix("fit_dense") { hasTinyBERTProjections = true }
            for part in Checkpoint.partsOfAdapters where name.firstUTF8(part) != nil {
                throw LimbeckError(.fileUnsupported, "\(file): tensor '\(entry.name)' is an adapter's\(Adapters.advice)")
            }
            if let other = names.set(name, place) {
                throw LimbeckError(
                    .fileInconsistent, "\(file): '\(tensors[other].name)' and '\(entry.name)' are one tensor under two names")
            }
        }
    }

    /// Parts of the names of tensors that are added to a matrix while it is adapted: those of LoRA, and of the library `adapters`.
    private static var partsOfAdapters: [String] { [".lora_", ".base_layer.", ".loras.", ".adapters."] }

    private func canonical(_ written: String) -> String {
        if let gguf { return gguf.canonical(written) }
        var name = written
        // The model and a part of it may each be wrapped, but not more than that.
        for _ in 0..<2 { name = name.replacingFirstUTF8("_orig_mod.", by: "") }
        name = name.droppingUTF8Prefix("module.").droppingUTF8Prefix(base)
        if let olderBase { name = name.droppingUTF8Prefix(olderBase) }
        for (written, canonical) in spellings { name = name.replacingFirstUTF8(written, by: canonical) }
        if name.hasUTF8Suffix("LayerNorm.gamma") { name = name.droppingUTF8Suffix("gamma") + "weight" }
        if name.hasUTF8Suffix("LayerNorm.beta") { name = name.droppingUTF8Suffix("beta") + "bias" }
        return name
    }

    @inline(never) func contains(_ name: String) -> Bool { names[name] != nil }

    /// The number of layers in names that start with `prefix` and the layer's index: one more than the largest index.
    func layerCount(_ prefix: String) -> Int {
        var count = 0
        for name in names.names {
            if let index = layerIndex(of: name, prefix) { count = max(count, index + 1) }
        }
        return count
    }

    /// The layer's index in a name that starts with `prefix`.
    func layerIndex(of name: String, _ prefix: String) -> Int? {
        guard name.hasUTF8Prefix(prefix) else { return nil }
        let start = prefix.utf8.count
        return decimal(name.utf8Part(start..<(name.utf8Offset(of: UInt8(ascii: "."), from: start) ?? name.utf8.count)))
    }

    /// The names of the tensors that were not taken.
    var unused: [(written: String, canonical: String)] {
        tensors.indices.filter { !isUsed[$0] }.map { (tensors[$0].name, canonical(tensors[$0].name)) }
    }

    /// A tensor of numbers that the engine computes with. A nil in `shape` allows any size.
    @inline(never) func tensor(_ name: String, _ shape: [Int?]) throws(LimbeckError) -> Tensor {
        guard let place = names[name] else {
            throw LimbeckError(.fileInconsistent, "\(file): no tensor '\(name)', with or without '\(base)' before it")
        }
        let entry = tensors[place]
        isUsed[place] = true
        var fits = entry.shape.count == shape.count
        // Zero is always invalid, and larger sizes than Int32 holds cannot be indexed by token, position or label.
        for (size, expected) in zip(entry.shape, shape) {
            fits = fits && size >= 1 && size <= Int(Int32.max) && (expected == nil || size == expected)
        }
        guard fits else {
            throw LimbeckError(
                .fileInconsistent,
                "\(entry.file): tensor '\(entry.name)' has shape \(describe(entry.shape)), expected \(describe(shape))")
        }
        guard let type = Tensor.ElementType(dtype: entry.dtype) else {
            throw LimbeckError(
                .fileUnsupported,
                "\(entry.file): tensor '\(entry.name)' has dtype '\(entry.dtype)', expected F32, F16, BF16 or F64")
        }
        return Tensor(name: entry.name, type: type, shape: entry.shape, strides: entry.strides, bytes: entry.bytes)
    }

    @inline(never)
    func linear(_ name: String, in inputs: Int?, out outputs: Int?, bias: Bool = true) throws(LimbeckError) -> LinearTensors {
        let weight = try tensor("\(name).weight", [outputs, inputs])
        return LinearTensors(weight: weight, bias: bias ? try tensor("\(name).bias", [weight.shape[0]]) : nil)
    }

    @inline(never)
    func norm(_ name: String, _ size: Int, eps: Float?, bias: Bool) throws(LimbeckError) -> NormTensors {
        NormTensors(
            weight: try tensor("\(name).weight", [size]), bias: bias ? try tensor("\(name).bias", [size]) : nil, eps: eps)
    }
}

/// An expected shape for a message: "[2, any]".
private func describe(_ shape: [Int?]) -> String {
    var text = "["
    for (index, size) in shape.enumerated() {
        if index > 0 { text += ", " }
        if let size { text += "\(size)" } else { text += "any" }
    }
    return text + "]"
}
