import KernelInterface

/// What config.json says, before the tensors confirm it. A size that it leaves out is nil, and the tensors decide.
///
/// All has a value before it is read, so that an initialiser that fails lets go of one object.
final class DeclaredConfiguration {
    private(set) var rules: FamilyRules
    /// As the file has it, for messages.
    let modelType: String
    var hiddenSize: Int?
    /// The width of the embedding tables, where it may differ from the hidden size.
    var embeddingSize: Int?
    var layers: Int?
    var attentionHeads = 1
    /// Of one head, where a file may say it.
    var headSize: Int?
    var intermediateSize: Int?
    var vocabSize: Int?
    var maxPositions: Int?
    var typeVocabSize: Int?
    /// Groups of layers that share weights, and the layers in one.
    var groups = 1
    var groupLayers = 1
    var paddingId: Int?
    var activation = Activation.identity
    var layerNormEps: Float = 0
    var normsHaveBias = true
    /// The names of the model's classes in transformers; none in old files.
    var architectures: [String] = []
    var problem = Problem.singleLabel
    /// Output embeddings may be left out of the weights, because they are the input embeddings.
    var tiesEmbeddings = true
    /// All of it, for what one family alone has.
    let root: JSONValue
    /// What is worth knowing of the folder.
    let notes: Notes

    /// The name that messages use.
    var file: String { root.document.file }

    convenience init(_ folder: __shared ModelFolder) throws(LimbeckError) {
        guard let root = try folder.json("config.json") else {
            throw Mistakes.noConfiguration(folder)
        }
        try self.init(root, folder.notes)
    }

    init(_ root: __shared JSONValue, _ notes: __shared Notes) throws(LimbeckError) {
        self.root = root
        self.notes = notes
        (rules, modelType) = try DeclaredConfiguration.family(root)
        if let newer = rules.newer, root.optional(newer.key) != nil { rules = newer.rules() }
        try KeyTable.configuration(rules.keys).check(root, notes)
        try Adapters.refuse(in: root)
        if let key = rules.poolerSwitch, try root.optionalBool(key) == false { rules.leavePoolerOut() }

        hiddenSize = try DeclaredConfiguration.size(root, rules.sizes.hidden, "hidden_size")
        layers = try DeclaredConfiguration.size(root, rules.sizes.layers, "num_hidden_layers")
        headSize = try rules.headSizeKey.flatMap { (key) throws(LimbeckError) in try root.optionalSize(key) }
        intermediateSize = try root.optionalSize(rules.sizes.intermediate)
        vocabSize = try root.optionalSize("vocab_size")
        maxPositions = try root.optionalSize(rules.sizes.positions)
        typeVocabSize = root.optional("type_vocab_size")?.int == 0 ? 0 : try root.optionalSize("type_vocab_size")
        embeddingSize = try root.optionalSize("embedding_size")
        if rules.layers == nil {
            groups = try root.optionalSize("num_hidden_groups") ?? 1
            groupLayers = try root.optionalSize("inner_group_num") ?? 1
        }
        if case .afterPadding(let key, let id) = rules.positions { paddingId = try DeclaredConfiguration.padding(root, key, id) }
        guard let heads = try DeclaredConfiguration.size(root, rules.sizes.attentionHeads, "num_attention_heads") else {
            throw LimbeckError(
                .fileMalformed, "\(root.document.file): no '\(rules.sizes.attentionHeads)', which no tensor can tell")
        }
        attentionHeads = heads
        activation = try DeclaredConfiguration.activation(root, rules.activation.key, rules.activation.default, rules.activations)
        layerNormEps = Float(rules.layerNormEps.default)
        if let key = rules.layerNormEps.key, let eps = try root.optionalDouble(key) {
            guard eps >= 0, eps < 1 else {
                throw root.mismatch("'\(key)' (\(eps < 0 ? "negative" : "1 or more"))", expected: "from 0 to below 1")
            }
            layerNormEps = Float(eps)
        }
        architectures = try DeclaredConfiguration.architectures(root)
        problem = try DeclaredConfiguration.problem(root)
        tiesEmbeddings = try root.optionalBool("tie_word_embeddings") ?? true
        normsHaveBias = try isOn(rules.normBias)
    }

    /// Labels of a head; each takes memory of its own, even where the file leaves their rows empty.
    static let mostLabels = 65_536

    /// The names of a head's `count` labels: `id2label` by index, or without one the names that transformers makes up.
    ///
    /// Where `num_labels` is another number than that of the names, transformers 4 goes by the names, and transformers 5 makes up
    /// as many as that; both refuse a classifier with another number of rows than they go by. So its rows tell which of the two it
    /// is.
    func labels(count: Int) throws(LimbeckError) -> [String] {
        guard count <= DeclaredConfiguration.mostLabels else {
            throw LimbeckError(
                .fileUnsupported, "\(root.document.file): \(count) labels, the most is \(DeclaredConfiguration.mostLabels)")
        }
        let declared = try root.optionalSize("num_labels")
        guard let names = root.optional("id2label") else {
            if let declared, declared != count { throw labelMismatch(declared, count) }
            return DeclaredConfiguration.numberedLabels(count)
        }
        guard names.kind == .object else { throw names.mismatch("'id2label'", expected: "an object") }
        guard names.count == count else {
            if declared == count { return DeclaredConfiguration.numberedLabels(count) }
            throw labelMismatch(names.count, count)
        }
        var labels = [String?](repeating: nil, count: count)
        for (key, value) in names.members {
            guard let index = decimal(key.string), index < count, labels[index] == nil else {
                throw names.mismatch("'id2label' with the key '\(key.string)'", expected: "each of 0 to \(count - 1) once")
            }
            guard let label = value.string ?? DeclaredConfiguration.name(of: value) else {
                throw value.mismatch("'id2label' \(index)", expected: "a string")
            }
            labels[index] = label
        }
        return labels.map { $0 ?? "" }  // all are there: as many distinct indices as labels
    }

