import Foundation
import Limbeck
import Synchronization
import Testing

/// Ending a call through `SessionOptions.interrupt`.
@Suite struct InterruptionTests {
    private static let texts = [String](repeating: "This is a small library for reading files.", count: 30_000)

    /// Counts the polls, and ends the call at the poll `last`.
    private final class Watch: Sendable {
        let asked = Atomic<Int>(0)
        let last: Int

        init(last: Int) { self.last = last }

        var options: @Sendable () -> Bool { { self.asked.wrappingAdd(1, ordering: .relaxed).newValue == self.last } }
    }

    private func model(_ name: String) throws -> Model { try Model(path: Repository.path("Tests/golden/answers/\(name)")) }

    @Test(arguments: [1, 2, 3]) func aCallEndsAndTheSessionGoesOn(threads: Int) throws {
        let texts = InterruptionTests.texts, few = Array(texts[..<20])
        let plain = try Session(model("embed"), options: SessionOptions(threads: threads)).embed(few)
        let watch = Watch(last: 2)
        let session = try Session(model("embed"), options: SessionOptions(threads: threads, interrupt: watch.options))
        let error = try #require(throws: LimbeckError.self) { try session.embed(texts) }
        #expect(error.status == .interrupted)
        #expect(watch.asked.load(ordering: .relaxed) == 2)
        #expect(try session.embed(few) == plain)
    }

    @Test func beingAskedChangesNoBit() throws {
        let texts = Array(InterruptionTests.texts[..<6000]), watch = Watch(last: 0)
        let asked = try Session(model("embed"), options: SessionOptions(interrupt: watch.options))
        let plain = try Session(model("embed"))
        #expect(try asked.embed(texts) == plain.embed(texts))
        #expect(watch.asked.load(ordering: .relaxed) > 0)
    }

    @Test func everyKindOfCallEnds() throws {
        let texts = InterruptionTests.texts
        func session(_ name: String) throws -> Session {
            try Session(model(name), options: SessionOptions(threads: 2, interrupt: { true }))
        }
        let (classify, rerank, answer) = (try session("classify"), try session("rerank-one-label"), try session("answer"))
        let embed = try session("embed")
        let calls: [() throws -> Void] = [
            { _ = try embed.embed(texts) }, { _ = try classify.classify(texts) },
            { _ = try classify.classify(texts, pairs: texts) },
            { _ = try rerank.rerank(query: "library", documents: texts) },
            { _ = try answer.answer(question: "What is it?", context: texts[..<8000].joined(separator: " ")) },
            { _ = try embed.forward([[Int32]](repeating: [1, 2, 3], count: 100_000), output: .pooled) },
        ]
        for call in calls {
            let error = try #require(throws: LimbeckError.self) { try call() }
            #expect(error.status == .interrupted)
        }
    }

    @Test func aPackThatEndsLeavesNoFile() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let source = Repository.path("Tests/golden/answers/embed"), out = "\(folder)/model.limbeck"
        for last in 1...4 {
            let watch = Watch(last: last)
            var options = PackOptions(interrupt: watch.options)
            // Each stage takes longer than the polling interval.
            options.progress = { _, _ in Thread.sleep(forTimeInterval: 0.05) }
            let error = try #require(throws: LimbeckError.self) { try Model.pack(source, to: out, options: options) }
            #expect(error.status == .interrupted)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
        try Model.pack(source, to: out, options: PackOptions(interrupt: { false }))
        try Model.verify(path: out)
    }

    /// A question for which the model has no head, and sequences that are too long.
    @Test func errorsHaveTheParticulars() throws {
        let session = try Session(model("embed"), options: SessionOptions(maxTokens: 16))
        func message(_ call: () throws -> Void) throws -> String { try #require(throws: LimbeckError.self) { try call() }.message }
        #expect(try message { _ = try session.tag("x") } == "the model does not tag tokens; it can: embed")
        #expect(try message { _ = try session.fill("[MASK]") }.hasSuffix("it can: embed"))
        #expect(
            try message { _ = try session.forward([[Int32](repeating: 1, count: 17)]) }.hasSuffix("17 ids, and max_tokens is 16"))
        #expect(try message { _ = try session.forward([[1, -1]]) }.hasPrefix("ids[1] is -1, and must be 0 to "))
    }
}
