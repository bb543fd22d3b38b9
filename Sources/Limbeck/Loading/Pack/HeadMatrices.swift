import KernelInterface

// The parts of the heads, and of disentangled attention, each with writing and reading next to each other.

extension Linear {
    @inline(never) func write(_ key: String, _ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.object(key) { json in
            json.write("inputs", inputs)
            json.write("outputs", outputs)
            weight.write(name, rows: outputs, width: inputs, to: &contents, &json)
            if let bias { contents.write("bias", of: name, .f32, [outputs], bias, &json) }
        }
    }

    @inline(never) init(_ json: __shared JSONValue, inputs expected: Int, _ tensors: __shared PackTensors) throws(LimbeckError) {
        inputs = try json.integer("inputs", expected...expected)
        outputs = try json.size("outputs")
        weight = try Rows(json, rows: outputs, width: inputs, tensors)
        bias = try tensors.optionalF32(json, "bias", outputs)
    }
}

extension Dense {
    @inline(never) func write(_ key: String, _ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.object(key) { json in
            linear.write("linear", name, to: &contents, &json)
            json.write("activation", activation)
            json.write("relu", relu)
            norm?.write("norm", name, to: &contents, &json)
        }
    }

    /// A layer over the hidden state. The heads have room for `limit` outputs.
    @inline(never) init(_ json: __shared JSONValue, hidden: Int, limit: Int, _ tensors: __shared PackTensors) throws(LimbeckError) {
        let value = try json.required("linear")
        linear = try Linear(value, inputs: hidden, tensors)
        activation = try json.activation("activation")
        relu = try json.flag("relu")
        norm = try PackedNorm("norm", of: json, tensors)
        guard linear.outputs <= limit, norm == nil || norm?.width == linear.outputs else {
            throw value.mismatch("a layer of \(linear.outputs) outputs", expected: "at most \(limit), and a norm as wide")
        }
    }
}

extension Head<Packed> {
    func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        let (dense, last): (Dense?, Linear)
        switch self {
        case .none: return
        case .sequence(let layer, let classifier): (dense, last) = (layer, classifier)
        case .token(let head), .span(let head), .detection(let head): (dense, last) = (head.dense, head.linear)
        case .maskedLM(let transform, let decoder): (dense, last) = (transform, decoder)
        }
        dense?.write("dense", name + ".dense", to: &contents, &json)
        last.write("classifier", name + (kind == .maskedLM ? ".decoder" : ".classifier"), to: &contents, &json)
    }

    /// A head that reads rows of `width` numbers.
    init(
        _ json: __shared JSONValue, width: Int, _ c: __shared Configuration, _ tensors: __shared PackTensors
    ) throws(LimbeckError) {
        guard c.head != .none else {
            self = .none
            return
        }
        let limit = max(c.hiddenSize, c.embeddingSize, width)
        let dense = try json.optional("dense").map { (value) throws(LimbeckError) in
            try Dense(value, hidden: width, limit: limit, tensors)
        }
        let value = try json.required("classifier")
        let classifier = try Linear(value, inputs: dense?.linear.outputs ?? width, tensors)
        let expected =
            switch c.head {
            case .none, .sequence, .token: c.labels.count
            case .span: 2
            case .maskedLM: c.vocabSize
            case .detection: 1
            }
        guard classifier.outputs == expected else {
            throw value.mismatch("a classifier of \(classifier.outputs) outputs", expected: "\(expected)")
        }
        let head = TokenClassifier<Packed>(dense: dense, linear: classifier)
        switch c.head {
        case .none: self = .none
        case .sequence: self = .sequence(dense: dense, classifier: classifier)
        case .token: self = .token(head)
        case .span: self = .span(head)
        case .detection: self = .detection(head)
        case .maskedLM:
            guard let dense else { throw json.mismatch("a decoder without a layer before it", expected: "one") }
            self = .maskedLM(transform: dense, decoder: classifier)
        }
    }
}

extension PackedDisentangled {
    func write(
        _ key: String, _ name: String, _ step: AttentionStep<Packed>, _ c: Configuration, to contents: inout PackContents,
        _ json: inout JSONWriter
    ) {
        let shape = [step.heads * panels, step.headSize, panelColumns]
        let span = c.maxPositions
        json.object(key) { json in
            if let keys { contents.write("keys", of: name, .f32, shape, keys, &json) }
            if let queries { contents.write("queries", of: name, .f32, shape, queries, &json) }
            contents.write("rows", of: name, .i32, [2 * span - 1], rows - (span - 1), &json)
        }
    }

    /// The kernel reserves scores for as many positions as a sequence has distances. So the row of each distance must be that of
    /// the previous one or the next row, and none may exceed the panels.
    init(
        _ json: __shared JSONValue, _ step: AttentionStep<Packed>, _ c: __shared Configuration, _ tensors: __shared PackTensors
    ) throws(LimbeckError) {
        func table(_ key: String) throws(LimbeckError) -> UnsafeMutablePointer<Float>? {
            let rows = step.heads * c.positionPanels
            // Only written during packing.
            return UnsafeMutablePointer(mutating: try tensors.optionalF32(json, key, rows, by: step.headSize, panelColumns))
        }
        let count = 2 * c.maxPositions - 1
        let first = try tensors.i32(json, "rows", count)
        var isInOrder = c.positionPanels > 0 && first[0] >= 0 && Int(first[count - 1]) < c.positionPanels * panelColumns
        for index in 1..<max(count, 1) { isInOrder = isInOrder && 0...1 ~= Int(first[index]) - Int(first[index - 1]) }
        guard isInOrder else { throw json.mismatch("rows of positions out of order", expected: "steps of 0 or 1") }
        let (keys, queries) = (try table("keys"), try table("queries"))
        self.init(keys: keys, queries: queries, panels: c.positionPanels, rows: first + (c.maxPositions - 1))
    }
}