    /// A label that is a number or a truth value, as the file spells it.
    private static func name(of value: JSONValue) -> String? {
        switch value.kind {
        case .number: String(utf8: value.source)
        case .bool: value.bool == true ? "true" : "false"
        default: nil
        }
    }

    static func numberedLabels(_ count: Int) -> [String] { (0..<count).map { "LABEL_\($0)" } }

    @inline(never) private func labelMismatch(_ declared: Int, _ count: Int) -> LimbeckError {
        LimbeckError(.fileInconsistent, "\(root.document.file): \(declared) labels, but the classifier has \(count) rows")
    }

    // MARK: - The parts

    private static func family(_ root: JSONValue) throws(LimbeckError) -> (rules: FamilyRules, modelType: String) {
        if let name = try root.optionalString("model_type") {
            var known = ""
            for family in Family.allCases {
                let rules = family.rules
                if rules.modelTypes.contains(where: { $0 == name }) { return (rules, name) }
                for type in rules.modelTypes { known += (known.isEmpty ? "'" : ", '") + type + "'" }
            }
            throw LimbeckError(
                .fileUnsupported, "\(root.document.file): model_type '\(name)' is not supported, expected one of \(known)")
        }
        // Files from before model_type: TinyBERT's, and those converted from Google's. Families that came later and share the keys
        // differ in these.
        let others = ["embedding_size", "num_hidden_groups", "true_hidden_size"]
        if root.optional("hidden_size") != nil, root.optional("num_attention_heads") != nil,
            !others.contains(where: { root.optional($0) != nil })
        {
            return (.bert, "bert")
        }
        throw LimbeckError(.fileUnsupported, "\(root.document.file): no 'model_type', and not the keys of a BERT")
    }

    /// The id that positions are counted from.
    @inline(never) private static func padding(_ root: JSONValue, _ key: String?, _ other: Int) throws(LimbeckError) -> Int {
        guard let key, let value = root.optional(key) else { return other }
        guard let id = value.int, 0...Int(Int32.max) ~= id else { throw value.mismatch("'\(key)'", expected: "an id") }
        return id
    }

    /// transformers knows these sizes of every family by one name too, which wins.
    @inline(never) private static func size(_ root: JSONValue, _ name: String, _ common: String) throws(LimbeckError) -> Int? {
        if let size = try root.optionalSize(common) { return size }
        return try root.optionalSize(name)
    }

    private static func activation(
        _ root: JSONValue, _ key: String, _ otherwise: String, _ names: [(name: String, activation: Activation)]
    ) throws(LimbeckError) -> Activation {
        let name = try root.optionalString(key) ?? otherwise
        guard let found = names.first(where: { $0.name == name }) else {
            throw LimbeckError(.fileUnsupported, "\(root.document.file): \(key) '\(name)' is not supported")
        }
        return found.activation
    }

    /// Of a head's linear layer: its own, or the encoder's.
    @inline(never) func activation(_ names: DenseNames) throws(LimbeckError) -> Activation {
        guard let key = names.activationKey else { return names.activation ?? activation }
        if names.mayLackActivation, let value = root[key], value.isNull || value.kind == .string && value.source.isEmpty {
            return .identity
        }
        return try DeclaredConfiguration.activation(root, key, "gelu", transformersActivations)
    }

    @inline(never) func isOn(_ option: Switch) throws(LimbeckError) -> Bool {
        guard let key = option.key else { return option.otherwise }
        return try root.optionalBool(key) ?? option.otherwise
    }

    /// Which state of a sequence its head reads: by classes' words for it, of which each key's table knows its own.
    func reading(_ key: String?) throws(LimbeckError) -> HeadReading {
        guard let key else { return .first }
        switch try root.optionalString(key) {
        case "mean": return .mean
        // Without an index of its own, `cls_index` is the last token's.
        case "last", "cls_index": return .last
        default: return .first
        }
    }

    /// Whether no class that is named is one of the family's.
    var isClassUnknown: Bool {
        !architectures.isEmpty && !architectures.contains { name in rules.heads.contains { $0.architecture == name } }
    }

    private static func architectures(_ root: JSONValue) throws(LimbeckError) -> [String] {
        guard let list = root.optional("architectures") else { return [] }
        guard list.kind == .array else { throw list.mismatch("'architectures'", expected: "an array of strings") }
        var names: [String] = []
        for element in list.elements {
            guard let name = element.string else { throw element.mismatch("'architectures' \(names.count)", expected: "a string") }
            // What PyTorch's sharding put before the class's name.
            names.append(name.droppingUTF8Prefix("FSDP"))
        }
        return names
    }

    private static func problem(_ root: JSONValue) throws(LimbeckError) -> Problem {
        switch try root.optionalString("problem_type") {
        case "multi_label_classification": return .multiLabel
        case "regression": return .regression
        default: return .singleLabel
        }
    }
}

/// A number below 10^9 without sign, space or leading zero, as Python's `str(int)` writes it; nil for anything else.
@inline(never) func decimal(_ text: String) -> Int? {
    let digits = text.utf8
    guard digits.count <= 9, let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else { return nil }
    var value = 0
    for byte in digits {
        let digit = byte &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        value = value * 10 + Int(digit)
    }
    return value
}
