import KernelInterface

extension JSONWriter {
    @inline(never) mutating func write(_ key: String, _ buffer: Buffer) {
        write(key, word(buffer.rawValue, in: PackNames.buffers))
    }

    @inline(never) mutating func write(_ key: String, _ activation: Activation) {
        write(key, PackNames.name(of: activation))
    }
}

extension JSONValue {
    @inline(never) func buffer(_ key: String) throws(LimbeckError) -> Buffer {
        // A name for each raw value, in their order.
        Buffer(rawValue: try choice(key, PackNames.buffers)) ?? .hidden
    }

    @inline(never) func activation(_ key: String) throws(LimbeckError) -> Activation {
        PackNames.activationValues[try choice(key, PackNames.activations)]
    }
}
