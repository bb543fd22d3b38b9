import KernelInterface

// The exits in a pack, with writing and reading next to each other. The model's own head, the last exit, is "head".

extension Weights {
    /// Whether format 2 can express the exits: there is none but a head on the state.
    var hasPlainExits: Bool { exits.count == 1 && exits[0].block == nil && exits[0].from == .hidden }

    func writeExits(to contents: inout PackContents, _ json: inout JSONWriter) {
        for (index, exit) in exits.enumerated() where index == exits.count - 1 {
            json.object("head") { json in exit.head.write("head", to: &contents, &json) }
        }
        if hasPlainExits { return }
        json.array("exits") { json in
            for (index, exit) in exits.enumerated() {
                json.object { json in
                    json.write("layers", exit.layers)
                    if let block = exit.block { json.write("block", block) }
                    json.write("from", exit.from)
                    json.write("width", exit.head.width)
                    guard index < exits.count - 1 else { return }
                    json.object("head") { json in exit.head.write("exits.\(index)", to: &contents, &json) }
                }
            }
        }
    }
}

extension ExitDefault {
    func write(_ key: String, to json: inout JSONWriter) {
        json.object(key) { json in
            if threshold != 0 { json.write("threshold_bits", bits: threshold) }
            if patience != 0 { json.write("patience", patience) }
        }
    }
}

extension Configuration {
    /// A default that no call would refuse.
    @inline(never) mutating func readExitDefault(_ json: __shared JSONValue) throws(LimbeckError) {
        if json.optional("threshold_bits") != nil { exitDefault.threshold = try json.float("threshold_bits") }
        if json.optional("patience") != nil { exitDefault.patience = try json.integer("patience", 1...Int(Int32.max)) }
        let choice = exitDefault.choice
        guard mayLeave, !choice.isEmpty, (try? rule(of: choice, labels: labels.count, exits: 1)) != nil else {
            throw json.mismatch("a default for exits that no text can follow", expected: "a threshold, or a patience")
        }
    }
}

extension PartsReader {
    /// After the steps, whose buffers the heads read.
    func readExits() throws(LimbeckError) {
        let own = try root.required("head")
        guard root.optional("exits") != nil else {
            parts.exits = [Exit(layers: parts.layers.count, head: try Head(own, width: c.hiddenSize, c, tensors))]
            return
        }
        let list = try root.list("exits").list
        guard c.head == .sequence, c.exitRule != nil, !list.isEmpty else {
            throw root.mismatch("exits of a model without", expected: "a head for sequences, and a rule")
        }
        for (index, json) in list.enumerated() {
            try readExit(json, head: index == list.count - 1 ? own : json.required("head"), isLast: index == list.count - 1)
        }
    }

    @inline(never) private func readExit(_ json: JSONValue, head: JSONValue, isLast: Bool) throws(LimbeckError) {
        let first = isLast ? parts.layers.count : max(1, parts.exits.last?.layers ?? 1)
        let layers = try json.integer("layers", first...max(first, parts.layers.count))
        let block = json.optional("block") == nil ? nil : try json.integer("block", 0...max(0, parts.blocks.count - 1))
        let from = try json.buffer("from")
        let width = try json.integer("width", 1...max(1, widths[from]))
        guard from == .hidden ? width == c.hiddenSize : block != nil && width <= widths[from] else {
            throw json.mismatch("an exit that reads \(width) numbers", expected: "the state, or a row of its own block")
        }
        if let block {
            guard parts.blocks.indices.contains(block), !parts.blocks[block].contains(where: { $0.output?.buffer == .hidden })
            else {
                throw json.mismatch("an exit whose steps write the state", expected: "steps that leave it as it is")
            }
        }
        parts.exits.append(
            Exit(layers: layers, block: block, from: from, head: try Head(head, width: width, c, tensors)))
    }
}
