import KernelInterface
import Limbeck
import Testing

/// Rotary positions, local attention, and what the configurations of ModernBERT and NomicBERT may say. Their numbers are in the
/// golden files.
@Suite struct ModernTests {
    typealias Refused = FamilyTests.Refused

    @Test(arguments: [
        Refused(
            "modernbert", ["rope_scaling": ["type": "linear", "factor": 2]], .fileUnsupported,
            "'rope_scaling' is an object, which is not supported"),
        Refused("modernbert", ["partial_rotary_factor": 0.5], .fileUnsupported, "'partial_rotary_factor' is"),
        Refused(
            "modernbert", ["rope_parameters": ["full_attention": ["rope_type": "yarn"]]], .fileUnsupported,
            "'rope_type' is 'yarn', which is not supported"),
        Refused(
            "modernbert", ["layer_types": ["full_attention", "full_attention"]], .fileInconsistent,
            "'layer_types' has 2 elements, expected one for each of 9 layers"),
        Refused(
            "modernbert", ["layer_types": ["sliding_attention"] + Array(repeating: "chunked_attention", count: 8)],
            .fileUnsupported,
            "'layer_types' 1 is 'chunked_attention'"),
        Refused("modernbert", ["layer_types": "full_attention"], .fileMalformed, "'layer_types' is 'full_attention'"),
        Refused("modernbert", ["layer_types": Array(repeating: 1, count: 9)], .fileUnsupported, "'layer_types' 0 is 1"),
        Refused("modernbert", ["head_dim": 8], .fileInconsistent, "'head_dim' is 8, but attention is 30 wide, with 3 heads"),
        Refused("modernbert", ["sliding_window": 0], .fileMalformed, "'sliding_window' is 0"),
        Refused("modernbert", ["rope_parameters": [1]], .fileMalformed, "'rope_parameters' is an array"),
        Refused("modernbert", ["rope_parameters": ["full_attention": 7]], .fileMalformed, "'full_attention' is 7"),
        Refused(
            "modernbert", ["rope_parameters": ["full_attention": ["type": "linear"]]], .fileUnsupported,
            "'type' is 'linear', which is not"
        ),
        Refused(
            "modernbert", ["rope_parameters": ["sliding_attention": ["partial_rotary_factor": 0.5]]], .fileUnsupported,
            "'partial_rotary_factor' is"),
        Refused(
            "modernbert", ["global_rope_theta": 0.5], .fileUnsupported,
            "'global_rope_theta' is not supported, expected a number from 1"),
        Refused("modernbert", ["local_rope_theta": 1e13], .fileUnsupported, "'local_rope_theta' is not supported"),
        Refused("modernbert", ["global_attn_every_n_layers": 0], .fileMalformed, "'global_attn_every_n_layers' is 0"),
        Refused("modernbert", ["local_attention": -1], .fileMalformed, "'local_attention' is -1"),
        Refused("modernbert", ["num_attention_heads": 2], .fileInconsistent, "RoPE of 15 numbers in a head"),
        Refused("modernbert", ["num_attention_heads": 7], .fileInconsistent, "7 attention heads do not divide"),
        Refused("modernbert", ["intermediate_size": 38], .fileInconsistent, "mlp.Wi.weight' has shape [74, 30], expected [76, 30]"),
        Refused("modernbert", ["num_hidden_layers": 10], .fileInconsistent, "no tensor 'layers.9.attn_norm.weight'"),
        Refused("modernbert", ["norm_bias": true], .fileInconsistent, "no tensor 'embeddings.norm.bias'"),
        Refused("modernbert", ["attention_bias": true], .fileInconsistent, "no tensor 'layers.0.attn.Wqkv.bias'"),
        Refused("modernbert", ["mlp_bias": true], .fileInconsistent, "no tensor 'layers.0.mlp.Wi.bias'"),
        // No tensor bounds the positions.
        Refused(
            "modernbert", ["max_position_embeddings": 2_147_483_647], .fileUnsupported, "rotary positions of 2147483647 tokens"),
        Refused(
            "modernbert-sequence", ["classifier_pooling": "max"], .fileUnsupported,
            "'classifier_pooling' is 'max', which is not supported; expected cls or mean"),
        Refused("modernbert-sequence", ["classifier_activation": "glu"], .fileUnsupported, "classifier_activation 'glu'"),
        Refused("modernbert-sequence", ["classifier_bias": true], .fileInconsistent, "no tensor 'head.dense.bias'"),
        Refused("modernbert-sequence", ["architectures": nil], .fileUnsupported, "ModernBertForSequenceClassification and of"),
        Refused("modernbert-masked-bare", ["decoder_bias": true], .fileInconsistent, "no tensor 'decoder.bias'"),
        Refused("nomic", ["prenorm": true], .fileUnsupported, "'prenorm' is true"),
        Refused("nomic", ["causal": true], .fileUnsupported, "'causal' is true"),
        Refused("nomic", ["parallel_block": true], .fileUnsupported, "'parallel_block' is true"),
        Refused("nomic", ["use_rms_norm": true], .fileUnsupported, "'use_rms_norm' is true"),
        Refused("nomic", ["rotary_emb_interleaved": true], .fileUnsupported, "'rotary_emb_interleaved' is true"),
        Refused("nomic", ["rotary_emb_scale_base": 512], .fileUnsupported, "'rotary_emb_scale_base' is 512"),
        Refused("nomic", ["moe_every_n_layers": 2], .fileUnsupported, "'moe_every_n_layers' is 2"),
        Refused("nomic", ["num_heads_kv": 1], .fileUnsupported, "'num_heads_kv' is not supported"),
        Refused(
            "nomic", ["rope_parameters": ["rope_type": "yarn"]], .fileUnsupported, "'rope_type' is 'yarn', which is not supported"),
        Refused("nomic", ["rotary_emb_fraction": 1.5], .fileMalformed, "'rotary_emb_fraction' is more than 1"),
        Refused("nomic", ["rotary_emb_fraction": 0.25], .fileInconsistent, "RoPE of 1 numbers in a head"),
        Refused("nomic", ["rotary_emb_base": 0], .fileUnsupported, "'rotary_emb_base' is not supported"),
        Refused("nomic", ["activation_function": "glu"], .fileUnsupported, "activation_function 'glu' is not supported"),
        Refused("nomic", ["activation_function": "gelu"], .fileInconsistent, "no tensor 'encoder.layers.0.mlp.fc1.weight'"),
        Refused("nomic", ["vocab_size": 65], .fileInconsistent, "has shape [64, 20], expected [128, 20]"),
        Refused("nomic", ["n_inner": 257], .fileInconsistent, "mlp.fc12.weight' has shape [256, 20], expected [512, 20]"),
        Refused("nomic", ["n_positions": 2_147_483_647], .fileUnsupported, "rotary positions of 2147483647 tokens"),
    ])
    func refused(_ refused: Refused) throws {
        let sample = try FamilyTests().edited(refused.model, refused.keys)
        let error = try #require(throws: LimbeckError.self) { _ = try sample.load() }
        #expect(error.status == refused.status)
        #expect(error.message.contains(refused.words), "\(error.message)")
    }

