import Foundation
import Limbeck

/// Models with exits whose tensors and configuration do not belong together.
extension HostileCase {
    private static func exits(
        _ name: String, _ status: LimbeckError.Status?, _ words: String, _ tensors: [(String, [Int])],
        _ keys: [(String, String)] = []
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            for prefix in ["pooler", "classifier"] { sample.remove(prefix) }
            for key in ["id2label", "label2id", "num_labels"] { sample.set(key, nil) }
            for (name, shape) in tensors {
                sample.tensors.append(.init(name: name + ".weight", shape: shape))
                sample.tensors.append(.init(name: name + ".bias", shape: [shape[0]]))
            }
            for (key, json) in keys { sample.set(key, json) }
        }
    }

    /// A FastBERT of one layer, 8 wide, with branches of `narrow`.
    private static func fastBERT(
        _ name: String, _ status: LimbeckError.Status?, _ words: String, narrow: Int? = 4, _ keys: [(String, String?)] = []
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            var made = Sample(config: [], tensors: [])
            made.config = [
                ("hidden_size", "8"), ("emb_size", "8"), ("layers_num", "1"), ("heads_num", "2"), ("feedforward_size", "16"),
            ]
            func add(_ name: String, _ out: Int, _ width: Int) {
                made.tensors.append(.init(name: name + ".weight", shape: [out, width]))
                made.tensors.append(.init(name: name + ".bias", shape: [out]))
            }
            func norm(_ name: String) {
                for end in ["gamma", "beta"] { made.tensors.append(.init(name: "\(name).\(end)", shape: [8])) }
            }
            for (table, rows) in [("word", 11), ("position", 16), ("segment", 3)] {
                made.tensors.append(.init(name: "embedding.\(table)_embedding.weight", shape: [rows, 8]))
            }
            norm("embedding.layer_norm")
            let layer = "encoder.transformer.0."
            for index in 0..<3 { add("\(layer)self_attn.linear_layers.\(index)", 8, 8) }
            add(layer + "self_attn.final_linear", 8, 8)
            norm(layer + "layer_norm_1")
            norm(layer + "layer_norm_2")
            add(layer + "feed_forward.linear_1", 16, 8)
            add(layer + "feed_forward.linear_2", 8, 16)
            if let narrow {
                add("classifiers.0.output_layer_0", narrow, 8)
                for index in 0..<3 { add("classifiers.0.self_atten.linear_layers.\(index)", narrow, narrow) }
                add("classifiers.0.self_atten.final_linear", narrow, narrow)
                add("classifiers.0.output_layer_1", narrow, narrow)
                add("classifiers.0.output_layer_2", 2, narrow)
            }
            for (key, json) in keys { made.set(key, json) }
            sample = made
        }
    }

    private static let pooler = ("pooler.dense", [8, 8]), classifier = ("classifier", [2, 8])
    private static let highway = [("encoder.highway.0.pooler.dense", [8, 8]), ("encoder.highway.0.classifier", [2, 8])]

    static let exits: [HostileCase] = [
        exits("exits-highway", nil, "", highway + [pooler, classifier]),
        exits(
            "exits-highway-half", .fileInconsistent, "no tensor 'encoder.highway.0.classifier.weight'",
            [highway[0], pooler, classifier]),
        exits(
            "exits-highway-no-pooler", .fileInconsistent, "'encoder.highway.0.pooler.dense.weight'",
            [highway[1], pooler, classifier]),
        exits("exits-highway-no-head", .fileInconsistent, "no tensor 'classifier.weight'", highway + [pooler]),
        exits(
            "exits-highway-labels", .fileInconsistent, "'classifier.weight' has shape [3, 8], expected [2, 8]",
            highway + [pooler, ("classifier", [3, 8])]),
        exits(
            "exits-highway-past", .fileInconsistent, "'encoder.highway.0.pooler.dense.weight'",
            [("encoder.highway.7.classifier", [2, 8])]),
        exits(
            "exits-of-another-class", nil, "", highway + [pooler, classifier],
            [("architectures", #"["BertForTokenClassification"]"#)]),
        exits("exits-patience-gap", .fileInconsistent, "no tensor 'classifiers.0.weight'", [pooler, ("classifiers.1", [2, 8])]),
        exits("exits-patience-no-pooler", .fileInconsistent, "no tensor 'pooler.dense.weight'", [("classifiers.0", [2, 8])]),
        exits(
            "exits-elastic-count", .fileInconsistent, "num_output_layers is 2, and model.safetensors has 1 poolers",
            [("encoder.pooler.0.dense", [8, 8]), ("classifiers.0", [2, 8])], [("num_output_layers", "2")]),
        exits(
            "exits-elastic-past", .fileInconsistent, "no 'encoder.pooler.N.dense.weight' for any of the 1 layers",
            [("encoder.pooler.3.dense", [8, 8]), ("classifiers.0", [2, 8])]),
        fastBERT("fastbert", nil, ""),
        fastBERT("fastbert-encoder", nil, "", narrow: nil),
        fastBERT(
            "fastbert-odd-branch", .fileInconsistent, "2 attention heads do not divide the width of 'classifiers.0.', 3", narrow: 3),
        fastBERT("fastbert-pooling", .fileUnsupported, "'pooling' is 'max'", [("pooling", #""max""#)]),
        fastBERT("fastbert-other-encoder", .fileUnsupported, "'encoder' is 'lstm'", [("encoder", #""lstm""#)]),
        fastBERT("fastbert-embedding", .fileMalformed, "'emb_size' unlike 'hidden_size'", [("emb_size", "4")]),
        fastBERT("fastbert-no-heads", .fileUnsupported, "no 'model_type'", [("heads_num", nil)]),
        fastBERT("fastbert-layers", .fileInconsistent, "'encoder.transformer.1", [("layers_num", "2")]),
    ]
}
