import KernelInterface

// The words and numbers of a pack's description. What is named stands in a list, and its place there is its value.

package enum PackNames {
    /// By `Family.rawValue`, from 1.
    package static let families: StaticString = "bert distilbert roberta albert electra mpnet mobilebert deberta modernbert nomic_bert"
    /// By `Precision.rawValue`, from 1.
    static let precisions: StaticString = "float32 float16 int8 int4"
    /// By `Scores.rawValue`, from 1.
    static let scores: StaticString = "softmax sigmoid raw"
    /// By `Buffer.rawValue`.
    static let buffers: StaticString = "embedded hidden narrow projected context attended intermediate"
    static let activations: StaticString = "identity gelu gelu_tanh quick_gelu relu silu tanh"
    static var activationValues: [Activation] { [.identity, .gelu, .geluTanh, .quickGELU, .relu, .silu, .tanh] }
    static let heads: StaticString = "none sequence token span masked_lm detection"
    static var headValues: [HeadKind] { [.none, .sequence, .token, .span, .maskedLM, .detection] }

    @inline(never) static func name(of activation: Activation) -> String {
        word(activationValues.firstIndex(of: activation) ?? 0, in: activations)
    }
}

extension JSONWriter {
    @inline(never) mutating func write(_ key: String, _ buffer: Buffer) {
        write(key, word(buffer.rawValue, in: PackNames.buffers))
    }

    @inline(never) mutating func write(_ key: String, _ activation: Activation) {
        write(key, PackNames.name(of: activation))
    }
}

extension JSONValue {
    @inline(never) func required(_ key: String) throws(LimbeckError) -> JSONValue {
        guard let value = optional(key) else { throw mismatch("an object without '\(key)'", expected: "one with it") }
        return value
    }

    @inline(never) func text(_ key: String) throws(LimbeckError) -> String {
        let value = try required(key)
        guard let text = value.string else { throw value.mismatch("'\(key)'", expected: "a string") }
        return text
    }

    @inline(never) func flag(_ key: String) throws(LimbeckError) -> Bool {
        let value = try required(key)
        guard let flag = value.bool else { throw value.mismatch("'\(key)'", expected: "true or false") }
        return flag
    }

    @inline(never) func integer(_ key: String, _ range: ClosedRange<Int>) throws(LimbeckError) -> Int {
        let value = try required(key)
        guard let number = value.int, range.contains(number) else {
            throw value.mismatch("'\(key)'", expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// 1 or more.
    @inline(never) func size(_ key: String) throws(LimbeckError) -> Int { try integer(key, 1...Int(Int32.max)) }

    /// A float32 by its bits.
    func float(_ key: String) throws(LimbeckError) -> Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: try integer(key, 0...Int(UInt32.max))))
    }

    /// The place of a word in a list.
    @inline(never) func choice(_ key: String, _ names: StaticString) throws(LimbeckError) -> Int {
        if let found = place(of: try text(key), in: names) { return found }
        throw try required(key).mismatch("'\(key)'", expected: "another word")
    }

    @inline(never) func buffer(_ key: String) throws(LimbeckError) -> Buffer {
        // A name for each value, in their order.
        Buffer(rawValue: try choice(key, PackNames.buffers)) ?? .hidden
    }

    @inline(never) func activation(_ key: String) throws(LimbeckError) -> Activation {
        PackNames.activationValues[try choice(key, PackNames.activations)]
    }

    @inline(never) func list(_ key: String) throws(LimbeckError) -> JSONElements {
        let value = try required(key)
        guard value.kind == .array else { throw value.mismatch("'\(key)'", expected: "an array") }
        return value.elements
    }
}
