import KernelInterface

extension Weights {
    /// The weights of checked tensors, and the number of their elements.
    static func packed(
        _ tensors: __shared ModelTensors, _ configuration: __shared Configuration, mappings: [MappedFile],
        interruption: __shared Interruption? = nil
    ) throws(LimbeckError) -> (Weights, parameters: Int) {
        // The first pass only measures; the second writes.
        let maxPositions = configuration.maxPositions
        var measure = Packer(layout: Layout(), writes: false, maxPositions: maxPositions)
        _ = tensors.map(&measure)
        let memory = try Memory(bytes: measure.layout.bytes)
        var packer = Packer(
            layout: Layout(base: memory.base), writes: true, maxPositions: maxPositions, interruption: interruption)
        let parts = tensors.map(&packer)
        if let failure = packer.failure { throw failure }
        for projection in packer.projections { try projection.fill() }
        return (Weights(parts, memory: memory, mappings: mappings), packer.parameters)
    }
}
