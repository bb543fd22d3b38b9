import KernelInterface

/// A short input of a packed model and the model's answer, kept in the pack so that it can be recomputed.
struct Reference {
    /// The text that the ids come from; nil in a model without tokenizer.
    var text: String?
    var ids: [Int32]
    var types: [Int32]
    /// The mean of the last layer's states. (hidden)
    var mean: [Float] = []
    /// The logits of a head that classifies texts or tokens.
    var logits: [Float]?
    /// The vector, without a prompt, if a vector is more than a pooling of the states. (kept)
    var vector: [Float]?

    /// Maximum number of texts, and of tokens per text.
    static let maxTexts = 4
    static let maxTokens = 32

    /// From a text, truncated as by the session.
    init(_ text: __shared String, _ session: __shared Session, _ tokenizer: __shared Tokenizer) throws(LimbeckError) {
        self.text = text
        (ids, types) = ([], [])
        var text = text
        let capacity = Reference.maxTokens
        let options = min(capacity, session.longest)
        var ids = [Int32](repeating: 0, count: capacity), types = ids
        let count = text.withUTF8 { text in
            ids.withUnsafeMutableBufferPointer { ids in
                types.withUnsafeMutableBufferPointer { types in
                    tokenizer.encode(
                        Text(text), pair: nil, addSpecialTokens: true, maxLength: options,
                        into: TokenBuffer(
                            ids: ids.baseAddress, types: types.baseAddress, starts: nil, ends: nil, capacity: capacity))
                }
            }
        }
        guard count <= capacity else { throw LimbeckError(.tooLong, "\(count) special tokens") }
        (self.ids, self.types) = (Array(ids[..<count]), Array(types[..<count]))
    }

    init(ids: [Int32], types: [Int32]) { (self.ids, self.types) = (ids, types) }

    /// The references of a model: from the first of `texts`, or from lists of ids spread over the vocabulary.
    static func all(of texts: [String], _ session: Session) throws(LimbeckError) -> [Reference] {
        var references: [Reference] = []
        if let tokenizer = session.model.tokenizer {
            for text in texts.isEmpty ? builtIn : Array(texts.prefix(maxTexts)) {
                let reference = try Reference(text, session, tokenizer)
                if !reference.ids.isEmpty { references.append(reference) }
            }
        } else {
            for length in [1, 7, 24] {
                let count = min(length, session.longest)
                let ids = (0..<count).map { Int32(truncatingIfNeeded: ($0 * 7919 + length) % session.model.vocabSize) }
                references.append(Reference(ids: ids, types: [Int32](repeating: 0, count: count)))
            }
        }
        for index in references.indices { try references[index].compute(session) }
        return references
    }

    /// Short texts in several scripts.
    private static var builtIn: [String] {
        ["A small model answers on the device.", "Größe: 42 €, naïve café!", "机器学习 и машинное обучение", "a"]
    }

    mutating func compute(_ session: Session) throws(LimbeckError) {
        let hidden = session.model.hiddenSize
        let states = try forward(.hidden, session)
        mean = [Float](repeating: 0, count: hidden)
        states.withUnsafeBufferPointer { states in
            mean.withUnsafeMutableBufferPointer { out in
                if let states = states.baseAddress, let out = out.baseAddress {
                    Limbeck.mean(states, hidden, ids.count, into: out, hidden)
                }
            }
        }
        // The states are still in the scratch.
        vector = try session.model.weights.vector.isPlain ? nil : session.vector()
        switch session.model.configuration.head {
        case .none, .maskedLM: logits = nil
        case .sequence, .token, .span, .detection: logits = try forward(.logits, session)
        }
    }

    private func forward(_ output: ForwardOutput, _ session: Session) throws(LimbeckError) -> [Float] {
        let (width, perToken) = try session.shape(output)
        var out = [Float](repeating: 0, count: width * (perToken ? ids.count : 1))
        try ids.withUnsafeBufferPointer { ids throws(LimbeckError) in
            try types.withUnsafeBufferPointer { types throws(LimbeckError) in
                try withUnsafePointer(to: ids.count) { count throws(LimbeckError) in
                    try out.withUnsafeMutableBufferPointer { out throws(LimbeckError) in
                        _ = try session.forward(
                            ids: ids, types: types, lengths: UnsafeBufferPointer(start: count, count: 1), output: output, layer: -1,
                            into: out)
                    }
                }
            }
        }
        return out
    }
}

extension Reference {
    func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) throws(LimbeckError) {
        let (ids, types, mean, logits) = ("\(name).ids", "\(name).types", "\(name).mean", "\(name).logits")
        try contents.add(ids, .i32, copying: self.ids)
        try contents.add(types, .i32, copying: self.types)
        try contents.add(mean, .f32, copying: self.mean)
        if let values = self.logits { try contents.add(logits, .f32, copying: values) }
        if let vector { try contents.add("\(name).vector", .f32, copying: vector) }
        json.object { json in
            if let text { json.write("text", text) }
            json.write("tokens", self.ids.count)
            json.write("ids", ids)
            json.write("types", types)
            json.write("mean", mean)
            if let values = self.logits {
                json.write("logit_count", values.count)
                json.write("logits", logits)
            }
            if vector != nil { json.write("vector", "\(name).vector") }
        }
    }

    init(_ json: __shared JSONValue, _ file: __shared PackFile, hidden: Int, vector kept: Int) throws(LimbeckError) {
        let tensors = file.tensors
        let count = try json.integer("tokens", 1...Reference.maxTokens)
        text = try json.optionalString("text")
        ids = Array(UnsafeBufferPointer(start: try tensors.i32(json, "ids", count), count: count))
        types = Array(UnsafeBufferPointer(start: try tensors.i32(json, "types", count), count: count))
        mean = Array(UnsafeBufferPointer(start: try tensors.f32(json, "mean", hidden), count: hidden))
        (logits, vector) = (nil, nil)
        if json.optional("logits") != nil {
            let count = try json.size("logit_count")
            logits = Array(UnsafeBufferPointer(start: try tensors.f32(json, "logits", count), count: count))
        }
        if json.optional("vector") != nil {
            vector = Array(UnsafeBufferPointer(start: try tensors.f32(json, "vector", kept), count: kept))
        }
    }

    /// Compares bits, so that NaN equals NaN.
    func agrees(with other: Reference) -> Bool {
        func areSame(_ a: [Float], _ b: [Float]) -> Bool {
            a.count == b.count && a.indices.allSatisfy { a[$0].bitPattern == b[$0].bitPattern }
        }
        return ids == other.ids && types == other.types && areSame(mean, other.mean) && areSame(logits ?? [], other.logits ?? [])
            && areSame(vector ?? [], other.vector ?? [])
    }
}
