import Foundation
import Limbeck
import Testing

@Suite struct HostileFilesTests {
    @Test(arguments: HostileCase.all) func refused(_ hostile: HostileCase) {
        var sample = Sample.bert
        hostile.spoil(&sample)
        do {
            let model = try sample.open()
            #expect(hostile.status == nil, "it opened")
            #expect(model.configuration.maxLength <= model.configuration.maxPositions)
        } catch {
            let error = error as? LimbeckError
            #expect(error?.status == hostile.status)
            #expect(error?.message.contains(hostile.words) == true, "\(error?.message ?? "another error")")
        }
    }

    @Test func theUnspoiltSampleOpens() throws { _ = try Sample.bert.load() }

    @Test func namesAreDistinctAndListed() throws {
        #expect(Set(HostileCase.all.map(\.name)).count == HostileCase.all.count)
        let list = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../hostile/README.md")
        let text = try String(contentsOf: list, encoding: .utf8)
        for hostile in HostileCase.all {
            #expect(text.contains("`\(hostile.name)`"), "Tests/hostile/README.md lacks \(hostile.name)")
        }
    }

    @Test func foldersThatAreNone() {
        for (path, status) in [
            ("/nowhere/at/all", .fileNotFound), ("/dev/null", .fileUnreadable), ("", .fileNotFound), ("a\0b", .fileNotFound),
        ]
            as [(String, LimbeckError.Status)]
        {
            do throws(LimbeckError) {
                _ = try ModelFolder(path)
                Issue.record("'\(path)' opened")
            } catch {
                #expect(error.status == status)
            }
        }
    }

    /// Random corruption either changes nothing that matters or is refused; it never traps.
    @Test func damage() {
        let seed = UInt64.random(in: 0 ... .max)
        print("damage seed \(seed)")
        var random = Random(seed: seed)
        let weights = Sample.bert.weights
        let headerEnd = weights.count - Sample.bert.tensors.reduce(0) { $0 + $1.contents.count }
        for _ in 0..<3000 {
            var bytes = weights
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<headerEnd, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            bytes.withUnsafeBytes { _ = try? Safetensors($0, file: "damaged") }
        }
        let config = Sample.bert.configBytes
        for _ in 0..<3000 {
            var bytes = config
            let alphabet = Array("{}[]\":,\\u0d8e+-. truefalsenull".utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = alphabet.randomElement(using: &random) ?? 0
            }
            bytes.withUnsafeBytes { buffer in
                guard let root = try? JSONDocument(buffer, file: "damaged").root else { return }
                for (key, value) in root.members { _ = (key.string, value.int, value.double, value.string, value["0"]?.string) }
            }
        }
    }
}
