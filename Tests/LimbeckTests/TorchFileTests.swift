import Foundation
import Limbeck
import Testing

/// What `TorchFile` finds in the files of `ContainersTests`, and that it survives their damage.
@Suite struct TorchFileTests {
    private func loaded(_ form: String) throws -> LoadedModel {
        try ContainersTests.sample(form).load()
    }

    @Test func typesAndShapes() throws {
        for form in ["plain/zip-buffers.bin", "plain/legacy-buffers.bin"] {
            let tensors = try loaded(form).files.tensors
            for (name, dtype, shape) in [
                ("buffer_int32", "I32", [3]), ("buffer_int16", "I16", [3]),
                ("buffer_int8", "I8", [3]), ("buffer_uint8", "U8", [3]),
                ("buffer_bool", "BOOL", [3]), ("scalar", "F32", []), ("empty", "F32", [0, 4]),
                ("bert.embeddings.position_ids", "I64", [1, 9]),
            ] {
                let found = tensors.filter { $0.name == name }
                #expect(found.map(\.dtype) == [dtype])
                #expect(found.map(\.shape) == [shape])
            }
        }
        let half = try loaded("bfloat16/zip.bin").files.tensors
        #expect(half.allSatisfy { $0.dtype == "BF16" && $0.strides == nil })
        let turned = try loaded("plain/legacy-transposed.bin").files.tensors
        #expect(turned.first { $0.name == "classifier.weight" }?.strides == [1, 3])
    }

    /// Aligned float32 is used in place in the mapped file. Private memory has only the packed layers, which safetensors need too.
    @Test func usedInPlace() throws {
        let loaded = try loaded("plain/zip.bin")
        let mapping = try #require(loaded.files.mappings.first).bytes
        let start = try #require(mapping.baseAddress)
        for tensor in loaded.files.tensors {
            let base = try #require(tensor.bytes.baseAddress)
            #expect(base >= start && base + tensor.bytes.count <= start + mapping.count)
            #expect(Int(bitPattern: base) % 64 == 0)
        }
        let words = try #require(loaded.word.bytes.baseAddress)
        #expect(words >= start && words < start + mapping.count)

        let reference = try ContainersTests.reference("plain/zip.bin").privateBytes
        for form in ["zip", "zip-parameters", "zip-checkpoint", "zip-buffers"] {
            #expect(try ContainersTests.open("plain/\(form).bin").privateBytes == reference)
        }
        // Other numbers and other places are converted.
        for form in ["plain/zip-transposed.bin", "plain/zip-views.bin", "half/zip.bin"] {
            #expect(try ContainersTests.open(form).privateBytes > reference)
        }
    }

    /// Every byte is needed: no prefix of a file opens, and nothing traps on it.
    @Test(arguments: [
        "plain/zip", "plain/legacy", "plain/zip-views", "tied/legacy", "plain/zip-protocol-5",
    ])
    func everyPrefixIsRefused(form: String) throws {
        let file = try ContainersTests.bytes("\(form).bin")
        for length in 0..<file.count {
            Array(file[..<length]).withUnsafeBytes { bytes in
                _ = #expect(throws: LimbeckError.self) { try TorchFile(bytes, file: "x") }
            }
        }
    }

    /// Random corruption of a pickle or a directory either changes nothing that matters or is refused.
    @Test func damage() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("torch file damage seed \(seed)")
        var random = Random(seed: seed)
        for form in [
            "plain/zip", "plain/zip-again", "plain/legacy", "plain/zip-protocol-5",
            "plain/zip-views", "tied/legacy",
        ] {
            let whole = try ContainersTests.bytes("\(form).bin")
            for _ in 0..<1000 {
                var file = whole
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    // Mostly in the pickle at the start or the directory at the end.
                    let place = Int.random(in: 0..<min(3500, file.count), using: &random)
                    let index = Bool.random(using: &random) ? place : file.count - 1 - place
                    file[index] = UInt8.random(in: 0...255, using: &random)
                }
                file.withUnsafeBytes { bytes in
                    guard let tensors = try? TorchFile(bytes, file: "damaged").tensors else {
                        return
                    }
                    for tensor in tensors { _ = tensor.bytes.reduce(0) { $0 &+ Int($1) } }
                }
            }
        }
    }
}
