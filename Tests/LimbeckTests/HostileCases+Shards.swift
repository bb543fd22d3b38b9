import Limbeck

extension HostileCase {
    private static func index(
        _ name: String, _ status: LimbeckError.Status, _ words: String, _ json: String
    ) -> HostileCase {
        HostileCase(name, status, words) { $0.shards(json) }
    }

    static let shards: [HostileCase] = [
        .init("shards-open", nil) { $0.shards() },
        .index(
            "shards-index-array", .fileMalformed,
            "model.safetensors.index.json: the top level is an array", "[]"),
        .index("shards-index-number", .fileMalformed, "'weight_map' is 1", #"{"weight_map": 1}"#),
        .index("shards-index-empty", .fileMalformed, "at least one tensor", #"{"weight_map": {}}"#),
        .index(
            "shards-file-number", .fileMalformed, "the file of 'x' is 1",
            #"{"weight_map": {"x": 1}}"#),
        .index(
            "shards-path-up", .fileMalformed, "leads out of the model folder",
            #"{"weight_map": {"x": "../a.safetensors"}}"#),
        .index(
            "shards-path-absolute", .fileMalformed, "leads out",
            #"{"weight_map": {"x": "/etc/passwd"}}"#),
        .index(
            "shards-path-nul", .fileMalformed, "leads out",
            #"{"weight_map": {"x": "a.safetensors\u0000"}}"#),
        .index("shards-path-empty", .fileMalformed, "leads out", #"{"weight_map": {"x": ""}}"#),
        .index(
            "shards-path-itself", .fileUnreadable, "/.: Is a directory",
            #"{"weight_map": {"x": "./."}}"#),
        .index(
            "shards-file-missing", .fileNotFound, "c.safetensors",
            #"{"weight_map": {"x": "c.safetensors"}}"#),
        .index(
            "shards-file-of-another-kind", .fileMalformed, "config.json: a header of",
            #"{"weight_map": {"x": "config.json"}}"#),
        .index(
            "shards-name-twice", .fileMalformed, "duplicate name 'x'",
            #"{"weight_map": {"x": "a", "x": "b"}}"#),
        .index(
            "shards-many", .fileUnsupported, "more than 4096 files",
            "{\"weight_map\": {" + (0...4096).map { "\"\($0)\": \"\($0)\"" }.joined(separator: ", ")
                + "}}"),
        .init(
            "shards-tensor-missing", .fileInconsistent,
            "has tensor 'classifier.bias' in 'b.safetensors', but it is not there"
        ) {
            $0.shards { $0[1].removeLast() }
        },
        .init(
            "shards-tensor-unnamed", .fileInconsistent,
            "does not name tensor 'x', which is in 'a.safetensors'"
        ) {
            $0.shards { $0[0].append(.init(name: "x", shape: [1])) }
        },
        .init(
            "shards-tensor-twice", .fileInconsistent,
            "but it is also in 'a.safetensors', or only there"
        ) {
            $0.shards { $0[0].append($0[1][0]) }
        },
        .init("shards-pickle", .fileMalformed, "b.bin: not a file of torch.save") {
            $0.missing = ["model.safetensors"]
            $0.files["pytorch_model.bin.index.json"] = Array(
                #"{"weight_map": {"x": "b.bin"}}"#.utf8)
            $0.files["b.bin"] = [1]
        },
        .init("shards-behind-whole", nil) {
            $0.shards("[]")
            $0.missing = []
        },
    ]
}

extension Sample {
    /// The weights in two files of safetensors, with this index; nil: the right one.
    mutating func shards(
        _ index: String? = nil, _ change: (inout [[SampleTensor]]) -> Void = { _ in }
    ) {
        var parts = [Array(tensors[..<9]), Array(tensors[9...])]
        let names = ["a.safetensors", "b.safetensors"]
        let map = zip(names, parts).flatMap { name, part in
            part.map { "\"\($0.name)\": \"\(name)\"" }
        }.joined(separator: ", ")
        change(&parts)
        for (name, part) in zip(names, parts) {
            var shard = self
            shard.tensors = part
            files[name] = shard.weights
        }
        missing = ["model.safetensors"]
        files["model.safetensors.index.json"] = Array(
            (index ?? "{\"metadata\": {}, \"weight_map\": {\(map)}}").utf8)
    }
}
