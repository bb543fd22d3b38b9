/// A tensor to compute with, its shape checked. It is a view into a mapped file, possibly misaligned and strided. An object,
/// because a model's parts pass hundreds of them on: one reference each, in place of three arrays and strings.
package final class Tensor {
    package enum ElementType: Sendable, Equatable {
        case f32, f16, bf16, f64
        case blocks(BlockFormat)

        package init?(dtype: String) {
            switch dtype {
            case "F32": self = .f32
            case "F16": self = .f16
            case "BF16": self = .bf16
            case "F64": self = .f64
            default:
                guard let format = BlockFormat.allCases.first(where: { $0.name == dtype }) else { return nil }
                self = .blocks(format)
            }
        }

        /// The bytes of `count` elements; for block formats, whole blocks.
        func bytes(_ count: Int) -> Int {
            switch self {
            case .f16, .bf16: 2 * count
            case .f32: 4 * count
            case .f64: 8 * count
            case .blocks(let format): count / format.elements * format.bytes
            }
        }
    }

    package let name: String
    package let type: ElementType
    package let shape: [Int]
    /// As in `StoredTensor`.
    package let strides: [Int]?
    package let bytes: UnsafeRawBufferPointer

    package init(name: String, type: ElementType, shape: [Int], strides: [Int]?, bytes: UnsafeRawBufferPointer) {
        (self.name, self.type, self.shape, self.strides, self.bytes) = (name, type, shape, strides, bytes)
    }

    package var count: Int {
        var product = 1
        for size in shape { product *= size }
        return product
    }

    /// The elements in place, if they can be used there: aligned float32, row-major.
    var inPlace: UnsafePointer<Float>? {
        guard type == .f32, strides == nil, let base = bytes.baseAddress,
            Int(bitPattern: base) % MemoryLayout<Float>.alignment == 0
        else { return nil }
        return base.assumingMemoryBound(to: Float.self)
    }

    /// Whether both are the same view of the file.
    func isSame(as other: Tensor) -> Bool {
        bytes.baseAddress == other.bytes.baseAddress && type == other.type && shape == other.shape && strides == other.strides
    }

    /// Some rows of a matrix, or elements of a vector; the bytes are shared.
    func rows(_ range: Range<Int>) -> Tensor {
        let rowBytes = type.bytes(strides?[0] ?? count / shape[0])
        let end = strides == nil ? range.upperBound * rowBytes : bytes.count
        return Tensor(
            name: name, type: type, shape: [range.count] + shape.dropFirst(), strides: strides,
            bytes: UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * rowBytes..<end]))
    }

    /// The transposed matrix; the bytes are shared.
    func transposed() -> Tensor {
        let strides = strides ?? [shape[1], 1]
        return Tensor(
            name: name, type: type, shape: [shape[1], shape[0]], strides: [strides[1], strides[0]], bytes: bytes)
    }

    /// Reads elements, in row-major order, as float32.
    package func read(_ range: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        if case .blocks(let format) = type { return decode(format, range, into: out) }
        guard let strides, let width = shape.last, let step = strides.last else {
            return convert(range.lowerBound, step: 1, count: range.count, into: out)
        }
        var index = range.lowerBound
        while index < range.upperBound {
            let column = index % width
            let count = min(width - column, range.upperBound - index)
            var row = index / width
            var first = column * step
            for dimension in (0..<shape.count - 1).reversed() {
                first += row % shape[dimension] * strides[dimension]
                row /= shape[dimension]
            }
            convert(first, step: step, count: count, into: out + (index - range.lowerBound))
            index += count
        }
    }

    /// Blocks are contiguous, without strides. A range may begin and end inside a block.
    private func decode(_ format: BlockFormat, _ range: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        guard let base = bytes.baseAddress else { return }
        let size = format.elements
        withUnsafeTemporaryAllocation(of: Float.self, capacity: BlockFormat.maxElements) { whole in
            var index = range.lowerBound
            while index < range.upperBound {
                let first = index % size
                let count = min(size - first, range.upperBound - index)
                let block = base + index / size * format.bytes
                let place = out + (index - range.lowerBound)
                if count == size {
                    format.decode(block, into: place)
                } else if let whole = whole.baseAddress {
                    format.decode(block, into: whole)
                    place.update(from: whole + first, count: count)
                }
                index += count
            }
        }
    }

    /// Converts every `step`th element from `first` in the file.
    private func convert(_ first: Int, step: Int, count: Int, into out: UnsafeMutablePointer<Float>) {
        func bits<Bits: FixedWidthInteger>(_ index: Int, _ type: Bits.Type) -> Bits {
            Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: (first + index * step) * MemoryLayout<Bits>.size, as: type))
        }
        switch type {
        case .f32:
            if step == 1, count > 0, let base = bytes.baseAddress {
                UnsafeMutableRawPointer(out).copyMemory(from: base + first * 4, byteCount: count * 4)
            } else {
                for index in 0..<count { out[index] = Float(bitPattern: bits(index, UInt32.self)) }
            }
        case .f16:
            for index in 0..<count { out[index] = float(half: bits(index, UInt16.self)) }
        case .bf16:
            for index in 0..<count { out[index] = Float(bitPattern: UInt32(bits(index, UInt16.self)) << 16) }
        case .f64:
            for index in 0..<count { out[index] = Float(Double(bitPattern: bits(index, UInt64.self))) }
        case .blocks: break  // in decode
        }
    }
}

/// IEEE 754 binary16 to binary32, exactly; in integer operations, since the baseline CPU has no instruction for it.
func float(half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let magnitude = UInt32(half & 0x7fff)
    if magnitude >= 0x7c00 { return Float(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13) }
    // The exponent is too small by 112. Multiplying by 2^112 corrects it and also normalises subnormal numbers.
    let scaled = Float(bitPattern: magnitude << 13) * Float(bitPattern: 0x7780_0000)
    return Float(bitPattern: sign | scaled.bitPattern)
}
