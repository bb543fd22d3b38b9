import Foundation
import Limbeck
import LimbeckDistil
import Testing

/// Whole runs of training on golden models: the same bits however they are run, and defined ends where they cannot go on.
@Suite(.serialized) struct TrainerTests {
    /// A folder for one test's runs, with prepared tokens.
    private final class Place {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("limbeck-distil-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            var lines = ""
            // 14 sequences of 5 to 18 tokens, of the golden models' 97 ids.
            for index in 0..<14 {
                let ids = (0..<5 + index).map { ($0 * 7 + index * 13) % 90 + 5 }
                let masked = ids.enumerated().map { $0.offset % 5 == 2 ? $0.element : -100 }
                lines += "{\"input_ids\": \(ids), \"labels\": \(index % 3), \"masked_labels\": \(masked)}\n"
            }
            try lines.write(to: url.appendingPathComponent("data.jsonl"), atomically: true, encoding: .utf8)
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        func path(_ name: String) -> String { url.appendingPathComponent(name).path }
        func bytes(_ name: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(name)) }

        /// A recipe with the models of a golden case.
        func recipe(_ golden: String, _ stages: String, output: String, student: String = "student") throws -> Recipe {
            let models = Repository.path("Tests/golden/losses/\(golden)")
            let teacher = FileManager.default.fileExists(atPath: "\(models)/teacher") ? "\"teacher\": \"\(models)/teacher\"," : ""
            let text = """
                {\(teacher) "student": {"from": "\(models)/\(student)"}, "data": {"tokens": "data.jsonl"}, "seed": 7,
                 "output": "\(output)", "checkpoint_steps": 1, "stages": [\(stages)]}
                """
            try text.write(to: url.appendingPathComponent("\(output).json"), atomically: true, encoding: .utf8)
            return try Recipe(path: path("\(output).json"), overrides: [])
        }

        /// The student's file after a run that ends after `end` steps, nil: after all.
        func run(_ recipe: Recipe, threads: Int = 1, set: InstructionSet? = nil, until end: Int? = nil) throws {
            var options = TrainerOptions()
            (options.threads, options.instructionSet) = (threads, set)
            var steps = 0
            try Trainer(recipe, options: options).run { _ in
                steps += 1
                return end.map { steps < $0 } ?? true
            }
        }
    }

    private static let distillation = """
        {"name": "layers", "losses": [
          {"loss": "mse", "of": "hidden", "layers": [[0, 0], [1, 2]], "projection": {"name": "fit_dense"}},
          {"loss": "mse", "of": "attention_scores", "layers": [[0, 1], [1, 3]]},
          {"loss": "kl", "of": "relations", "relation_heads": 2, "layers": [-1, -1]}],
         "optimizer": {"name": "bert_adam", "learning_rate": 0.002}, "batch": {"sequences": 3, "accumulate": 2}, "epochs": 2, "dropout": 0.1},
        {"name": "logits", "losses": [
          {"loss": "kl", "of": "logits", "temperature": 2, "weight": 0.5}, {"loss": "cross_entropy", "of": "labels"}],
         "optimizer": {"name": "adamw", "learning_rate": 0.002, "clip": 1, "warmup": 0.2}, "batch": {"sequences": 5}, "epochs": 2, "dropout": 0.2}
        """
    private static let masked = """
        {"name": "words", "losses": [
          {"loss": "kl", "of": "logits", "temperature": 2, "weight": 5}, {"loss": "cross_entropy", "of": "masked_tokens", "weight": 2},
          {"loss": "cosine", "of": "hidden", "layers": [[-1, -1]]}],
         "optimizer": {"name": "adamw", "learning_rate": 0.001}, "batch": {"sequences": 4}, "epochs": 2, "dropout": 0.1}
        """

