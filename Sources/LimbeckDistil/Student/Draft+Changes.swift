import Limbeck

// What a recipe changes in the model that a student is made from.

extension Draft {
    /// Makes all weights new, in other sizes; the tables of embeddings may be the old ones, projected.
    func renew(_ student: StudentSource) throws(LimbeckError) {
        let c = loaded.configuration
        let hidden = student.hiddenSize ?? c.hiddenSize, heads = student.attentionHeads ?? c.attentionHeads
        for (name, size, most) in [
            ("hidden_size", hidden, 1 << 14), ("intermediate_size", student.intermediateSize ?? 1, 1 << 16),
            ("layer_count", student.layerCount ?? 1, 1 << 10),
        ] where size > most {
            throw LimbeckError(.invalidArgument, "recipe: 'student.\(name)' is \(size), expected at most \(most)")
        }
        guard hidden % heads == 0 else {
            throw LimbeckError(
                .invalidArgument, "recipe: 'student.attention_heads': \(heads) do not divide 'hidden_size', \(hidden)")
        }
        let inner = student.intermediateSize ?? (student.hiddenSize == nil ? c.intermediateSize : 4 * hidden)
        if let count = student.layerCount { try keep(layers: (0..<count).map { $0 % max(1, c.layers) }) }
        hiddenSize = hidden
        set(names.hiddenKey, String(hidden))
        set(names.headsKey, String(heads))
        set(names.intermediateKey, String(inner))
        var projection: PrincipalComponents?
        if student.projectsEmbeddings, hidden < c.embeddingSize, let word = wordTable {
            projection = PrincipalComponents(of: numbers(word), width: c.embeddingSize, kept: hidden)
        }
        func resized(_ size: Int) -> Int {
            switch size {
            case c.hiddenSize: hidden
            case c.intermediateSize: inner
            case 2 * c.intermediateSize: 2 * inner
            case 3 * c.hiddenSize: 3 * hidden
            default: size
            }
        }
        for (number, entry) in entries.enumerated() where entry.isFloat {
            var new = entry
            // The rows of tables and decoders are ids and positions, whatever their number is.
            let isTable = entry.name.firstUTF8("embeddings.") != nil || entry.name.firstUTF8("decoder") != nil
            new.shape = entry.shape.enumerated().map { $0 == 0 && isTable && entry.shape.count > 1 ? $1 : resized($1) }
            new.stored = nil
            let count = new.shape.reduce(1, *)
            if entry.shape.count == 1 {
                new.numbers = [Float](
                    repeating: entry.name.hasUTF8Suffix("bias") || entry.name.hasUTF8Suffix("beta") ? 0 : 1, count: count)
            } else if isTable, let projection, entry.shape[1] == c.embeddingSize {
                new.numbers = projection.project(numbers(entry))
            } else {
                var random = random(UInt64(number))
                new.numbers = Draft.normal(count, deviation: student.initializerRange, &random)
            }
            entries[number] = new
        }
    }

    private var wordTable: Entry? {
        entries.first { $0.name.firstUTF8("word_embeddings") != nil || $0.name.firstUTF8("tok_embeddings") != nil }
    }

