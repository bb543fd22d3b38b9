/// What the sentence-transformers files and the tokenizer's configuration say about turning texts into vectors.
struct SentenceModules {
    /// nil: the folder does not say.
    var pooling: Pooling?
    var normalize = false
    /// The most tokens of a text that the folder wants; nil: as many as the model has positions.
    var maxLength: Int?

    /// A GGUF file says the pooling, and no more. llama.cpp's programs make the length one, so that is what its users expect.
    init(_ gguf: GGUFFile) throws(LimbeckError) {
        pooling = try gguf.pooling()
        normalize = pooling != nil
    }

    init(_ folder: ModelFolder, hiddenSize: Int) throws(LimbeckError) {
        for module in folder.modules ?? [] {
            switch module.kind {
            case .pooling: pooling = try SentenceModules.pooling(folder.json(of: module), hiddenSize: hiddenSize)
            case .normalize: normalize = true
            }
        }
        // The names that the versions of sentence-transformers have given to one file.
        for name in ["sentence_bert_config.json", "sentence_distilbert_config.json"] {
            if let root = try folder.json(name), let length = try root.optionalSize("max_seq_length") { limit(to: length) }
        }
        if let value = try folder.json("tokenizer_config.json")?.optional("model_max_length") {
            // Often 10^30, which means no limit, and is no Int.
            guard let length = value.double, length >= 1 else {
                throw value.mismatch("'model_max_length'", expected: "a number of tokens")
            }
            if length < Double(Int32.max) { limit(to: Int(length)) }
        }
    }

    private mutating func limit(to length: Int) {
        maxLength = min(maxLength ?? length, length)
    }

    private static func pooling(_ root: JSONValue, hiddenSize: Int) throws(LimbeckError) -> Pooling {
        for key in ["word_embedding_dimension", "embedding_dimension"] {
            if let size = try root.optionalSize(key), size != hiddenSize {
                throw LimbeckError(
                    .fileInconsistent, "\(root.document.file): \(key) is \(size), but the model's hidden size is \(hiddenSize)")
            }
        }
        let mode: String
        if let named = try pooling(named: root) { mode = named } else { mode = try pooling(flagged: root) }
        switch mode {
        case "mean": return .mean
        case "cls": return .cls
        case "max": return .max
        default:
            throw LimbeckError(
                .fileUnsupported, "\(root.document.file): pooling '\(mode)' is not supported, expected one of mean, cls, max")
        }
    }

    /// Since sentence-transformers 6: one name, or a list of them.
    private static func pooling(named root: JSONValue) throws(LimbeckError) -> String? {
        guard let mode = root.optional("pooling_mode") else { return nil }
        guard mode.kind == .array else { return try root.optionalString("pooling_mode") }
        var names: [String] = []
        for element in mode.elements {
            guard let name = element.string else { throw element.mismatch("'pooling_mode'", expected: "strings") }
            names.append(name)
        }
        return join(names)
    }

    /// Before: a flag for each, the mean if none is set.
    private static func pooling(flagged root: JSONValue) throws(LimbeckError) -> String {
        let flags: [(key: String, name: String)] = [
            ("pooling_mode_cls_token", "cls"), ("pooling_mode_max_tokens", "max"), ("pooling_mode_mean_tokens", "mean"),
            ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
            ("pooling_mode_weightedmean_tokens", "weightedmean"), ("pooling_mode_lasttoken", "lasttoken"),
        ]
        var names: [String] = []
        for (key, name) in flags where try root.optionalBool(key) == true { names.append(name) }
        return names.isEmpty ? "mean" : join(names)
    }

    private static func join(_ names: [String]) -> String {
        var text = ""
        for name in names { text += text.isEmpty ? name : " + \(name)" }
        return text
    }
}
