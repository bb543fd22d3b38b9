import KernelInterface

/// The contents of config.json, before the tensors confirm them. A size that is missing is nil, and the tensors decide.
///
/// Every property has a value before anything is read, so that a failing initialiser releases a single object.
final class DeclaredConfiguration {
    private(set) var rules: FamilyRules
    /// As spelt in the file, for messages.
    let modelType: String
    var hiddenSize: Int?
    /// The width of the embedding tables, where it may differ from the hidden size.
    var embeddingSize: Int?
    var layers: Int?
    var attentionHeads = 1
    /// Per head, in families whose files may specify it.
    var headSize: Int?
    var intermediateSize: Int?
    var vocabSize: Int?
    var maxPositions: Int?
    var typeVocabSize: Int?
    /// Groups of layers that share weights, and the layers per group.
    var groups = 1
    var groupLayers = 1
    var paddingId: Int?
    var activation = Activation.identity
    var layerNormEps: Float = 0
    var normsHaveBias = true
    /// The names of the model's classes in transformers; empty in old files.
    var architectures: [String] = []
    var problem = Problem.singleLabel
    /// Weight tying: the output embeddings are the input embeddings, and may be missing from the weights.
    var tiesEmbeddings = true
    /// The whole object, for keys that only one family has.
    let root: JSONValue
    /// Notes on the folder for the user.
    let notes: Notes

    /// The file name in messages.
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

    /// The maximum number of labels of a head; each takes memory, even if the file leaves its row empty.
    static let maxLabels = 65_536

    /// The names of a head's `count` labels: `id2label` by index, or without it the default names of transformers.
    ///
    /// If `num_labels` differs from the number of names, transformers 4 uses the names and transformers 5 makes up `num_labels`
    /// names; both refuse a classifier with a different number of rows. So its number of rows tells which of the two applies.
    func labels(count: Int) throws(LimbeckError) -> [String] {
        guard count <= DeclaredConfiguration.maxLabels else {
            throw LimbeckError(
                .fileUnsupported, "\(root.document.file): \(count) labels, expected at most \(DeclaredConfiguration.maxLabels)")
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
        return labels.map { $0 ?? "" }  // none is nil: there are as many distinct indices as labels
    }

    /// A label that is a number or a boolean, as spelt in the file.
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

    // MARK: - Parts

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
        if isFastBERT(root) { return (.fastBERT, "fastbert") }
        // Files older than model_type: TinyBERT's, and those converted from Google's. Later families that share these keys also
        // have one of the following.
        let others = ["embedding_size", "num_hidden_groups", "true_hidden_size"]
        if root.optional("hidden_size") != nil, root.optional("num_attention_heads") != nil,
            !others.contains(where: { root.optional($0) != nil })
        {
            return (.bert, "bert")
        }
        throw LimbeckError(.fileUnsupported, "\(root.document.file): no 'model_type', and not the keys of a BERT")
    }

    /// The id from which positions are counted.
    @inline(never) private static func padding(_ root: JSONValue, _ key: String?, _ other: Int) throws(LimbeckError) -> Int {
        guard let key, let value = root.optional(key) else { return other }
        guard let id = value.int, 0...Int(Int32.max) ~= id else { throw value.mismatch("'\(key)'", expected: "an id") }
        return id
    }

    /// In every family, transformers also accepts these sizes under one common name, which takes precedence.
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

    /// The activation of a head's linear layer: its own, or the encoder's.
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

    /// Which state of a sequence the head reads. Each class has its own words for it; the table of each key accepts only its own.
    func reading(_ key: String?) throws(LimbeckError) -> HeadReading {
        guard let key else { return .first }
        switch try root.optionalString(key) {
        case "mean": return .mean
        // Without a `cls_index` given, it is the index of the last token.
        case "last", "cls_index": return .last
        default: return .first
        }
    }

    /// Whether classes are named, and none of them is one of the family's.
    var isClassUnknown: Bool {
        !architectures.isEmpty && !architectures.contains { name in rules.heads.contains { $0.architecture == name } }
    }

    private static func architectures(_ root: JSONValue) throws(LimbeckError) -> [String] {
        guard let list = root.optional("architectures") else { return [] }
        guard list.kind == .array else { throw list.mismatch("'architectures'", expected: "an array of strings") }
        var names: [String] = []
        for element in list.elements {
            guard let name = element.string else { throw element.mismatch("'architectures' \(names.count)", expected: "a string") }
            // A prefix that PyTorch's sharding adds to the class name.
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
    let digits = [UInt8](text.utf8)
    guard digits.count <= 9, let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else { return nil }
    var value = 0
    for byte in digits {
        let digit = byte &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        value = value * 10 + Int(digit)
    }
    return value
}