    /// Gives the student a head with new weights, and the class that has it.
    func setHead(_ head: HeadSource, deviation: Float) throws(LimbeckError) {
        let (kind, labels): (HeadKind, [String]) =
            switch head {
            case .none: (.none, [])
            case .sequence(let labels): (.sequence, labels)
            case .exits(_, let labels): (.sequence, labels)
            case .token(let labels): (.token, labels)
            case .span: (.span, ["", ""])
            case .maskedLM: (.maskedLM, [])
            }
        guard let (name, _, layers) = names.classes.first(where: { $0.head == kind }) else {
            throw LimbeckError(.unsupported, "recipe: 'student.head': the family has no class with this head")
        }
        set("architectures", "[\(JSONText.quoted(name))]")
        if kind == .maskedLM {
            guard loaded.configuration.head == .maskedLM else {
                throw LimbeckError(
                    .invalidArgument, "recipe: 'student.head': masked_tokens, expected a model that has this head already")
            }
            return
        }
        // The base model's tensors have their prefix beside a head.
        let hasPrefix = entries.contains { $0.name.hasUTF8Prefix(names.prefix) }
        if kind != .none, !hasPrefix, !names.prefix.isEmpty {
            for index in entries.indices { entries[index].name = names.prefix + entries[index].name }
        }
        if case .exits(let system, _) = head {
            try addExits(system, class: name, labels: labels.count, deviation: deviation)
        } else if kind != .none {
            for (number, layer) in layers.enumerated() {
                let isLast = number == layers.count - 1, isPooler = names.pooler == layer
                let written = isPooler ? names.prefix + layer : layer
                if !isLast, entries.contains(where: { $0.name == "\(written).weight" }) { continue }
                addLinear(written, outputs: isLast ? labels.count : hiddenSize, deviation: deviation, stream: UInt64(number))
            }
        }
        for key in ["id2label", "label2id", "problem_type", "num_labels"] { remove(key) }
        guard kind == .sequence || kind == .token else { return }
        let numbered = labels.enumerated().map { ("\"\($0)\"", JSONText.quoted($1)) }
        set("id2label", "{" + numbered.map { "\($0): \($1)" }.joined(", ") + "}")
        set("label2id", "{" + labels.enumerated().map { "\(JSONText.quoted($1)): \($0)" }.joined(", ") + "}")
    }

    /// A linear layer on the state, with new weights.
    private func addLinear(_ name: String, outputs: Int, deviation: Float, stream: UInt64) {
        entries.removeAll { $0.name == "\(name).weight" || $0.name == "\(name).bias" }
        var random = random(0x6865_6164 + stream)
        entries.append(
            Entry(
                name: "\(name).weight", shape: [outputs, hiddenSize],
                numbers: Draft.normal(outputs * hiddenSize, deviation: deviation, &random)))
        entries.append(Entry(name: "\(name).bias", shape: [outputs], numbers: [Float](repeating: 0, count: outputs)))
    }

    /// Exits after every layer, as the code of their system begins with: DeeBERT's poolers are copies of the model's. Other heads and exits go.
    private func addExits(
        _ system: HeadSource.ExitSystem, class name: String, labels: Int, deviation: Float
    ) throws(LimbeckError) {
        let families: [Family] = system == .deeBERT ? [.bert, .roberta] : [.bert, .albert]
        guard families.contains(family), let layer = names.pooler else {
            let list = system == .deeBERT ? "deebert, expected a BERT or RoBERTa" : "pabee, expected a BERT or ALBERT"
            throw LimbeckError(.unsupported, "recipe: 'student.head.system': \(list)")
        }
        entries.removeAll {
            $0.name.hasUTF8Prefix("classifier") || $0.name.firstUTF8("encoder.highway.") != nil
                || $0.name.firstUTF8("encoder.pooler.") != nil
        }
        let pooler = names.prefix + layer
        if !entries.contains(where: { $0.name == "\(pooler).weight" }) {
            addLinear(pooler, outputs: hiddenSize, deviation: deviation, stream: 0)
        }
        func classifier(_ name: String, _ stream: Int) {
            addLinear(name, outputs: labels, deviation: deviation, stream: UInt64(stream))
        }
        switch system {
        case .deeBERT:
            set("architectures", "[\(JSONText.quoted("Dee" + name))]")
            for exit in 0..<layerCount {
                let highway = "\(names.prefix)encoder.highway.\(exit)."
                for part in ["weight", "bias"] {
                    for entry in entries where entry.name == "\(pooler).\(part)" {
                        var copy = entry
                        copy.name = "\(highway)pooler.dense.\(part)"
                        entries.append(copy)
                    }
                }
                classifier("\(highway)classifier", 2 + exit)
            }
            classifier("classifier", 1)
        case .pabee:
            set("architectures", "[\(JSONText.quoted(name + "WithPabee"))]")
            for exit in 0..<layerCount { classifier("classifiers.\(exit)", 1 + exit) }
        }
    }

