extension Weights {
    convenience init(
        _ tensors: __shared ModelTensors, _ configuration: __shared Configuration, mappings: [MappedFile],
        interruption: __shared Interruption? = nil
    ) throws(LimbeckError) {
        // The first pass only measures; the second writes.
        var measure = Packer(layout: Layout(), writes: false)
        _ = try measure.pack(tensors, configuration)
        let memory = try Memory(bytes: measure.layout.bytes)
        var packer = Packer(layout: Layout(base: memory.base), writes: true)
        let parts = try packer.pack(tensors, configuration, interruption: interruption)
        for (tensors, packed) in packer.positions { try tensors.project(into: packed, heads: configuration.attentionHeads) }
        self.init(parts, memory: memory, mappings: mappings)
    }
}