    @Test(arguments: [("tinybert-intermediate", distillation), ("distilbert", masked)])
    func sameBits(_ golden: String, _ stages: String) throws {
        let place = try Place()
        try place.run(place.recipe(golden, stages, output: "one"))
        let expected = try place.bytes("one/model.safetensors")
        var others: [(Int, InstructionSet?)] = [(2, nil), (3, nil)]
        for set in InstructionSet.allCases where set.isAvailable { others.append((2, set)) }
        for (index, (threads, set)) in others.enumerated() {
            try place.run(place.recipe(golden, stages, output: "other\(index)"), threads: threads, set: set)
            #expect(
                try place.bytes("other\(index)/model.safetensors") == expected, "\(threads) threads, \(String(describing: set))")
        }
        // Another seed is another student: dropout and the order of texts depend on it.
        var reseeded = try place.recipe(golden, stages, output: "reseeded")
        reseeded.seed = 8
        try place.run(reseeded)
        #expect(try place.bytes("reseeded/model.safetensors") != expected)
    }

    /// A run that is ended after any step, and begun again by another process, leaves the same student and the same log.
    @Test func resumed() throws {
        let place = try Place(), golden = "tinybert-intermediate"
        try place.run(place.recipe(golden, Self.distillation, output: "whole"))
        func log(_ output: String) throws -> [String] {
            String(decoding: try place.bytes("\(output)/log.jsonl"), as: UTF8.self).split(separator: "\n")
                .map { String($0.prefix { $0 != "}" }) }
        }
        let steps = try log("whole").count
        #expect(steps > 6)
        for end in 1..<steps {
            let recipe = try place.recipe(golden, Self.distillation, output: "part\(end)")
            let error = #expect(throws: LimbeckError.self) { try place.run(recipe, until: end) }
            #expect(error?.status == .interrupted)
            try place.run(recipe, threads: 2)
            #expect(
                try place.bytes("part\(end)/model.safetensors") == place.bytes("whole/model.safetensors"), "ended after step \(end)"
            )
            #expect(try log("part\(end)") == log("whole"))
        }
    }

    /// The checkpoint of one recipe is not the beginning of another.
    @Test func foreignCheckpoint() throws {
        let place = try Place(), golden = "tinybert-intermediate"
        let recipe = try place.recipe(golden, Self.distillation, output: "run")
        _ = #expect(throws: LimbeckError.self) { try place.run(recipe, until: 2) }
        let other = try place.recipe(golden, Self.distillation.replacingOccurrences(of: "0.002", with: "0.001"), output: "run")
        let error = #expect(throws: LimbeckError.self) { try place.run(other) }
        #expect(error?.message.contains("the checkpoint of another recipe") == true)
    }

    /// Nor is one of other texts, if only their last token differs.
    @Test func checkpointOfOtherTexts() throws {
        let place = try Place()
        let recipe = try place.recipe("tinybert-intermediate", Self.distillation, output: "run")
        _ = #expect(throws: LimbeckError.self) { try place.run(recipe, until: 2) }
        let data = place.url.appendingPathComponent("data.jsonl"), text = try String(contentsOf: data, encoding: .utf8)
        let changed = text.replacingOccurrences(of: ", 23], \"labels\": 1", with: ", 24], \"labels\": 1")
        #expect(changed != text)
        try changed.write(to: data, atomically: true, encoding: .utf8)
        let error = #expect(throws: LimbeckError.self) { try place.run(recipe) }
        #expect(error?.message.contains("the checkpoint of another recipe") == true)
    }

    /// A damaged checkpoint, whose numbers would lead out of the lists of steps and batches, is refused.
    @Test(arguments: [(2, Int64(-1)), (2, Int64(1) << 40), (3, -5), (4, Int64.min), (5, Int64.max)])
    func damagedCheckpoint(_ number: Int, _ value: Int64) throws {
        let place = try Place()
        let recipe = try place.recipe("tinybert-intermediate", Self.distillation, output: "run")
        _ = #expect(throws: LimbeckError.self) { try place.run(recipe, until: 2) }
        var bytes = try place.bytes("run/checkpoint.safetensors")
        let header = Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        let json = try #require(try JSONSerialization.jsonObject(with: bytes[8..<8 + header]) as? [String: Any])
        let offsets = try #require((json["position"] as? [String: Any])?["data_offsets"] as? [Int])
        let start = 8 + header + offsets[0] + number * 8
        withUnsafeBytes(of: value) { bytes.replaceSubrange(start..<start + 8, with: $0) }
        try bytes.write(to: place.url.appendingPathComponent("run/checkpoint.safetensors"))
        let error = #expect(throws: LimbeckError.self) { try place.run(recipe) }
        #expect(error?.status == .fileInconsistent)
    }

    /// A run whose log was removed goes on, with a log of what follows.
    @Test func withoutItsLog() throws {
        let place = try Place()
        let recipe = try place.recipe("tinybert-intermediate", Self.distillation, output: "run")
        _ = #expect(throws: LimbeckError.self) { try place.run(recipe, until: 3) }
        try FileManager.default.removeItem(atPath: place.path("run/log.jsonl"))
        try place.run(recipe)
        #expect(try place.bytes("run/log.jsonl").first == UInt8(ascii: "{"))
    }

    @Test func diverging() throws {
        let place = try Place()
        let stage = Self.masked.replacingOccurrences(
            of: "\"adamw\", \"learning_rate\": 0.001", with: "\"sgd\", \"learning_rate\": 1e30")
        let error = #expect(throws: LimbeckError.self) { try place.run(place.recipe("distilbert", stage, output: "run")) }
        #expect(error?.message.contains("stage 'words', step") == true)
        #expect(error?.message.contains("not a number") == true || error?.message.contains("infinite") == true)
    }

    /// What models do not have is refused before training, by its place in the recipe.
    @Test(arguments: [
        ("hinton", #"{"loss": "cross_entropy", "of": "spans"}"#, "losses.0"),
        ("hinton", #"{"loss": "kl", "of": "exits"}"#, "losses.0"),
        ("tinybert-intermediate", #"{"loss": "mse", "of": "hidden", "layers": [[0, 0]]}"#, "projection"),
        ("tinybert-intermediate", #"{"loss": "mse", "of": "hidden", "layers": [[9, 0]], "projection": true}"#, "losses.0.layers"),
        ("minilm", #"{"loss": "kl", "of": "relations", "relation_heads": 7, "layers": [-1, -1]}"#, "relation_heads"),
        ("hinton", #"{"loss": "kl", "of": "logits"}], "rewire": {"batches": [10, 5]}, "freeze": ["#, "rewire.batches"),
        ("hinton", #"{"loss": "kl", "of": "masked_logits"}"#, "losses.0"),
        (
            "dynabert-depth", #"{"loss": "mse", "of": "hidden", "layers": [[4, 4]]}], "depths": [1, 0.5], "freeze": ["#,
            "losses.0.layers"
        ),
        (
            "tinybert-intermediate",
            #"{"loss": "mse", "of": "attention_scores", "layers": [[0, 1]]}], "widths": [1, 0.5], "freeze": ["#, "losses.0"
        ),
    ])
    func refused(_ golden: String, _ loss: String, _ part: String) throws {
        let place = try Place()
        let stage =
            #"{"name": "a", "losses": ["# + loss
            + #"], "optimizer": {"name": "sgd", "learning_rate": 0.1}, "batch": {"sequences": 4}}"#
        let error = #expect(throws: LimbeckError.self) { try place.run(place.recipe(golden, stage, output: "run")) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    /// The layers of a student, with a head of its own, opened by the engine.
    @Test func fromTheTeacher() throws {
        let place = try Place()
        let models = Repository.path("Tests/golden/losses/pkd")
        let text = """
            {"teacher": "\(models)/teacher", "student": {"from": "teacher", "layers": [0, 3, 5], "head": {"kind": "sequence", "labels": ["a", "b", "c"]}},
             "data": {"tokens": "data.jsonl"}, "output": "student", "stages": [{"name": "a", "losses": [{"loss": "cross_entropy", "of": "labels"}],
             "optimizer": {"name": "sgd", "learning_rate": 1e-9}, "batch": {"sequences": 14}, "steps": 1}]}
            """
        try text.write(to: place.url.appendingPathComponent("r.json"), atomically: true, encoding: .utf8)
        try place.run(Recipe(path: place.path("r.json"), overrides: []))
        let model = try Model(path: place.path("student")), teacher = try Model(path: "\(models)/teacher")
        #expect(model.layers == 3 && model.labels == ["a", "b", "c"])
        #expect(model.parameters < teacher.parameters)
    }
}
