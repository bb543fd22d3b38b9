import Foundation
import Limbeck
import Testing

/// Every key that transformers and sentence-transformers write is in a table: Tests/golden/keys has them, by version, with an example.
@Suite struct KeyListTests {
    static let lists: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Repository.path("Tests/golden/keys"))) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted()
    }()

    /// A list: of each file and class, keys and an example of each.
    private struct List {
        var files: [String: [String: [String: Any]]]

        init(_ name: String) throws {
            let data = try Data(contentsOf: URL(fileURLWithPath: Repository.path("Tests/golden/keys/\(name)")))
            let root = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
            files = root.compactMapValues { $0 as? [String: [String: Any]] }
        }
    }

    @Test func thereAreLists() {
        #expect(KeyListTests.lists.filter { $0.hasPrefix("transformers-") }.count == 2)
        #expect(KeyListTests.lists.filter { $0.hasPrefix("sentence-transformers-") }.count >= 5)
    }

    @Test(arguments: lists) func everyKeyIsInATable(_ name: String) throws {
        var count = 0
        for (file, classes) in try List(name).files {
            let shared = classes["*"] ?? [:]
            for (type, own) in classes where type != "*" || classes.count == 1 || file == "tokenizer.json" {
                let members = file == "tokenizer.json" ? own : shared.merging(own) { $1 }
                guard let table = try table(file, type) else {
                    if file == "tokenizer.json" { try checkComponent(type, members) }
                    continue
                }
                for (key, value) in members {
                    try check(key, value, table, "\(name): \(file) of \(type)")
                    count += 1
                }
            }
        }
        #expect(count > 40)
    }

    /// The table of a class's keys; nil for components, and for modules that are refused by their type.
    private func table(_ file: String, _ type: String) throws -> KeyTable? {
        switch file {
        case "config.json":
            let family = try #require(Family.allCases.first { $0.modelTypes.contains(type) }, "no family is called \(type)")
            // transformers' own form of a family's files is the last.
            return try .configuration(#require(family.keys.last))
        case "tokenizer.json":
            switch type {
            case "*": return JSONFile.tokenizer.table
            case "added_tokens": return InnerTable.token.table
            case "truncation": return InnerTable.truncation.table
            default: return nil
            }
        case "config.json of modules":
            return JSONFile(module: type)?.table
        default: return try #require(JSONFile(named: file), "\(file) has no table").table
        }
    }

    /// The key has a rule, and so do all keys nested in its example; the example may be refused for its value.
    private func check(_ key: String, _ value: Any, _ table: KeyTable, _ place: String) throws {
        let text = try Array(JSONSerialization.data(withJSONObject: [key: value]))
        let notes = Notes()
        #expect(
            table.rules.contains { rule in Array(key.utf8).withUnsafeBytes { rule.has($0) } }, "\(place): '\(key)' is in no rule")
        do {
            try text.withUnsafeBytes { try table.check(JSONDocument($0, file: "example").root, notes) }
        } catch let error as LimbeckError {
            #expect(error.message.contains("which is not supported"), "\(place): \(error.message)")
        }
        #expect(notes.lines.isEmpty, "\(place): \(notes.lines)")
    }

    /// A component is refused by its type, or all of its members are known.
    private func checkComponent(_ name: String, _ members: [String: Any]) throws {
        let parts = name.split(separator: " ")
        guard parts.count == 2, parts[0] != "decoder" else { return }
        guard let known = ComponentKeys.all.first(where: { $0[0] == parts[1] }) else { return }
        for key in members.keys where key != "type" { #expect(known.contains(key), "\(name) has '\(key)'") }
    }

    /// A key is in a table only once: a second rule would never apply.
    @Test func rulesDoNotOverlap() {
        var tables: [(String, [KeyRule])] = JSONFile.allCases.map { ("\($0)", $0.table.rules) }
        tables += InnerTable.allCases.map { ("\($0)", $0.table.rules) }
        tables += Family.allCases.flatMap { family in family.keys.map { ("\(family)", $0) } }
        for (name, rules) in tables {
            var seen: Set<String> = []
            for word in rules.flatMap({ Words($0.keys).map { String(decoding: $0, as: UTF8.self) } }) {
                #expect(!word.isEmpty, "\(name) has two spaces in a row")
                #expect(seen.insert(word).inserted, "\(name): '\(word)' is in two rules")
            }
        }
    }
}

