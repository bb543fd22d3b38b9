import Foundation
import Limbeck
import Testing

/// Files of the repository, located relative to this source file.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static func path(_ relative: String) -> String { "\(root)/\(relative)" }
    /// The real student, where scripts/fetch-minilm.sh puts it.
    static let miniLM = path("models/all-MiniLM-L6-v2")

    /// The folders inside `relative`, sorted.
    static func folders(_ relative: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(relative))) ?? []
        return names.filter { FileManager.default.fileExists(atPath: path("\(relative)/\($0)/config.json")) }.sorted()
    }
}

/// The numbers of a safetensors file with the answers of the reference.
struct Expected {
    private let mapping: MappedFile
    private let file: Safetensors

    init(_ relative: String) throws {
        mapping = try MappedFile(Repository.path(relative), name: relative)
        file = try Safetensors(mapping)
    }

    var names: [String] { file.entries.map(\.name) }
    func floats(_ name: String) -> [Float]? { values(name, "F32") }
    func ints(_ name: String) throws -> [Int32] { try #require(values(name, "I32")) }

    private func values<Value>(_ name: String, _ type: String) -> [Value]? {
        guard let entry = file.entries.first(where: { $0.name == name && $0.dtype == type }) else { return nil }
        return (0..<entry.bytes.count / 4).map { entry.bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Value.self) }
    }
}

extension Session {
    /// `forward` over arrays.
    func forward(ids: [Int32], types: [Int32]? = nil, lengths: [Int], output: ForwardOutput, layer: Int = -1) throws -> [Float] {
        let types = types ?? [Int32](repeating: 0, count: ids.count)
        func run(_ out: UnsafeMutableBufferPointer<Float>) throws -> Int {
            try ids.withUnsafeBufferPointer { ids in
                try types.withUnsafeBufferPointer { types in
                    try lengths.withUnsafeBufferPointer { lengths in
                        try forward(ids: ids, types: types, lengths: lengths, output: output, layer: layer, into: out)
                    }
                }
            }
        }
        var out = [Float](repeating: .nan, count: try run(UnsafeMutableBufferPointer(start: nil, count: 0)))
        _ = try out.withUnsafeMutableBufferPointer { try run($0) }
        return out
    }
}

/// The largest difference between two lists of the same length; NaN counts as infinite.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    var largest: Float = 0
    for (x, y) in zip(a, b) {
        let difference = abs(x - y)
        largest = difference.isNaN ? .infinity : max(largest, difference)
    }
    return largest
}

/// The instruction sets of this CPU, the newest first: `SameBits.every` takes the first again if there are few, and the portable code of
/// x86-64 is by far the slowest.
let availableKernels = InstructionSet.allCases.reversed().filter(\.isAvailable)
/// Those of them that differ in more than products of bytes.
let floatKernels = availableKernels.filter { [.portable, .avx2, .avx512, .neon].contains($0) }

/// A small repeatable generator.
struct Random: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
