/// Settings of a folder outside its modules: in config_sentence_transformers.json, in the file of the Transformer (which has had
/// several names), and in tokenizer_config.json.
struct SentenceSettings {
    var prompts = Prompts.ofEmbeddings
    /// The maximum number of tokens of a text; nil: the number of positions of the model.
    var maxLength: Int?
    /// Vectors are truncated to this many elements; nil: not truncated.
    var kept: Int?
    var similarity = Similarity.cosine
    /// How a cross-encoder's logits become scores; nil: the folder is not a sentence-transformers cross-encoder.
    var scores: Scores?

    var isCrossEncoder: Bool { scores != nil }

    @inline(never) init() {}

    /// `config` is the whole config.json.
    init(_ folder: __shared ModelFolder, _ c: __shared Configuration, config: __shared JSONValue) throws(LimbeckError) {
        self.init()
        if folder.modules == nil {
            // sentence-transformers does not read them either.
            note("config_sentence_transformers.json", folder)
            for name in ModelFolder.sentenceTransformerFiles { note(name, folder) }
        } else {
            try read(folder.topJSON("config_sentence_transformers.json"), folder.sentenceTransformer(), c)
        }
        // A cross-encoder from before 5.4 is a folder as transformers writes it, with a member in
        // config.json. Newer files take precedence.
        if c.head == .sequence, isCrossEncoder || folder.modules == nil, !hasActivation { try read(config: config, c) }
        if maxLength == nil { maxLength = try SentenceSettings.tokenizerLength(folder) }
    }

    @inline(never) private func note(_ name: String, _ folder: ModelFolder) {
        if folder.has(name) { folder.notes.add("\(name): ignored, as there is no modules.json") }
    }

    /// Whether `scores` is specified by the folder.
    private var hasActivation = false

    /// Reads the two files of a folder with modules.
    private mutating func read(
        _ model: JSONValue?, _ transformer: JSONValue?, _ c: Configuration
    ) throws(LimbeckError) {
        var task: Int?
        if let transformer {
            let reader = MemberReader(transformer)
            task = reader.choice("transformer_task", "feature-extraction sequence-classification")
            maxLength = reader.size("max_seq_length")
            try reader.check()
            let keys: StaticString = "model_args model_kwargs config_args config_kwargs tokenizer_args processor_kwargs"
            for place in 0..<6 {
                guard let arguments = try transformer.optionalObject(word(place, in: keys)) else { continue }
                if let length = try arguments.optionalSize("model_max_length") { maxLength = length }
            }
        }
        let reader = model.map { MemberReader($0) }
        let said = reader ?? transformer.map { MemberReader($0) }
        // The file of the Transformer counts only if the other file does not specify it.
        let type = reader?.choice("model_type", "SentenceTransformer CrossEncoder") ?? task
        if type == 1 {
            (scores, prompts) = (SentenceSettings.defaultScores(c), Prompts())
            if c.head != .sequence { said?.fail(.fileInconsistent, "a cross-encoder, and weights without a classifier") }
        }
        if let task, let type, task != type {
            said?.fail(.fileInconsistent, "the Transformer's file has the task of another model")
        }
        if let reader { try read(reader) }
        try said?.check()
    }

    private mutating func read(_ model: MemberReader) throws(LimbeckError) {
        if isCrossEncoder { readActivation("activation_fn", model) }
        kept = model.size("truncate_dim")
        if let place = model.choice("similarity_fn_name", Similarity.names) { similarity = Similarity(place: place) ?? .cosine }
        let name = model.string("default_prompt_name")
        try model.check()
        if let all = model.root.optional("prompts") {
            guard all.kind == .object else { throw all.mismatch("'prompts'", expected: "an object") }
            for (name, value) in all.members {
                guard let text = value.isNull ? "" : value.string else {
                    throw value.mismatch("the prompt '\(name.string)'", expected: "a string")
                }
                try prompts.set(name.string, text, value)
            }
        }
        guard let name else { return }
        prompts.standard = prompts.place(of: name)
        if prompts.standard == nil {
            model.fail(.fileInconsistent, "default_prompt_name is '\(name)', and the prompts are \(prompts.names)")
        }
        try model.check()
    }

    // MARK: Cross-encoders

    /// The default scores of sentence-transformers.
    private static func defaultScores(_ c: Configuration) -> Scores { c.labels.count == 1 ? .sigmoid : .raw }

    private mutating func readActivation(_ key: String, _ reader: MemberReader) {
        guard let function = reader.torchFunction(key) else { return }
        if function.scores == nil { reader.unsupported(key, reader.string(key) ?? "") }
        (scores, hasActivation) = (function.scores ?? .raw, true)
    }

    private mutating func read(config root: JSONValue, _ c: Configuration) throws(LimbeckError) {
        let old = "sbert_ce_default_activation_function", new = "sentence_transformers"
        guard root.optional(old) != nil || root.optional(new) != nil else { return }
        if !isCrossEncoder { (scores, prompts) = (SentenceSettings.defaultScores(c), Prompts()) }
        var (reader, key) = (MemberReader(root), old)
        if let inner = root.optional(new) {
            guard inner.kind == .object else { throw inner.mismatch("'\(new)'", expected: "an object") }
            // If this is null, the older key is not read either.
            if inner["activation_fn"] != nil { (reader, key) = (MemberReader(inner), "activation_fn") }
        }
        readActivation(key, reader)
        try reader.check()
    }

    // MARK: Lengths

    /// 'model_max_length', or 'max_len', its older name; nil: no limit.
    private static func tokenizerLength(_ folder: ModelFolder) throws(LimbeckError) -> Int? {
        guard let root = try folder.json("tokenizer_config.json") else { return nil }
        let key = root["model_max_length"] == nil ? "max_len" : "model_max_length"
        guard let value = root.optional(key) else { return nil }
        // Often 10^30, which means no limit and does not fit an Int.
        guard let length = value.double, length >= 1 else { throw value.mismatch("'\(key)'", expected: "a number of tokens") }
        return length < Double(Int32.max) ? Int(length) : nil
    }
}