/// The treatment of unknown keys.
@Suite struct UnknownKeyTests {
    private func check(_ table: KeyTable, _ text: String) throws -> [String] {
        let notes = Notes()
        try Array(text.utf8).withUnsafeBytes { try table.check(JSONDocument($0, file: "some.json").root, notes) }
        return notes.lines
    }

    @Test(arguments: Family.allCases) func misspeltAndAlarming(_ family: Family) throws {
        let table = try KeyTable.configuration(#require(family.keys.last))
        #expect(try check(table, #"{"vocabulary_sise": 7}"#) == ["some.json: 'vocabulary_sise' is not known and was ignored"])
        #expect(try check(table, #"{"trainer_notes": {"seed": 7}, "my-own": "x"}"#).count == 2)
        // A value that requests nothing is ignored.
        #expect(
            try check(table, #"{"rope_scale": null, "adapter": {}, "window": 0, "norm": "", "experts": [[], {"a": false}]}"#) == [])
        // Keys about training change no answer, whatever their other words.
        #expect(try check(table, #"{"max_grad_norm": 1.0, "loss_scale": 8, "attention_dropout_rate": 0.5}"#).count == 3)
        for key in [
            "rope_scale", "final_logit_softcapping", "hiden_act", "attention_window", "qk_norm", "Rope-Theta", "emb_pooler",
            "num_experts",
            "lora_r", "quantization", "max_position_embedings", "feed_forward_type", "alibi",
        ] {
            let error = try #require(throws: LimbeckError.self) { _ = try check(table, #"{"\#(key)": 1}"#) }
            #expect(error.status == .fileUnsupported)
            #expect(error.message.contains("'\(key)' is not known and may change answers"), "\(error.message)")
        }
    }

    @Test func whatTheHubHas() throws {
        // Keys of well-known folders that the classes of today do not write.
        let bert = #"""
            {"directionality": "bidi", "pooler_fc_size": 768, "pooler_num_attention_heads": 12, "pooler_num_fc_layers": 3,
             "pooler_size_per_head": 128, "pooler_type": "first_token_transform", "gradient_checkpointing": false, "output_past": true,
             "_num_labels": 3, "finetuning_task": "sst-2", "custom_pipelines": {}, "task_specific_params": {"a": 1}, "emb_size": 312,
             "cell": {}, "structure": [], "pre_trained": "", "training": "", "eos_token_ids": 0, "xla_device": true,
             "_attn_implementation_autoset": true, "adapters": {"adapters": {}, "config_map": {}, "fusion_config_map": {}, "fusions": {}}}
            """#
        #expect(try check(.configuration(Family.bert.keys[0]), bert) == [])
        let albert =
            #"{"down_scale_factor": 1, "gap_size": 0, "net_structure_type": 0, "num_memory_blocks": 0, "layers_to_keep": []}"#
        #expect(try check(.configuration(Family.albert.keys[0]), albert) == [])
        let modern =
            #"{"reference_compile": true, "position_embedding_type": "absolute", "layer_norm_eps": 1e-5, "cls_token_id": 1}"#
        #expect(try check(.configuration(Family.modernBERT.keys[0]), modern) == [])
        for key in ["auto_map", "quantization_config"] {
            let error = try #require(throws: LimbeckError.self) {
                _ = try check(.configuration(Family.bert.keys[0]), #"{"\#(key)": {"a": {"b": "c"}}}"#)
            }
            #expect(error.message.contains("'\(key)' is an object, which is not supported"), "\(error.message)")
        }
    }

    /// Notes are few and short, and a file cannot make their creation slow.
    @Test func notesAreBounded() throws {
        let table = KeyTable.configuration([])
        let many = "{" + (0..<2000).map { #""word\#($0)": 1"# }.joined(separator: ", ") + "}"
        let notes = try check(table, many)
        #expect(notes.count == 64 && notes.last?.contains("further notes") == true)
        let long = try check(table, #"{"\#(String(repeating: "a", count: 1 << 20))": 1}"#)
        #expect(long.count == 1 && long[0].utf8.count < 200)
        let error = try #require(throws: LimbeckError.self) {
            _ = try check(table, "{" + (0..<100_000).map { #""word\#($0)": 1"# }.joined(separator: ", ") + "}")
        }
        #expect(error.message.contains("100000 keys in one object"))
        let twice = try check(table, #"{"one": 1, "one": 2, "\u006fne": 3}"#)
        #expect(twice == ["some.json: 'one' is not known and was ignored"])
    }
}
