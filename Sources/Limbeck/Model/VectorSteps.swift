/// The steps from a text's token states to its vector: one or several poolings, concatenated; then the stages; then optionally
/// truncation to the first elements. These are the modules of sentence-transformers after the Transformer, as data.
package struct VectorSteps<Form: WeightForm> {
    /// In the order of concatenation.
    package var poolings = Poolings(.mean)
    /// The tokens of a prompt are excluded from pooling.
    package var leavesPromptOut = false
    package var stages: [VectorStage<Form>] = []
    /// The size of a vector after all stages.
    package var width: Int
    /// The vector keeps this many of its first elements; at most `width`.
    package var kept: Int

    /// Mean pooling of the states.
    package init(hidden: Int) { (width, kept) = (hidden, hidden) }

    /// Larger than in any real model, whose files have a matrix of this width; each text of a batch takes this much scratch.
    static var maxWidth: Int { 1 << 16 }

    /// The number of stages at the end that only normalise the length.
    package var trailingUnitLengths: Int {
        var count = 0
        while count < stages.count, case .unitLength = stages[stages.count - 1 - count] { count += 1 }
        return count
    }
}

extension VectorSteps {
    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> VectorSteps<Map.Target> where Map.Source == Form {
        var steps = VectorSteps<Map.Target>(hidden: width)
        (steps.poolings, steps.leavesPromptOut, steps.kept) = (poolings, leavesPromptOut, kept)
        for stage in stages { steps.stages.append(stage.map(&map)) }
        return steps
    }
}

/// One stage applied to a vector x.
package enum VectorStage<Form: WeightForm> {
    /// f(W x + b) + x, + R x. A sigmoid is applied after the layer's own activation; the added terms are optional.
    case dense(Form.Layer, isSigmoid: Bool, addsInputs: Bool, adds: Form.Layer?)
    case norm(Form.Norm)
    /// x / |x|
    case unitLength

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> VectorStage<Map.Target> where Map.Source == Form {
        switch self {
        case .dense(let layer, let isSigmoid, let addsInputs, let adds):
            .dense(
                map.layer(layer), isSigmoid: isSigmoid, addsInputs: addsInputs, adds: map.optionalLayer(adds))
        case .norm(let norm): .norm(map.norm(norm))
        case .unitLength: .unitLength
        }
    }
}

extension VectorSteps<Packed> {
    /// The largest width of a vector across all stages.
    func widest(hidden: Int) -> Int {
        var widest = poolings.count * hidden
        for case .dense(let dense, _, _, _) in stages { widest = max(widest, dense.linear.outputs) }
        return widest
    }

    /// Whether the inputs of a stage are multiplied by two matrices.
    var addsProducts: Bool {
        for case .dense(_, _, _, .some) in stages { return true }
        return false
    }
}
