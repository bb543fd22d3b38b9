/// The quantised types of ggml: blocks of small integers q with a half-precision scale.
///
/// Layouts and formulas are those of ggml-quants.c. Each operation is in float32 and none is fused, so the results equal those of
/// `quants.dequantize` in the `gguf` package, bit for bit.
package enum BlockFormat: Sendable, Equatable, CaseIterable {
    /// d (q - half), 32 per block: Q4_0, Q5_0, Q8_0.
    case centred4, centred5, centred8
    /// d q + m, 32 per block: Q4_1, Q5_1.
    case shifted4, shifted5
    /// d q - m, 256 per block, in 8 groups of 32, each with its own scales for d and m: Q4_K, Q5_K.
    case grouped4, grouped5
    /// d (q - 32), 256 per block, in 16 groups of 16, each with its own scale: Q6_K.
    case grouped6

    package var name: String {
        switch self {
        case .centred4: "Q4_0"
        case .centred5: "Q5_0"
        case .centred8: "Q8_0"
        case .shifted4: "Q4_1"
        case .shifted5: "Q5_1"
        case .grouped4: "Q4_K"
        case .grouped5: "Q5_K"
        case .grouped6: "Q6_K"
        }
    }

    /// The type's code in ggml.
    var code: UInt32 {
        switch self {
        case .centred4: 2
        case .shifted4: 3
        case .centred5: 6
        case .shifted5: 7
        case .centred8: 8
        case .grouped4: 12
        case .grouped5: 13
        case .grouped6: 14
        }
    }

    /// Elements per block.
    package var elements: Int {
        switch self {
        case .centred4, .centred5, .centred8, .shifted4, .shifted5: 32
        case .grouped4, .grouped5, .grouped6: BlockFormat.maxElements
        }
    }

    static let maxElements = 256

    /// Bytes per block.
    package var bytes: Int {
        switch self {
        case .centred4: 2 + 16
        case .shifted4: 2 + 2 + 16
        case .centred5: 2 + 4 + 16
        case .shifted5: 2 + 2 + 4 + 16
        case .centred8: 2 + 32
        case .grouped4: 2 + 2 + 12 + 128
        case .grouped5: 2 + 2 + 12 + 32 + 128
        case .grouped6: 128 + 64 + 16 + 2
        }
    }

    /// Decodes the `elements` of one block.
    @_optimize(speed)
    package func decode(_ block: UnsafeRawPointer, into out: UnsafeMutablePointer<Float>) {
        switch self {
        case .centred4: Block(block).centred(bits: 4, into: out)
        case .centred5: Block(block).centred(bits: 5, into: out)
        case .centred8: Block(block).centredBytes(into: out)
        case .shifted4: Block(block).shifted(bits: 4, into: out)
        case .shifted5: Block(block).shifted(bits: 5, into: out)
        case .grouped4: Block(block).grouped(bits: 4, into: out)
        case .grouped5: Block(block).grouped(bits: 5, into: out)
        case .grouped6: Block(block).grouped6(into: out)
        }
    }
}

/// The bytes of one block.
private struct Block {
    private let base: UnsafeRawPointer

    init(_ base: UnsafeRawPointer) { self.base = base }

    private func byte(_ offset: Int) -> Int {
        Int(base.load(fromByteOffset: offset, as: UInt8.self))
    }

    private func half(_ offset: Int) -> Float {
        float(
            half: UInt16(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }

    /// Element `index` of 32. The low four bits are in 16 bytes: of the first 16 elements in the low nibbles, of the others in the
    /// high ones. The fifth bit, if there is one, is in the 4 bytes before them.
    private func small(_ index: Int, bits: Int, at offset: Int) -> Int {
        let low = offset + (bits == 5 ? 4 : 0)
        let four = byte(low + index % 16) >> (index < 16 ? 0 : 4) & 15
        return bits == 5 ? four | (byte(offset + index / 8) >> (index % 8) & 1) << 4 : four
    }

    func centred(bits: Int, into out: UnsafeMutablePointer<Float>) {
        let d = half(0)
        for index in 0..<32 {
            out[index] = d * Float(small(index, bits: bits, at: 2) - 1 << (bits - 1))
        }
    }

    func centredBytes(into out: UnsafeMutablePointer<Float>) {
        let d = half(0)
        for index in 0..<32 {
            out[index] = Float(base.load(fromByteOffset: 2 + index, as: Int8.self)) * d
        }
    }

    func shifted(bits: Int, into out: UnsafeMutablePointer<Float>) {
        let d = half(0), m = half(2)
        for index in 0..<32 {
            let product = d * Float(small(index, bits: bits, at: 4))
            out[index] = product + m
        }
    }

    func grouped(bits: Int, into out: UnsafeMutablePointer<Float>) {
        let d = half(0), m = half(2)
        let fifth = 4 + 12
        let low = fifth + (bits == 5 ? 32 : 0)
        for group in 0..<8 {
            // Two groups share 32 bytes, one in the low and one in the high nibbles.
            let (scale, minimum) = scales(group)
            let groupD = d * Float(scale), groupM = m * Float(minimum)
            for index in 0..<32 {
                var q = byte(low + group / 2 * 32 + index) >> (group % 2 * 4) & 15
                if bits == 5 { q |= (byte(fifth + index) >> group & 1) << 4 }
                let product = groupD * Float(q)
                out[group * 32 + index] = product - groupM
            }
        }
    }

    /// A group's scale and minimum, six bits each, in 12 bytes. For the first four groups they are the low six bits of the first
    /// eight bytes. For the others the low four bits are in the last four bytes, and the upper two in the remaining bits of the
    /// first eight.
    private func scales(_ group: Int) -> (scale: Int, minimum: Int) {
        let d = 4, m = 8, both = 12
        if group < 4 { return (byte(d + group) & 63, byte(m + group) & 63) }
        let index = group - 4
        return (
            byte(both + index) & 15 | byte(d + index) >> 2 & 0x30,
            byte(both + index) >> 4 | byte(m + index) >> 2 & 0x30
        )
    }

    func grouped6(into out: UnsafeMutablePointer<Float>) {
        let upper = 128, scales = upper + 64, d = half(scales + 16)
        for index in 0..<256 {
            // Each half has four groups of 32. Their low four bits are in 64 bytes, two groups in the low and two in the high
            // nibbles; the upper two bits of all four are in 32 bytes.
            let half = index / 128, group = index % 128 / 32, column = index % 32
            let low = byte(half * 64 + group % 2 * 32 + column) >> (group / 2 * 4) & 15
            let high = byte(upper + half * 32 + column) >> (group * 2) & 3
            let scale = base.load(fromByteOffset: scales + index / 16, as: Int8.self)
            let groupD = d * Float(scale)
            out[index] = groupD * Float((low | high << 4) - 32)
        }
    }
}
