/// What becomes of a text's token states on their way to its vector: they are pooled, in one or several ways side by side, and the
/// result goes through the stages; of what comes out the first numbers may be kept alone. Sentence-transformers' modules after the
/// Transformer, as data.
package struct VectorSteps<Form: WeightForm> {
    /// In the order in which they stand side by side.
    package var poolings = Poolings(.mean)
    /// The tokens of a prompt have no part in the pooling.
    package var leavesPromptOut = false
    package var stages: [VectorStage<Form>] = []
    /// The numbers of a vector after all stages.
    package var width: Int
    /// The first so many of them are the vector; at most `width`.
    package var kept: Int

    /// The mean of the states.
    package init(hidden: Int) { (width, kept) = (hidden, hidden) }

    /// More than the widest of real models, whose files have a matrix of it; what each text of a batch takes in the scratch.
    static var mostWidth: Int { 1 << 16 }

    /// The stages at the end that change the length alone.
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

/// One stage on the way of a vector x.
package enum VectorStage<Form: WeightForm> {
    /// f(W x + b) + x, + R x: a sigmoid is done after the layer's own activation, and what is added only if it is there.
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
    /// The widest that a vector gets on its way.
    func widest(hidden: Int) -> Int {
        var widest = poolings.count * hidden
        for case .dense(let dense, _, _, _) in stages { widest = max(widest, dense.linear.outputs) }
        return widest
    }

    /// Whether a stage's inputs are multiplied with two matrices.
    var addsProducts: Bool {
        for case .dense(_, _, _, .some) in stages { return true }
        return false
    }
}