    /// A head of the same tensors as another's.
    static func isAmbiguous(_ name: String) -> Bool {
        ["sequence", "token", "answer", "choice"].contains { name.hasPrefix("modernbert-\($0)") }
    }

    /// What other versions write of the same model.
    @Test func otherSpellings() throws {
        func hidden(_ name: String, _ keys: [String: Any?] = [:]) throws -> [Float] {
            let session = try Session(FamilyTests().edited(name, keys).open(), options: SessionOptions(threads: 1))
            return try session.forward(ids: Array(0..<30), lengths: [30], output: .hidden)
        }
        // transformers 5.
        let bases: [String: Any?] = [
            "full_attention": ["rope_type": "default", "rope_theta": 160_000], "sliding_attention": ["rope_theta": 10_000],
        ]
        let types = (0..<9).map { $0 % 3 == 0 ? "full_attention" : "sliding_attention" }
        let modern = try hidden("modernbert")
        #expect(try hidden("modernbert", ["rope_parameters": bases, "global_rope_theta": nil, "layer_types": types]) == modern)
        #expect(try hidden("modernbert", ["global_rope_theta": nil, "local_rope_theta": 10_000, "local_attention": 9]) == modern)
        #expect(try hidden("modernbert", ["rope_parameters": ["sliding_attention": ["rope_theta": 20_000]]]) != modern)
        // The old keys are the bases of objects without one.
        let objects = ["full_attention": ["rope_type": "default"], "sliding_attention": ["rope_type": "default"]]
        #expect(try hidden("modernbert", ["rope_parameters": objects]) == modern)
        #expect(try hidden("modernbert", ["rope_parameters": objects, "global_rope_theta": 777]) != modern)
        // Any types, whatever the old key says; the window by its other name.
        #expect(try hidden("modernbert", ["layer_types": types, "global_attn_every_n_layers": 2]) == modern)
        #expect(try hidden("modernbert", ["layer_types": Array(types.reversed())]) != modern)
        #expect(try hidden("modernbert", ["layer_types": types.map { $0 == "full_attention" ? "attention" : $0 }]) == modern)
        #expect(try hidden("modernbert", ["sliding_window": 4, "local_attention": 20]) == modern)
        #expect(try hidden("modernbert", ["position_embedding_type": "sans_pos"]) == modern)
        #expect(try hidden("modernbert", ["local_attention": 6]) != modern)
        let nomic = try hidden("nomic")
        #expect(try hidden("nomic", ["rope_parameters": ["rope_type": "default", "rope_theta": 1000]]) == nomic)
        #expect(try hidden("nomic", ["moe_every_n_layers": 0, "num_heads_kv": 5, "n_inner": 256, "vocab_size": 64]) == nomic)
        #expect(try hidden("nomic", ["rotary_emb_base": 10_000]) != nomic)
    }

