import KernelInterface

/// A system of early exits, told by the tensors that its code leaves in a file.
enum ExitSystem {
    /// A pooler and a classifier of its own after each layer, beside the model's head.
    case deeBERT
    /// A classifier after each layer, on one pooler.
    case pabee
    /// A pooler and a classifier after each of the last layers.
    case elasticBERT
    /// A classifier with attention of its own after each layer.
    case fastBERT

    /// nil: there are no exits, or the file is for a class without.
    init?(_ declared: __shared DeclaredConfiguration, _ checkpoint: __shared Checkpoint) {
        let rules = declared.rules
        for name in declared.architectures where name.firstUTF8("ForSequenceClassification") == nil { return nil }
        func has(_ prefix: String) -> Bool { checkpoint.layerCount(prefix) > 0 }
        switch rules.family {
        case .fastBERT where has("classifiers."): self = .fastBERT
        case .bert, .roberta, .albert:
            if has("encoder.highway.") {
                self = .deeBERT
            } else if has("classifiers.") {
                self = has("encoder.pooler.") ? .elasticBERT : .pabee
            } else {
                return nil
            }
        default: return nil
        }
    }

    /// The rule of the system's own code.
    func rule(_ checkpoint: Checkpoint) -> ExitRule {
        switch self {
        case .deeBERT, .elasticBERT: .entropy
        case .pabee: .patience
        case .fastBERT: checkpoint.hasBase ? .uncertaintyBelow : .uncertainty
        }
    }
}

extension Assembly {
    /// The exits of the layers that are in use, the last of which is the model's own head. Tensors of later layers are ignored, as
    /// the layers are. A lack of any tensor is an error, and so is another number of labels.
    static func exits(
        _ system: ExitSystem, _ builder: inout StepBuilder, into tensors: ModelTensors, hidden: Int
    ) throws(LimbeckError) {
        let (checkpoint, rules) = (builder.checkpoint, builder.declared.rules)
        var labels: Int?
        @inline(never) func classifier(_ name: String, in inputs: Int) throws(LimbeckError) -> LinearTensors {
            let linear = try checkpoint.linear(name, in: inputs, out: labels)
            labels = linear.weight.shape[0]
            return linear
        }
        @inline(never) func dense(_ name: String, in inputs: Int, out outputs: Int) throws(LimbeckError) -> DenseTensors {
            DenseTensors(linear: try checkpoint.linear(name, in: inputs, out: outputs), activation: .tanh)
        }
        @inline(never) func add(_ layers: Int, pooler: String, _ name: String) throws(LimbeckError) {
            tensors.exits.append(
                Exit(
                    layers: layers,
                    head: .sequence(
                        dense: try dense(pooler, in: hidden, out: hidden), classifier: try classifier(name, in: hidden))))
        }
        let layers = tensors.layers.count, shared = rules.pooler ?? ""
        switch system {
        case .deeBERT:
            for layer in 0..<layers {
                let name = "encoder.highway.\(layer)."
                try add(layer + 1, pooler: name + "pooler.dense", name + "classifier")
            }
            try add(layers, pooler: shared, "classifier")
        case .pabee:
            for layer in 0..<layers { try add(layer + 1, pooler: shared, "classifiers.\(layer)") }
        case .elasticBERT:
            let first = try firstPooler(builder.declared, checkpoint, layers: layers)
            for layer in first..<layers {
                try add(layer + 1, pooler: "encoder.pooler.\(layer).dense", "classifiers.\(layer - first)")
            }
        case .fastBERT:
            for layer in 0..<layers {
                let (steps, width) = try builder.steps("classifiers.\(layer).") { (branch) throws(LimbeckError) in
                    try branch.fastBERTBranch(hidden)
                }
                tensors.blocks.append(steps)
                let name = "classifiers.\(layer).output_layer_"
                tensors.exits.append(
                    Exit(
                        layers: layer + 1, block: tensors.blocks.count - 1, from: .narrow,
                        head: .sequence(
                            dense: try dense(name + "1", in: width, out: width), classifier: try classifier(name + "2", in: width)))
                )
            }
        }
    }

    /// The first layer of ElasticBERT that has a pooler; all later ones have one too.
    private static func firstPooler(
        _ declared: DeclaredConfiguration, _ checkpoint: Checkpoint, layers: Int
    ) throws(LimbeckError) -> Int {
        guard let first = (0..<layers).first(where: { checkpoint.contains("encoder.pooler.\($0).dense.weight") }) else {
            throw LimbeckError(
                .fileInconsistent, "\(checkpoint.file): no 'encoder.pooler.N.dense.weight' for any of the \(layers) layers")
        }
        let exits = checkpoint.layerCount("encoder.pooler.") - first
        if let declared = try declared.root.optionalSize("num_output_layers"), declared != exits {
            throw LimbeckError(
                .fileInconsistent, "config.json: num_output_layers is \(declared), and \(checkpoint.file) has \(exits) poolers")
        }
        return first
    }
}

extension StepBuilder {
    /// FastBERT's branch, up to the first token's layers: h = tanh(W0 x + b0), then attention of two heads over all of h and its
    /// output matrix, without residual and LayerNorm (run_fastbert.py). Returns the width of h.
    fileprivate mutating func fastBERTBranch(_ hidden: Int) throws(LimbeckError) -> Int {
        let width = try outputs("output_layer_0", in: hidden, expected: nil)
        product([try linear("output_layer_0", in: hidden, out: width)], from: .hidden, into: .narrow, activation: .tanh)
        var matrices: [LinearTensors] = []
        for index in 0..<3 { matrices.append(try linear("self_atten.linear_layers.\(index)", in: width, out: width)) }
        product(matrices, from: .narrow, into: .projected)
        try branchAttention(size: width, heads: 2)
        product([try linear("self_atten.final_linear", in: width, out: width)], from: .context, into: .narrow)
        return width
    }
}
