import Limbeck

/// A student before training: the tensors and the configuration of a model it is made from, changed as a recipe says. Written as a folder,
/// which is then opened as any other.
final class Draft {
    /// A tensor: as in a file, or new numbers.
    struct Entry {
        var name: String
        var shape: [Int]
        var stored: StoredTensor?
        var numbers: [Float] = []

        var isFloat: Bool { stored.map { Tensor.ElementType(dtype: $0.dtype) != nil } ?? true }
    }

    var entries: [Entry] = []
    /// Of config.json: the text of each value.
    private(set) var configuration: [(key: String, json: String)] = []
    let source: String
    var family: Family
    var names: FamilyNames { family.names }
    let loaded: LoadedModel
    /// Those of the student, not of the model it is made from.
    var hiddenSize: Int
    private(set) var layerCount: Int
    private let seed: UInt64

    init(_ path: String, seed: UInt64) throws(LimbeckError) {
        (source, self.seed) = (path, seed)
        let folder = try ModelFolder(path)
        loaded = try LoadedModel.load(folder)
        let c = loaded.configuration
        (family, hiddenSize, layerCount) = (c.family, c.hiddenSize, c.layers)
        for tensor in loaded.files.tensors { entries.append(Entry(name: tensor.name, shape: tensor.shape, stored: tensor)) }
        guard let root = try folder.json("config.json") else { return }
        for (key, value) in root.members { configuration.append((key.string, JSONText.of(value))) }
    }

    func set(_ key: String, _ json: String) {
        for index in configuration.indices where configuration[index].key == key {
            configuration[index].json = json
            return
        }
        configuration.append((key, json))
    }

    func remove(_ key: String) { configuration.removeAll { $0.key == key } }

    /// The elements of an entry, row by row.
    func numbers(_ entry: Entry) -> [Float] {
        guard let stored = entry.stored, let type = Tensor.ElementType(dtype: stored.dtype) else { return entry.numbers }
        let tensor = Tensor(name: stored.name, type: type, shape: stored.shape, strides: stored.strides, bytes: stored.bytes)
        return [Float](unsafeUninitializedCapacity: tensor.count) { buffer, count in
            if let start = buffer.baseAddress { tensor.read(0..<tensor.count, into: start) }
            count = tensor.count
        }
    }

    /// The layer of a tensor and where its number is written, if it is of one.
    func layer(of name: String) -> (index: Int, digits: Range<Int>)? {
        guard let prefix = names.layers, let start = name.firstUTF8(prefix) else { return nil }
        let bytes = Array(name.utf8), first = start + prefix.utf8.count
        var (end, index) = (first, 0)
        while end < bytes.count, bytes[end] >= 0x30, bytes[end] <= 0x39, end - first < 6 {
            index = index * 10 + Int(bytes[end] - 0x30)
            end += 1
        }
        return end > first ? (index, first..<end) : nil
    }

    /// Keeps layers, in this order.
    func keep(layers: [Int]) throws(LimbeckError) {
        let count = loaded.configuration.layers
        for layer in layers where layer >= count {
            throw LimbeckError(.invalidArgument, "recipe: 'student.layers': layer \(layer), expected 0 to \(count - 1)")
        }
        layerCount = layers.count
        set(names.layersKey, String(layers.count))
        keepTypes(of: layers)
        guard names.layers != nil else {
            // One set of weights, run several times.
            return
        }
        var kept: [Entry] = []
        for entry in entries {
            guard let (index, digits) = layer(of: entry.name) else {
                kept.append(entry)
                continue
            }
            for (place, layer) in layers.enumerated() where layer == index {
                var entry = entry
                let bytes = Array(entry.name.utf8)
                entry.name =
                    String(decoding: bytes[..<digits.lowerBound], as: UTF8.self) + String(place)
                    + String(decoding: bytes[digits.upperBound...], as: UTF8.self)
                kept.append(entry)
            }
        }
        entries = kept
    }

    /// Of a model whose layers differ by their place (ModernBERT), each keeps its own kind.
    private func keepTypes(of layers: [Int]) {
        guard loaded.configuration.family == .modernBERT else { return }
        let types = layers.map { layer in
            for block in loaded.tensors.layers[layer] {
                for case .attention(let step) in loaded.tensors.blocks[block] where step.window != nil {
                    return "\"sliding_attention\""
                }
            }
            return "\"full_attention\""
        }
        set("layer_types", "[" + types.joined(", ") + "]")
    }

    func dropPooler() {
        guard let pooler = names.pooler else { return }
        entries.removeAll { $0.name.firstUTF8(pooler + ".") != nil }
    }

    /// A generator for new weights, one for each use.
    func random(_ stream: UInt64) -> Philox { Philox(seed: seed, stream: 0x6e65_7700_0000_0000 + stream) }

    /// Numbers of a normal distribution, by Box and Muller.
    static func normal(_ count: Int, deviation: Float, _ random: inout Philox) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(count + 1)
        while numbers.count < count {
            let u = (Double(random.next()) + 0.5) / 4_294_967_296, v = Double(random.next()) / 4_294_967_296
            let radius = (-2 * logarithm(u)).squareRoot() * Double(deviation), angle = 2 * 3.141592653589793 * v
            let c = cosine(angle <= 3.141592653589793 ? angle : 2 * 3.141592653589793 - angle)
            let s = (max(0, 1 - c * c)).squareRoot() * (angle <= 3.141592653589793 ? 1 : -1)
            numbers.append(Float(radius * c))
            numbers.append(Float(radius * s))
        }
        numbers.removeLast(numbers.count - count)
        return numbers
    }

    /// Writes config.json and the weights.
    func write(to folder: String) throws(LimbeckError) {
        try OutputFiles.makeFolder(folder)
        var text = "{"
        for (index, (key, json)) in configuration.enumerated() {
            text += (index == 0 ? "\n  " : ",\n  ") + JSONText.quoted(key) + ": " + json
        }
        try OutputFiles.write(Array((text + "\n}\n").utf8), to: "\(folder)/config.json")
        var file = SafetensorsWriter()
        file.note("format", "pt")
        for entry in entries {
            if let stored = entry.stored, stored.strides == nil {
                file.add(entry.name, dtype: stored.dtype, shape: entry.shape, stored.bytes)
            } else {
                try file.add(entry.name, shape: entry.shape, numbers(entry))
            }
        }
        try file.write(to: "\(folder)/model.safetensors")
    }
}

/// JSON as text.
enum JSONText {
    static func of(_ value: JSONValue) -> String {
        switch value.kind {
        case .null: return "null"
        case .bool: return value.bool == true ? "true" : "false"
        case .number: return String(decoding: value.source, as: UTF8.self)
        case .string: return "\"" + String(decoding: value.source, as: UTF8.self) + "\""
        case .array: return "[" + value.elements.map { of($0) }.joined(", ") + "]"
        case .object:
            return "{" + value.members.map { quoted($0.key.string) + ": " + of($0.value) }.joined(", ") + "}"
        }
    }

    static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.write(nil, text)
        return String(decoding: writer.text, as: UTF8.self)
    }
}

extension [String] {
    /// Without the standard library's, which takes any sequence of characters.
    func joined(_ separator: String) -> String {
        var text = ""
        for (index, part) in enumerated() { text += index == 0 ? part : separator + part }
        return text
    }
}
