import KernelInterface

extension VectorSteps<Packed> {
    /// The steps in order, for display.
    var descriptions: [String] {
        var names = ""
        for place in 0..<poolings.count { names += (place == 0 ? "" : " + ") + poolings[place].name }
        var steps = [leavesPromptOut ? names + " of the tokens after a prompt" : names]
        for stage in stages { steps.append(stage.description) }
        if kept < width { steps.append("cut to \(kept)") }
        return steps
    }
}

extension VectorStage<Packed> {
    fileprivate var description: String {
        switch self {
        case .dense(let dense, let isSigmoid, let addsInputs, let adds):
            let function = isSigmoid ? "sigmoid" : PackNames.name(of: dense.activation)
            let more = addsInputs || adds != nil ? ", plus what it had" : ""
            return "dense \(dense.linear.inputs) to \(dense.linear.outputs), \(function)\(more)"
        case .norm: return "layer norm"
        case .unitLength: return "length 1"
        }
    }
}