    /// Longer texts than those of the training are left to models without scaling.
    @Test func positions() throws {
        func positions(_ name: String, _ keys: [String: Any?] = [:]) throws -> Int {
            try FamilyTests().edited(name, keys).load().configuration.maxPositions
        }
        #expect(try positions("modernbert") == 40)
        #expect(try positions("modernbert", ["max_position_embeddings": nil]) == 8192)
        #expect(try positions("nomic") == 40)
        #expect(try positions("nomic", ["n_positions": 8192]) == 8192)
        #expect(try positions("nomic", ["n_positions": 8192, "rotary_scaling_factor": 2]) == 2048)
        #expect(try positions("nomic", ["n_positions": 8192, "rope_parameters": ["rope_type": "dynamic"]]) == 2048)
        #expect(try positions("nomic-scaled") == 33)
        #expect(try positions("nomic-table") == 40)
    }

    /// The angles' cosines and sines beside those of torch, to the last position of ModernBERT. A base whose powers torch rounds
    /// otherwise is off by that rounding times the position.
    @Test(arguments: [
        (160_000, 64), (10_000, 64), (1000, 64), (10_000, 26), (500, 2), (1, 6), (1_000_000_000, 10),
    ])
    func angles(base: Int, numbers: Int) throws {
        let expected = try Expected("Tests/golden/rotary.safetensors")
        let positions = try expected.ints("positions").map(Int.init)
        let theirs = try #require(expected.floats("\(base)-\(numbers)"))
        let rotary = Rotary(base: Float(base), pairs: numbers / 2), count = positions.max()! + 1
        let table = [Float](unsafeUninitializedCapacity: rotary.count(positions: count)) { table, initialized in
            rotary.fill(table.baseAddress!, positions: count)
            initialized = table.count
        }
        let ours = positions.flatMap { table[$0 * numbers..<($0 + 1) * numbers] }
        // An ulp of 1, which is what torch promises for a cosine.
        #expect(largestDifference(ours, theirs) <= 1.2e-7)
    }

    /// A query sees the keys of its window and no other, wherever the window begins and ends inside the panels of keys. Equal scores
    /// make the mean of the values seen: those of the numbers of the tokens, and of their squares.
    @Test(arguments: [0, 1, 15, 16, 31, 32, 64, 299, 300, Int.max])
    func windows(window: Int) throws {
        let tokens = 300, stride = 48
        var projected = [Float](repeating: 0, count: tokens * stride)
        for token in 0..<tokens {
            (projected[token * stride + 4], projected[token * stride + 5]) = (Float(token), Float(token * token))
        }
        for kernels in floatKernels.map(\.kernels) {
            // What is not written is not read.
            var scratch = [Float](repeating: .nan, count: AttentionScratch.bytes(tokens: tokens, headSize: 2) / 4)
            var context = [Float](repeating: .nan, count: tokens * 2)
            projected.withUnsafeBufferPointer { projected in
                context.withUnsafeMutableBufferPointer { context in
                    let start = projected.baseAddress!
                    let job = Attention(
                        query: start, key: start + 2, value: start + 4, stride: stride, tokens: tokens, headSize: 2, scale: 1,
                        bias: nil, biasStride: 0, biasCenter: 0, window: window, positions: nil, out: context.baseAddress!,
                        outStride: 2)
                    scratch.withUnsafeMutableBufferPointer { scratch in
                        withUnsafePointer(to: job) { kernels.attention($0, 0, 0..<tokens, scratch.baseAddress!) }
                    }
                }
            }
            for query in 0..<tokens {
                let seen = max(0, query - min(window, tokens))..<min(tokens, query + min(window, tokens) + 1)
                let mean = Double(seen.reduce(0, +)) / Double(seen.count)
                let squares = Double(seen.reduce(0) { $0 + $1 * $1 }) / Double(seen.count)
                #expect(abs(Double(context[query * 2]) - mean) <= 1e-5 * mean, "query \(query)")
                #expect(abs(Double(context[query * 2 + 1]) - squares) <= 1e-5 * squares, "query \(query)")
            }
        }
    }
}
