import Foundation
import Limbeck
import Testing

/// That what the tables call obeyed is: another kind of value is refused by name, and another value changes something.
@Suite struct ObeyedKeysTests {
    /// A golden folder in memory, with a key of one of its JSON files changed.
    private struct Folder {
        let name: String
        var files: [String: [UInt8]] = [:]

        init(_ relative: String) throws {
            name = relative
            let root = URL(fileURLWithPath: Repository.path("Tests/golden/\(relative)"))
            let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path)
            for path in paths where path.hasSuffix(".json") || path == "model.safetensors" || path.hasSuffix(".txt") {
                files[path] = try Array(Data(contentsOf: root.appendingPathComponent(path)))
            }
        }

        func object(_ file: String) throws -> [String: Any] {
            let bytes = try #require(files[file])
            return try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        }

        func with(_ key: String, _ value: Any, in file: String, without other: String? = nil) throws -> Sample {
            var sample = Sample(config: [], tensors: [])
            sample.files = files
            var object = try object(file)
            object[key] = value
            if let other { object[other] = nil }
            sample.files[file] = try Array(JSONSerialization.data(withJSONObject: object))
            return sample
        }
    }

    private static func keys(_ rules: [KeyRule]) -> [(key: String, kinds: KeyRule.Kinds)] {
        rules.flatMap { rule -> [(key: String, kinds: KeyRule.Kinds)] in
            guard let kinds = rule.kinds else { return [] }
            return Words(rule.keys).map { (String(decoding: $0, as: UTF8.self), kinds) }.filter { !$0.key.hasPrefix("*") }
        }
    }

    /// A value of each kind, of which none has a meaning anywhere.
    private static var values: [(kind: KeyRule.Kinds, value: Any)] {
        [
            (.flag, true), (.integer, 7), (.number, 7.25), (.string, "no such value"), (.array, [["a": [1]]]),
            (.object, ["a": ["b": 1]]),
        ]
    }

    private func refusesOtherKinds(_ folder: Folder, _ file: String, _ rules: [KeyRule]) throws {
        var refused = 0
        for (key, kinds) in ObeyedKeysTests.keys(rules) {
            for (kind, value) in ObeyedKeysTests.values where kinds == .any ? kind == .object : !kinds.contains(kind) {
                if kind == .integer, kinds.contains(.number) { continue }
                let place = "\(folder.name), \(file): '\(key)' as \(value)"
                let error = try #require(throws: LimbeckError.self, "\(place)") {
                    _ = try folder.with(key, value, in: file).open()
                }
                #expect(error.message.contains(key) && error.message.contains(file), "\(place): \(error.message)")
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    /// A form in which a family's files are, and the folders that are in it, those with a head for sequences first.
    struct Form: CustomTestStringConvertible {
        let family: Family
        let table: KeyTable
        let folders: [String]
        var testDescription: String { "\(family), \(folders.count) folders" }

        static let all: [Form] = Family.allCases.flatMap { family in
            family.keys.indices.map { form in
                let folders = names.filter {
                    (try? Folder($0).object("config.json")).map { family.isOf($0) && (form > 0) == family.isNewer($0) } == true
                }
                return Form(
                    family: family, table: .configuration(family.keys[form]),
                    folders: folders.filter { $0.hasSuffix("sequence") } + folders.filter { !$0.hasSuffix("sequence") })
            }
        }

        private static let names: [String] =
            ["adaptive/fastbert", "adaptive/elasticbert"] + GoldenModelTests.names.map { "models/" + $0 }
            + ((try? FileManager.default.contentsOfDirectory(atPath: Repository.path("Tests/golden/cases/families"))) ?? [])
            .filter { !$0.hasSuffix(".json") }.sorted().map { "cases/families/" + $0 }
    }

    @Test func everyFormHasAFolder() {
        #expect(Form.all.allSatisfy { !$0.folders.isEmpty })
        #expect(Form.all.count == Family.allCases.count + 1)
    }

    @Test(arguments: Form.all) func configurationsOfOtherKinds(_ form: Form) throws {
        try refusesOtherKinds(Folder(#require(form.folders.first)), "config.json", form.table.rules)
    }

    @Test func filesOfOtherKinds() throws {
        let folder = try Folder("answers/embed")
        for (file, type) in [
            ("tokenizer_config.json", JSONFile.tokenizerConfig), ("1_Pooling/config.json", .pooling),
            ("sentence_bert_config.json", .sentenceConfig),
            ("tokenizer.json", .tokenizer),
        ] { try refusesOtherKinds(folder, file, type.table.rules) }
    }

    // MARK: - Another value changes something

    /// What a model answers, and what it is.
    private struct Answer: Equatable {
        var states: [Float]
        var logits: [Float]
        var labels: [String]
        var problem: Problem
        var scores: Scores?
        var lengths: [Int]

        init(_ sample: Sample) throws {
            let model = try sample.open()
            let session = try Session(model, options: SessionOptions(threads: 1))
            let ids: [Int32] = [3, 9, 1, 7, 5, 2, 11, 4, 6, 12, 8, 10, 3, 1, 9, 2, 5, 7, 4, 13]
            states = try session.forward(ids: ids, lengths: [ids.count], output: .hidden)
            logits = (try? session.forward(ids: ids, lengths: [ids.count], output: .logits)) ?? []
            labels = model.labels
            problem = model.configuration.problem
            scores = model.crossEncoderScores
            lengths = [model.maxLength, model.maxPositions]
        }
    }

    /// Other values of a key's kinds.
    private static func others(_ kinds: KeyRule.Kinds, than value: Any?) -> [Any] {
        var others: [Any] = []
        if kinds.contains(.flag) { others += [true, false] }
        if kinds.contains(.integer) || kinds.contains(.number) {
            others += [(value as? Int ?? 1) + 1, 2 * (value as? Int ?? 1), 1, 3, 0]
        }
        if kinds.contains(.number) { others += [0.5, (value as? Double ?? 1) * 10 + 0.01] }
        if kinds.contains(.string) {
            others += ["relu", "gelu", "mean", "none", "layer_norm", "multi_label_classification", "c2p", "x"]
        }
        if kinds.contains(.array) { others += [[String](), ["c2p"], ["x"]] }
        if kinds.contains(.object) { others += [["0": "x"], ["rope_theta": 3]] }
        return others
    }

    @Test(arguments: Form.all) func anotherValueChangesSomething(_ form: Form) throws {
        // The tokenizer's class is for the tokenizer, which these folders have none of.
        var open = ObeyedKeysTests.keys(form.table.rules).filter { $0.key != "tokenizer_class" }
        // It is about a decoder, which FastBERT has none of.
        if form.family == .fastBERT { open.removeAll { $0.key == "tie_word_embeddings" } }
        for name in form.folders where !open.isEmpty {
            let folder = try Folder(name)
            let config = try folder.object("config.json")
            let answer = try Answer(folder.with("transformers_version", "0", in: "config.json"))
            open = try open.filter { key, kinds in
                try !ObeyedKeysTests.others(kinds, than: config[key]).contains { value in
                    let sample = try folder.with(key, value, in: "config.json", without: key == "num_labels" ? "id2label" : nil)
                    do { return try Answer(sample) != answer } catch is LimbeckError { return true }
                }
            }
        }
        #expect(open.map { $0.key } == [], "no other value of these changes an answer")
    }
}

extension KeyRule {
    /// Of an obeyed key.
    fileprivate var kinds: Kinds? {
        switch effect {
        case .obeyed(let kinds), .inside(let kinds, _): kinds
        case .inert, .only: nil
        }
    }
}

extension Family {
    fileprivate func isOf(_ config: [String: Any]) -> Bool {
        config["heads_num"] != nil ? self == .fastBERT : modelTypes.contains(config["model_type"] as? String ?? "bert")
    }

    /// Whether it is NomicBERT's as transformers 5 writes it.
    fileprivate func isNewer(_ config: [String: Any]) -> Bool { self == .nomicBERT && config["num_attention_heads"] != nil }
}
