import KernelInterface

extension Configuration {
    func write(to json: inout JSONWriter, parameters: Int) {
        json.write("family", word(Int(family.rawValue) - 1, in: PackNames.families))
        json.write("precision", word(Int(precision.rawValue) - 1, in: PackNames.precisions))
        json.write("parameters", parameters)
        json.write("hidden_size", hiddenSize)
        json.write("embedding_size", embeddingSize)
        json.write("attention_heads", attentionHeads)
        json.write("head_size", headSize)
        json.write("intermediate_size", intermediateSize)
        json.write("vocab_size", vocabSize)
        json.write("max_positions", maxPositions)
        if let paddingId { json.write("padding_id", Int(paddingId)) }
        json.write("type_vocab_size", typeVocabSize)
        json.write("position_panels", positionPanels)
        json.write("head", word(PackNames.headValues.firstIndex(of: head) ?? 0, in: PackNames.heads))
        json.array("labels") { json in for label in labels { json.write(nil, label) } }
        json.write("head_reads_means", headReading == .mean)
        if headReading == .last { json.write("head_reads_last", true) }
        json.write("multi_label", problem == .multiLabel)
        if problem == .regression { json.write("regression", true) }
        if let exitRule { json.write("exit_rule", word(Int(exitRule.rawValue) - 1, in: PackNames.exitRules)) }
        json.write("max_length", maxLength)
    }

    /// Whether format 1 can express what the head reads, and the meaning of its outputs.
    var isHeadPlain: Bool { headReading != .last && problem != .regression }

    /// Without the widths of the buffers and the number of layers, which follow from the steps.
    init(_ json: __shared JSONValue) throws(LimbeckError) {
        let family = UInt32(try json.choice("family", PackNames.families)) + 1
        self.init(family: Family(rawValue: family) ?? .bert)
        precision = Precision(rawValue: UInt32(try json.choice("precision", PackNames.precisions)) + 1) ?? .float32
        hiddenSize = try json.size("hidden_size")
        embeddingSize = try json.size("embedding_size")
        attentionHeads = try json.size("attention_heads")
        // The width of attention must not exceed the maximum width of a buffer.
        headSize = try json.integer("head_size", 1...Int(Int32.max) / attentionHeads)
        intermediateSize = try json.size("intermediate_size")
        vocabSize = try json.size("vocab_size")
        maxPositions = try json.size("max_positions")
        if json.optional("padding_id") != nil {
            // The last position must be a 32-bit number too.
            paddingId = Int32(truncatingIfNeeded: try json.integer("padding_id", 0...Int(Int32.max) - maxPositions))
        }
        typeVocabSize = try json.integer("type_vocab_size", 0...Int(Int32.max))
        positionPanels = try json.integer("position_panels", 0...Int(Int32.max) / panelColumns)
        head = PackNames.headValues[try json.choice("head", PackNames.heads)]
        for label in try json.list("labels") {
            guard labels.count < DeclaredConfiguration.maxLabels, let text = label.string else {
                throw label.mismatch("a label", expected: "a string, one of at most \(DeclaredConfiguration.maxLabels)")
            }
            labels.append(text)
        }
        if try json.flag("head_reads_means") { headReading = .mean }
        if try json.optionalBool("head_reads_last") == true { headReading = .last }
        if try json.flag("multi_label") { problem = .multiLabel }
        if try json.optionalBool("regression") == true { problem = .regression }
        if json.optional("exit_rule") != nil {
            exitRule = ExitRule(rawValue: UInt32(try json.choice("exit_rule", PackNames.exitRules)) + 1)
        }
        maxLength = try json.integer("max_length", 1...maxPositions)
    }

    /// Rows of tables indexed by position; those before the first position belong to padding.
    var positionRows: Int { maxPositions + (paddingId.map { Int($0) + 1 } ?? 0) }
}
