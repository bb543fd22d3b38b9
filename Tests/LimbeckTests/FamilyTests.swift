import Foundation
import KernelInterface
import Limbeck
import Testing

/// What the rules of the families refuse, and the memory that shared weights save. Their numbers are in the golden files.
@Suite struct FamilyTests {
    /// A golden model with keys of its configuration changed; nil removes one.
    func edited(_ name: String, _ keys: [String: Any?]) throws -> Sample {
        let folder = URL(fileURLWithPath: Repository.path("Tests/golden/models/\(name)"))
        var config = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("config.json"))) as? [String: Any])
        for (key, value) in keys { config[key] = value }
        var sample = Sample(config: [], tensors: [])
        sample.files["config.json"] = try Array(JSONSerialization.data(withJSONObject: config))
        sample.files["model.safetensors"] = try Array(Data(contentsOf: folder.appendingPathComponent("model.safetensors")))
        return sample
    }

    struct Refused: CustomTestStringConvertible, @unchecked Sendable {
        let model: String
        let keys: [String: Any?]
        let status: LimbeckError.Status
        let words: String
        var testDescription: String { "\(model) \(keys)" }

        init(_ model: String, _ keys: [String: Any?], _ status: LimbeckError.Status, _ words: String) {
            (self.model, self.keys, self.status, self.words) = (model, keys, status, words)
        }
    }

    @Test(arguments: [
        Refused("roberta", ["pad_token_id": 25], .fileInconsistent, "padding id 25, in a table of 26"),
        Refused("roberta", ["pad_token_id": Int.max], .fileMalformed, "'pad_token_id'"),
        Refused("roberta", ["pad_token_id": -1], .fileMalformed, "'pad_token_id'"),
        Refused("roberta-masked", ["architectures": ["RobertaForPoetry"]], .fileUnsupported, "tensor 'lm_head.bias' is not known"),
        Refused("roberta", ["model_type": "bert"], .fileUnsupported, "architecture 'RobertaModel' does not match model_type"),
        Refused("albert", ["num_hidden_layers": nil], .fileMalformed, "no 'num_hidden_layers'"),
        Refused("albert", ["num_hidden_layers": 2_000_000_000], .fileUnsupported, "at most 1024 layers"),
        Refused("albert", ["num_hidden_groups": 10], .fileUnsupported, "9 layers of 10 groups"),
        Refused("albert", ["num_hidden_groups": 2], .fileInconsistent, "no tensor 'encoder.albert_layer_groups.1.albert_layers.0."),
        Refused(
            "albert", ["inner_group_num": 2_000_000_000], .fileInconsistent,
            "no tensor 'encoder.albert_layer_groups.0.albert_layers.1."),
        Refused("albert", ["embedding_size": 21], .fileInconsistent, "has shape [60, 20], expected [60, 21]"),
        Refused(
            "albert", ["hidden_size": 28], .fileInconsistent,
            "embedding_hidden_mapping_in.weight' has shape [27, 20], expected [28, 20]"),
        Refused(
            "electra", ["hidden_size": 28], .fileInconsistent, "embeddings_project.weight' has shape [27, 20], expected [28, 20]"),
        Refused("mobilebert", ["normalization_type": "rms_norm"], .fileUnsupported, "normalization_type 'rms_norm'"),
        Refused("mobilebert", ["intra_bottleneck_size": 22], .fileInconsistent, "has shape [21, 45], expected [22, 45]"),
        Refused(
            "mobilebert", ["key_query_shared_bottleneck": false], .fileInconsistent,
            "query.weight' has shape [21, 21], expected [21, 45]"),
        Refused("mobilebert", ["num_feedforward_networks": 5], .fileInconsistent, "no tensor 'encoder.layer.0.ffn.3."),
        Refused("mobilebert", ["num_feedforward_networks": Int.max], .fileMalformed, "'num_feedforward_networks'"),
        Refused(
            "mobilebert", ["num_attention_heads": 2], .fileInconsistent, "2 attention heads do not divide the size of attention, 21"
        ),
        Refused("mobilebert", ["trigram_input": false], .fileInconsistent, "has shape [45, 39], expected [45, 13]"),
        Refused("mobilebert-first-token", ["classifier_activation": true], .fileInconsistent, "no tensor 'pooler.dense.weight'"),
        Refused("deberta", ["conv_kernel_size": 3], .fileUnsupported, "'conv_kernel_size' is 3"),
        Refused("deberta", ["pos_att_type": "c2p|p2p"], .fileUnsupported, "pos_att_type 'p2p'"),
        Refused("deberta", ["pos_att_type": [1]], .fileMalformed, "an element of 'pos_att_type'"),
        Refused("deberta", ["pos_att_type": 1], .fileMalformed, "'pos_att_type'"),
        Refused("deberta", ["relative_attention": false], .fileUnsupported, "'pos_att_type' without 'relative_attention'"),
        Refused("deberta", ["norm_rel_ebd": "rms"], .fileUnsupported, "norm_rel_ebd 'rms'"),
        Refused("deberta", ["norm_rel_ebd": "none|batch_norm"], .fileUnsupported, "norm_rel_ebd 'batch_norm'"),
        Refused(
            "deberta", ["position_buckets": 9], .fileInconsistent, "rel_embeddings.weight' has shape [16, 27], expected [18, 27]"),
        Refused("deberta", ["position_buckets": 2], .fileInconsistent, "'position_buckets' is 2"),
        Refused("deberta", ["position_buckets": 0], .fileMalformed, "'position_buckets'"),
        Refused(
            "deberta", ["max_relative_positions": 5], .fileInconsistent, "'position_buckets' is 8, invalid for distances up to 5"),
        Refused(
            "deberta", ["max_relative_positions": 7], .fileInconsistent,
            "'position_buckets' is 8, but distances up to 7 skip some"),
        Refused(
            "deberta", ["position_buckets": -1, "max_relative_positions": Int(Int32.max)], .fileInconsistent,
            "rel_embeddings.weight' has shape"),
        Refused("deberta", ["max_position_embeddings": 65_537], .fileUnsupported, "'max_position_embeddings' is 65537"),
        Refused("deberta", ["position_biased_input": true], .fileInconsistent, "no tensor 'embeddings.position_embeddings.weight'"),
        Refused("deberta", ["type_vocab_size": 2], .fileInconsistent, "no tensor 'embeddings.token_type_embeddings.weight'"),
        Refused(
            "deberta", ["share_att_key": false], .fileInconsistent, "no tensor 'encoder.layer.0.attention.self.pos_key_proj.weight'"
        ),
        Refused(
            "mpnet", ["num_attention_heads": 7], .fileInconsistent,
            "relative_attention_bias.weight' has shape [32, 3], expected [32, 7]"),
    ])
    func refused(_ refused: Refused) throws {
        let sample = try edited(refused.model, refused.keys)
        let error = try #require(throws: LimbeckError.self) { _ = try sample.load() }
        #expect(error.status == refused.status)
        #expect(error.message.contains(refused.words), "\(error.message)")
    }

    /// Positions begin after the padding id's, so that many rows of the table are for no token.
    @Test func positions() throws {
        #expect(try edited("roberta", [:]).load().configuration.maxPositions == 24)
        #expect(try edited("roberta-padding-4", [:]).load().configuration.maxPositions == 21)
        #expect(try edited("mpnet", ["pad_token_id": 7]).load().configuration.maxPositions == 24)
        #expect(try edited("albert", [:]).load().configuration.maxPositions == 24)
    }

    @Test func headsWithoutArchitectures() throws {
        for name in GoldenModelTests.names where !name.hasSuffix("-choice") && !ModernTests.isAmbiguous(name) {
            let model = try edited(name, [:]).load().configuration.head
            #expect(try edited(name, ["architectures": nil]).load().configuration.head == model, "\(name)")
        }
    }

    /// Layers that share weights are packed once, however many there are.
    @Test func sharedLayersArePackedOnce() throws {
        let (one, nine) = (try edited("albert", ["num_hidden_layers": 1]).open(), try edited("albert", [:]).open())
        #expect(one.layers == 1 && nine.layers == 9)
        #expect(one.privateBytes == nine.privateBytes && one.parameters == nine.parameters)
    }

    /// ALBERT-base beside BERT-base, in their real sizes: twelve layers of one's weights, and twelve of twelve.
    @Test func albertBaseNeedsATwelfth() throws {
        func bytes(_ family: String, _ prefixes: [String], names: [String]) throws -> Int {
            var tensors = [
                ("embeddings.word_embeddings.weight", [30, 768]), ("embeddings.position_embeddings.weight", [512, 768]),
            ]
            tensors.append(("embeddings.token_type_embeddings.weight", [2, 768]))
            func add(_ name: String, _ out: Int, _ width: Int?) {
                tensors.append(("\(name).weight", width.map { [out, $0] } ?? [out]))
                tensors.append(("\(name).bias", [out]))
            }
            add("embeddings.LayerNorm", 768, nil)
            if family == "albert" { add("encoder.embedding_hidden_mapping_in", 768, 768) }
            for prefix in prefixes {
                for name in names[..<4] { add("\(prefix)\(name)", 768, 768) }
                add("\(prefix)\(names[4])", 768, nil)
                add("\(prefix)\(names[5])", 3072, 768)
                add("\(prefix)\(names[6])", 768, 3072)
                add("\(prefix)\(names[7])", 768, nil)
            }
            var header = "", end = 0
            for (name, shape) in tensors {
                let start = end
                end += shape.reduce(4, *)
                header +=
                    #"\#(header.isEmpty ? "{" : ",")"\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#
            }
            var sample = Sample(config: [], tensors: [])
            sample.config = [
                ("model_type", "\"\(family)\""), ("num_attention_heads", "12"), ("num_hidden_layers", "12"),
                ("embedding_size", "768"),
            ]
            // Aligned, as the library writes it: the embeddings are used where they stand.
            header += "}" + String(repeating: " ", count: 7 - header.utf8.count % 8)
            sample.files["model.safetensors"] = safetensors(header)
            sample.lengths["model.safetensors"] = header.utf8.count + 8 + end
            let model = try sample.open()
            #expect(model.layers == 12)
            return model.privateBytes
        }
        let attention = ["query", "key", "value"]
        let bert =
            attention.map { "attention.self.\($0)" } + [
                "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm",
            ]
        let albert =
            attention.map { "attention.\($0)" } + [
                "attention.dense", "attention.LayerNorm", "ffn", "ffn_output", "full_layer_layer_norm",
            ]
        let full = try bytes("bert", (0..<12).map { "encoder.layer.\($0)." }, names: bert)
        let all = try bytes("albert", ["encoder.albert_layer_groups.0.albert_layers.0."], names: albert)
        // ALBERT's other matrix is its embedding's projection, 768 x 768 here, and a bias.
        let shared = all - 4 * (768 * 768 + 768)
        let ratio = Double(full) / Double(shared)
        #expect(abs(ratio - 12) < 0.1, "\(shared) bytes beside \(full)")
    }
}
