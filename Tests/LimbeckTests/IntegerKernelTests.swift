import CPlatform
import KernelInterface
import Limbeck
import Testing

/// Products of bytes on every instruction set against the formulas, spelt out: `==` throughout.
@Suite struct IntegerKernelTests {
    @Test(arguments: availableKernels)
    func rowsBecomeBytes(set: InstructionSet) throws {
        var random = Random(seed: 3)
        for width in [1, 15, 16, 17, 63, 64, 100, 384] {
            let (rows, stride) = (9, rowStride(width))
            var x = (0..<rows * stride).map { _ in Float.random(in: -8...8, using: &random) }
            // Rows that are all zero, of one sign, tiny, huge, and not finite; anything may stand past the width.
            for i in 0..<stride {
                x[i] = i < width ? 0 : 1e30
                x[stride + i] = abs(x[stride + i])
                x[2 * stride + i] = -abs(x[2 * stride + i])
                x[3 * stride + i] *= 1e-35
                x[4 * stride + i] *= 1e34
            }
            x[5 * stride] = .infinity
            x[6 * stride] = .nan
            for smoothing in [nil, (0..<width.roundedUp(to: 16)).map { _ in Float.random(in: 0.1...4, using: &random) }] {
                let result = Bytes(rows: rows, width: width)
                try set.quantize(x, stride: stride, width: width, smoothing: smoothing, rows: rows, into: result)
                for row in 0..<rows {
                    let y = (0..<width).map { x[row * stride + $0] * (smoothing?[$0] ?? 1) }
                    let (bytes, scale, zero) = Bytes.reference(y)
                    #expect(result.zeros[row] == zero, "\(width), row \(row)")
                    #expect(result.scales[row].bitPattern == scale.bitPattern || scale.isNaN && result.scales[row].isNaN)
                    if y.allSatisfy({ $0.isFinite }) {
                        #expect((0..<width).map { result.bytes[row * result.stride + $0] } == bytes, "\(width), row \(row)")
                        // What they stand for is half a step away at most.
                        guard scale.isFinite, scale > 0x1p-108 else { continue }
                        for i in 0..<width {
                            #expect(abs((Float(bytes[i]) - Float(zero)) * scale - y[i]) <= scale * 1.01)
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: availableKernels)
    func productsAreExact(set: InstructionSet) throws {
        if set == .amx { #expect(platform_request_amx()) }
        var random = Random(seed: 5)
        // Panels may be deeper than the inputs that are used.
        for (rows, depth, columns, deeper) in [
            (1, 1, 1, 0), (5, 64, 32, 0), (16, 65, 33, 64), (17, 100, 96, 0), (48, 384, 64, 128), (33, 200, 31, 0),
        ] {
            let padded = depth.roundedUp(to: IntegerPanels.depthStep), panels = columns.roundedUp(to: panelColumns) / panelColumns
            let width = panels * panelColumns, panelDepth = padded + deeper
            let a = Bytes(rows: rows, width: depth)
            for i in 0..<(rows + ByteRows.slack) * a.stride { a.bytes[i] = UInt8.random(in: .min ... .max, using: &random) }
            if deeper > 0 { for row in 0..<rows { for k in depth..<padded { a.bytes[row * a.stride + k] = 0 } } }
            // The extremes, where sums of 16 bits would overflow.
            for i in 0..<depth { a.bytes[i] = 255 }
            for row in 0..<rows {
                a.scales[row] = Float.random(in: 0.001...0.1, using: &random)
                a.zeros[row] = Int32.random(in: 0...255, using: &random)
            }
            let codes = (0..<depth * columns).map { _ in Int8.random(in: -127...127, using: &random) }  // (columns, depth)
            let packed = AlignedBuffer<Int8>(panelDepth * width), sums = AlignedBuffer<Int32>(width)
            for column in 0..<columns {
                for k in 0..<depth {
                    let code = column == 0 ? 127 : codes[column * depth + k]
                    packed[column / 32 * 32 * panelDepth + k / 4 * 128 + column % 32 * 4 + k % 4] = code
                    sums[column] += Int32(code)
                }
                for k in depth..<(deeper > 0 ? panelDepth : depth) {
                    packed[column / 32 * 32 * panelDepth + k / 4 * 128 + column % 32 * 4 + k % 4] = Int8(k % 100)
                }
            }
            let scales = AlignedBuffer<Float>(width), bias = AlignedBuffer<Float>(width)
            for column in 0..<columns {
                scales[column] = Float.random(in: 0.001...0.1, using: &random)
                bias[column] = Float.random(in: -1...1, using: &random)
            }
            let stride = rowStride(width)
            let before = (0..<rows * stride).map { _ in Float.random(in: -2...2, using: &random) }
            let residual = (0..<rows * stride).map { _ in Float.random(in: -2...2, using: &random) }
            let activations: [Activation] = [.identity, .relu, .identity]
            for combination in 0..<3 {
                var out = before
                out.withUnsafeMutableBufferPointer { out in
                    residual.withUnsafeBufferPointer { residual in
                        var job = IntegerProduct(
                            a: a.rows, depth: padded,
                            panels: .bytes(
                                IntegerPanels(codes: packed.start, scales: scales.start, sums: sums.start, smoothing: nil)),
                            bias: bias.start,
                            combination: combination == 0 ? .none : combination == 1 ? .residual(residual.baseAddress!) : .gate,
                            activation: activations[combination], out: out.baseAddress!, outStride: stride)
                        job.panelDepth = panelDepth
                        withUnsafePointer(to: job) {
                            set.kernels.integer.product($0, 0..<rows, 0..<panels, set.kernels.activateRows)
                        }
                    }
                }
                for row in 0..<rows {
                    for column in 0..<columns {
                        var sum = 0
                        for k in 0..<depth {
                            let code = packed[column / 32 * 32 * panelDepth + k / 4 * 128 + column % 32 * 4 + k % 4]
                            sum += (Int(a.bytes[row * a.stride + k]) - Int(a.zeros[row])) * Int(code)
                        }
                        let product = Float(sum) * (a.scales[row] * scales[column]) + bias[column]
                        let place = row * stride + column
                        let expected =
                            switch combination {
                            case 0: product
                            case 1: max(0, product + residual[place])
                            default: before[place] * product
                            }
                        #expect(out[place] == expected, "\(rows) x \(depth) x \(columns), \(combination), (\(row), \(column))")
                    }
                }
            }
        }
    }

    @Test(arguments: availableKernels)
    func productsOfNibblesAreInOrder(set: InstructionSet) {
        var random = Random(seed: 9)
        for (rows, depth, columns, deeper) in [(1, 1, 1, 0), (3, 64, 32, 0), (5, 65, 33, 64), (18, 384, 64, 128)] {
            let padded = depth.roundedUp(to: IntegerPanels.depthStep), panels = columns.roundedUp(to: panelColumns) / panelColumns
            let width = panels * panelColumns, panelDepth = padded + deeper, groups = panelDepth / NibblePanels.group
            let a = Bytes(rows: rows, width: depth)
            for i in 0..<rows * a.stride { a.bytes[i] = UInt8.random(in: .min ... .max, using: &random) }
            if deeper > 0 { for row in 0..<rows { for k in depth..<padded { a.bytes[row * a.stride + k] = 0 } } }
            for row in 0..<rows {
                a.scales[row] = Float.random(in: 0.001...0.1, using: &random)
                a.zeros[row] = Int32.random(in: 0...255, using: &random)
            }
            let codes = AlignedBuffer<UInt8>(panelDepth * width / 2), halves = AlignedBuffer<UInt16>(width * groups)
            let sums = AlignedBuffer<Float>(width), bias = AlignedBuffer<Float>(width)
            func code(_ k: Int, _ column: Int) -> Int { (k * 7 + column * 5 + k / 9) % 15 - 7 }
            func scale(_ group: Int, _ column: Int) -> Float16 { Float16(0.01 + Float((group * 3 + column) % 11) / 100) }
            for column in 0..<width {
                bias[column] = Float(column % 5)
                for group in 0..<groups {
                    halves[(column / 32 * groups + group) * 32 + column % 32] = scale(group, column).bitPattern
                }
                for k in 0..<panelDepth {
                    let place = column / 32 * 32 * panelDepth / 2 + k / 8 * 128 + column % 32 * 4 + k % 4
                    codes[place] |= UInt8((k < depth || deeper > 0 ? code(k, column) : 0) + 8) << (k % 8 < 4 ? 0 : 4)
                    if k < depth { sums[column] += Float(code(k, column)) * Float(scale(k / 32, column)) }
                }
            }
            let stride = rowStride(width)
            var out = [Float](repeating: 0, count: rows * stride)
            let weights = NibblePanels(codes: codes.start, scales: halves.start, sums: sums.start, smoothing: nil)
            out.withUnsafeMutableBufferPointer { out in
                var job = IntegerProduct(
                    a: a.rows, depth: padded, panels: .nibbles(weights), bias: bias.start, combination: .none,
                    activation: .relu, out: out.baseAddress!, outStride: stride)
                job.panelDepth = panelDepth
                withUnsafePointer(to: job) { set.kernels.integer.product($0, 0..<rows, 0..<panels, set.kernels.activateRows) }
            }
            for row in 0..<rows {
                for column in 0..<columns {
                    var x: Float = 0
                    for group in 0..<padded / NibblePanels.group {
                        var sum = 0
                        for k in group * 32..<max(group * 32, min(depth, group * 32 + 32)) {
                            sum += Int(a.bytes[row * a.stride + k]) * code(k, column)
                        }
                        x += Float(sum) * Float(scale(group, column))
                    }
                    let expected = max(0, (x - Float(a.zeros[row]) * sums[column]) * a.scales[row] + bias[column])
                    #expect(out[row * stride + column] == expected, "\(rows) x \(depth) x \(columns), (\(row), \(column))")
                }
            }
        }
    }

    /// All 65,536 halves, against Swift's own, in the dot products of every instruction set.
    @Test(arguments: availableKernels)
    func halvesAreExact(set: InstructionSet) {
        var halves = (0..<65_536).map { UInt16($0) }
        halves.removeAll { $0 & 0x7C00 == 0x7C00 }  // infinities and NaN: they would meet zeros
        let width = 16, rows = halves.count / width
        var out = [Float](repeating: 0, count: rows)
        for lane in 0..<width {
            var unit = [Float](repeating: 0, count: width)
            unit[lane] = 1
            halves.withUnsafeBufferPointer { halves in
                let dots = Dots(
                    a: unit, aStride: width, rows: 1, width: width, weight: .float16(halves.baseAddress!), bias: nil,
                    out: &out, outStride: rows)
                withUnsafePointer(to: dots) { set.kernels.dots($0, 0..<rows) }
            }
            for row in 0..<rows where out[row] != Float(Float16(bitPattern: halves[row * width + lane])) {
                Issue.record("\(halves[row * width + lane]) became \(out[row])")
            }
        }
    }
}

/// Memory on a 64-byte boundary.
final class AlignedBuffer<Element: BitwiseCopyable & ExpressibleByIntegerLiteral> {
    let start: UnsafeMutablePointer<Element>

    init(_ count: Int) {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: 64)
        start = raw.bindMemory(to: Element.self, capacity: count)
        start.initialize(repeating: 0, count: count)
    }

    deinit { start.deallocate() }

    subscript(index: Int) -> Element {
        get { start[index] }
        set { start[index] = newValue }
    }
}

private final class Bytes {
    let stride: Int
    let bytes: AlignedBuffer<UInt8>
    let scales: AlignedBuffer<Float>
    let zeros: AlignedBuffer<Int32>

    init(rows: Int, width: Int) {
        stride = width.roundedUp(to: 64) + 64
        bytes = AlignedBuffer((rows + ByteRows.slack) * stride)
        scales = AlignedBuffer(rows)
        zeros = AlignedBuffer(rows)
    }

    var rows: ByteRows { ByteRows(bytes: bytes.start, stride: stride, scales: scales.start, zeros: zeros.start) }

    /// The bytes of a row, its scale and its zero point, as `Quantization` says it.
    static func reference(_ y: [Float]) -> (bytes: [UInt8], scale: Float, zero: Int32) {
        let high = y.reduce(0) { $0 < $1 ? $1 : $0 }, low = y.reduce(0) { $1 < $0 ? $1 : $0 }
        let range = high - low
        guard range > 0x1p-100, range < .infinity else { return ([UInt8](repeating: 0, count: y.count), range / 255, 0) }
        let inverse = 255 / range
        let zero = (-low * inverse).rounded(.toNearestOrEven)
        // A number that is none becomes some byte.
        let bytes = y.map { $0.isNaN ? 0 : UInt8(min(max(($0 * inverse + 12_582_912 + zero) - 12_582_912, 0), 255)) }
        return (bytes, range / 255, Int32(zero))
    }
}

extension InstructionSet {
    fileprivate func quantize(
        _ x: [Float], stride: Int, width: Int, smoothing: [Float]?, rows: Int, into bytes: Bytes
    ) throws {
        x.withUnsafeBufferPointer { x in
            func run(_ smoothing: UnsafePointer<Float>?) {
                let job = Quantization(x: x.baseAddress!, stride: stride, width: width, smoothing: smoothing, rows: bytes.rows)
                withUnsafePointer(to: job) { kernels.integer.quantize($0, 0..<rows) }
            }
            guard let smoothing else { return run(nil) }
            smoothing.withUnsafeBufferPointer { run($0.baseAddress) }
        }
    }
}
