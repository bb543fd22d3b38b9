import KernelInterface
import Limbeck

/// A session with timed kernels, compared with the limits of the machine.
struct Profiler {
    private let session: Session
    private let profile = Profile()
    private let limit: MachineLimit

    init(_ model: Model, _ options: SessionOptions) throws {
        let profile = profile
        var limit: MachineLimit?
        session = try Session(model, options: options) { kernels in
            limit = MachineLimit(kernels, ofBytes: model.quantizesInputs)
            return profile.timed(kernels)
        }
        self.limit = limit!
    }

    /// Runs for a while, and reports the time of each part.
    func report(_ name: String, _ format: FormatArguments, _ output: Output, _ run: (Session) throws -> Void) throws {
        try run(session)
        profile.clear()
        let start = ContinuousClock.now
        var runs = 0
        repeat {
            try run(session)
            runs += 1
        } while runs < 3 || (ContinuousClock.now - start).seconds < 0.3
        let all = (ContinuousClock.now - start).seconds * Double(session.threads)
        var rest = 1.0
        func line(_ part: String, _ share: Double, _ reached: Double?) {
            guard format.json else {
                let limit = reached.map { ", \(fixed(100 * $0, 0)) % of the machine's limit" } ?? ""
                return output.line("    \(aligned(part, 14)) \(padded(fixed(100 * share, 1), 5)) %\(limit)")
            }
            output.line(
                .object([
                    ("kind", .string("profile")), ("name", .string(name)), ("threads", .int(session.threads)),
                    ("part", .string(part)), ("share", .double(share)), ("of_limit", reached.map { .double($0) } ?? .null),
                ]))
        }
        for part in Profile.Part.allCases {
            let total = profile[part]
            guard total.seconds > 0 else { continue }
            rest -= total.seconds / all
            let most = part == .products ? limit.bytes ?? limit.floats : limit.floats
            line(part.name, total.seconds / all, total.operations > 0 ? total.operations / total.seconds / most : nil)
        }
        line("other", max(0, rest), nil)
    }
}

/// The peak operations per second of one thread's kernels, with all data in the nearest caches.
struct MachineLimit {
    let floats: Double
    /// Only for a model that needs it, since AMX has to be requested.
    let bytes: Double?

    init(_ kernels: Kernels, ofBytes: Bool) {
        let (rows, depth, panels) = (48, 384, 2), width = panels * panelColumns
        let count = 48 * (depth + 64) + width * depth + 3 * width + rows * rowStride(width)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 4 * count + 4096, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: 4 * count + 4096)
        defer { memory.deallocate() }
        let a = memory.assumingMemoryBound(to: Float.self), weights = a + 48 * (depth + 64), bias = weights + width * depth
        let out = bias + 3 * width
        let product = Product(
            a: a, aStride: depth + 16, depth: depth, panels: .float32(weights), bias: bias, combination: .none,
            activation: .identity, out: out,
            outStride: rowStride(width))
        let integer = IntegerProduct(
            a: ByteRows(
                bytes: memory.assumingMemoryBound(to: UInt8.self), stride: depth + 64, scales: bias,
                zeros: UnsafeMutableRawPointer(bias).assumingMemoryBound(to: Int32.self)),
            depth: depth,
            panels: .bytes(
                IntegerPanels(
                    codes: UnsafeRawPointer(weights).assumingMemoryBound(to: Int8.self), scales: bias,
                    sums: UnsafeRawPointer(bias).assumingMemoryBound(to: Int32.self), smoothing: nil)),
            bias: bias, combination: .none, activation: .identity, out: out, outStride: rowStride(width))
        func most(_ body: () -> Void) -> Double {
            var best = Double.infinity
            for _ in 0..<200 {
                let start = ContinuousClock.now
                for _ in 0..<10 { body() }
                best = min(best, (ContinuousClock.now - start).seconds / 10)
            }
            return Double(2 * rows * depth * width) / best
        }
        floats = most { withUnsafePointer(to: product) { kernels.product($0, 0..<rows, 0..<panels, out) } }
        guard ofBytes else {
            bytes = nil
            return
        }
        bytes = most { withUnsafePointer(to: integer) { kernels.integer.product($0, 0..<rows, 0..<panels, kernels.activateRows) } }
    }
}