    /// Makes a DistilBERT of a BERT: no token types, no pooler. What type 0 adds to every token is lost, as in DistilBERT's own script.
    func dropTokenTypes() throws(LimbeckError) {
        if loaded.configuration.typeVocabSize == 0 { return }
        guard loaded.configuration.family == .bert else {
            throw LimbeckError(.unsupported, "recipe: 'student.token_types': false, expected a BERT, of which a DistilBERT is made")
        }
        dropPooler()
        entries.removeAll { $0.name.firstUTF8("token_type_embeddings") != nil || $0.name.firstUTF8("seq_relationship") != nil }
        let spellings = [
            ("bert.", ""), ("encoder.layer.", "transformer.layer."), ("attention.self.query", "attention.q_lin"),
            ("attention.self.key", "attention.k_lin"), ("attention.self.value", "attention.v_lin"),
            ("attention.output.dense", "attention.out_lin"), ("attention.output.LayerNorm", "sa_layer_norm"),
            ("intermediate.dense", "ffn.lin1"), ("output.dense", "ffn.lin2"), ("output.LayerNorm", "output_layer_norm"),
            ("cls.predictions.transform.dense", "vocab_transform"), ("cls.predictions.transform.LayerNorm", "vocab_layer_norm"),
            ("cls.predictions.decoder", "vocab_projector"), ("cls.predictions", "vocab_projector"),
        ]
        for index in entries.indices {
            var name = entries[index].name
            for (old, new) in spellings { name = name.replacingFirstUTF8(old, by: new) }
            let isHead = name.hasUTF8Prefix("vocab_") || name.hasUTF8Prefix("classifier") || name.hasUTF8Prefix("qa_outputs")
            entries[index].name = isHead ? name : "distilbert." + name
        }
        let c = loaded.configuration
        for (old, new) in [
            ("hidden_size", "dim"), ("num_hidden_layers", "n_layers"), ("num_attention_heads", "n_heads"),
            ("intermediate_size", "hidden_dim"), ("hidden_act", "activation"),
        ] {
            guard let json = configuration.first(where: { $0.key == old })?.json else { continue }
            remove(old)
            set(new, json)
        }
        for key in [
            "type_vocab_size", "layer_norm_eps", "position_embedding_type", "hidden_dropout_prob", "attention_probs_dropout_prob",
        ] {
            remove(key)
        }
        family = .distilBERT
        set("model_type", "\"distilbert\"")
        let name =
            switch c.head {
            case .maskedLM: "DistilBertForMaskedLM"
            case .token: "DistilBertForTokenClassification"
            case .span: "DistilBertForQuestionAnswering"
            default: "DistilBertModel"
            }
        set("architectures", "[\"\(name)\"]")
    }

    /// Keeps these rows of the tables and decoders over the vocabulary.
    func keep(vocabulary ids: [Int]) {
        let size = loaded.configuration.vocabSize
        for index in entries.indices where entries[index].shape.first == size && entries[index].isFloat {
            let entry = entries[index]
            let isOfWords = ["word_embeddings", "tok_embeddings", "decoder", "predictions.bias", "lm_head", "vocab_projector"]
                .contains { entry.name.firstUTF8($0) != nil }
            guard isOfWords else { continue }
            let old = numbers(entry), width = entry.shape.dropFirst().reduce(1, *)
            var kept: [Float] = []
            kept.reserveCapacity(ids.count * width)
            for id in ids { kept += old[id * width..<(id + 1) * width] }
            entries[index] = Entry(name: entry.name, shape: [ids.count] + entry.shape.dropFirst(), numbers: kept)
        }
        set("vocab_size", String(ids.count))
        for (key, json) in configuration where key.hasUTF8Suffix("_token_id") {
            if let place = Int(json).flatMap({ id in ids.firstIndex(of: id) }) { set(key, String(place)) }
        }
    }
}
