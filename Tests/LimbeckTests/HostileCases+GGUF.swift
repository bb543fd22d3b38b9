import Limbeck

extension HostileCase {
    private static func gguf(
        _ name: String, _ status: LimbeckError.Status?, _ words: String = "",
        _ spoil: @escaping @Sendable (inout GGUFSample) -> Void
    ) -> HostileCase {
        HostileCase(name, status, words) { $0.gguf(spoil) }
    }

    /// Another value of a key; nil: none.
    private static func value(
        _ name: String, _ status: LimbeckError.Status?, _ words: String, _ key: String,
        _ value: [UInt8]?
    ) -> HostileCase {
        gguf(name, status, words) { $0.set(key, value) }
    }

    /// Another tensor 'token_embd.weight'.
    private static func words(
        _ name: String, _ status: LimbeckError.Status, _ words: String,
        _ change: @escaping @Sendable (inout GGUFSample.Tensor) -> Void
    ) -> HostileCase {
        gguf(name, status, words) { $0.edit("token_embd.weight", change) }
    }

    private static let huge = [UInt8](repeating: 0xFF, count: 8)

    static let ggufHeaders: [HostileCase] = [
        .gguf("gguf-opens", nil) { _ in },
        .init("gguf-empty", .fileMalformed, "not a GGUF file") {
            $0.gguf { _ in }
            $0.files["model.gguf"] = []
        },
        .init("gguf-two", .fileUnsupported, "several files in .gguf") {
            $0.gguf { _ in }
            $0.files["b.gguf"] = []
        },
        .init("gguf-folder", .fileUnreadable, "model.gguf: Is a directory") {
            $0.gguf { _ in }
            $0.files["model.gguf"] = nil
            $0.files["model.gguf/x"] = []
        },
        .gguf("gguf-magic-other", .fileMalformed, "not a GGUF file") {
            $0.magic = Array("GGML".utf8)
        },
        .gguf("gguf-version-1", .fileUnsupported, "GGUF version 1") { $0.version = 1 },
        .gguf("gguf-version-4", .fileUnsupported, "GGUF version 4") { $0.version = 4 },
        .gguf("gguf-big-endian", .fileUnsupported, "a big-endian GGUF file") {
            $0.version = UInt32(3).byteSwapped
        },
        .gguf("gguf-values-many", .fileUnsupported, "100000 values") { $0.valueCount = 100_000 },
        .gguf("gguf-tensors-many", .fileUnsupported, "65537 tensors") { $0.tensorCount = 65537 },
        .gguf("gguf-count-negative", .fileMalformed, "the header is cut short") {
            $0.valueCount = .max
        },
        .gguf("gguf-values-too-many", .fileMalformed, "value 65535 is cut short") {
            $0.values = (0..<65535).map { (Array("\($0)".utf8), GGUFSample.bool(0)) }
            $0.valueCount = 65536
            ($0.tensors, $0.tensorCount) = ([], 0)
        },
        .gguf("gguf-tensors-too-many", .fileMalformed, "has 0 sizes") { $0.tensorCount = 65536 },
        .gguf("gguf-key-twice", .fileMalformed, "duplicate key 'bert.pooling_type'") {
            $0.values.append(("bert.pooling_type".utf8.map { $0 }, GGUFSample.uint32(2)))
        },
        .gguf("gguf-key-not-ascii", .fileMalformed, "is not ASCII") {
            $0.values.append(([0xC3, 0xA9], GGUFSample.bool(0)))
        },
        .gguf("gguf-key-long", .fileMalformed, "is not ASCII of at most 1 KiB") {
            $0.values.append(([UInt8](repeating: 0x61, count: 1025), GGUFSample.bool(0)))
        },
        // What follows the empty key is its type, so what follows that is the next key's length.
        .gguf("gguf-key-endless", .fileMalformed, "value 1 is cut short") {
            $0.values.insert((Array("x".utf8), GGUFSample.bool(0) + huge), at: 0)
        },
        .value(
            "gguf-type-unknown", .fileMalformed, "'x' has the unknown type 13", "x", [13, 0, 0, 0]),
        .value(
            "gguf-bool-2", .fileMalformed, "'x' is cut short or not of its type", "x",
            GGUFSample.bool(2)),
        .value(
            "gguf-string-longer", .fileMalformed, "'x' is cut short", "x",
            [8, 0, 0, 0] + huge.dropLast()
                + [0]),
        .value(
            "gguf-string-negative", .fileMalformed, "'x' is cut short", "x", [8, 0, 0, 0] + huge),
        .value(
            "gguf-array-overflow", .fileMalformed, "'x' is cut short", "x",
            GGUFSample.array(10, [], count: 1 << 61)),
        .value(
            "gguf-array-of-strings-longer", .fileMalformed, "'x' is cut short", "x",
            GGUFSample.array(8, [], count: 1 << 40)),
        .value(
            "gguf-array-nested", .fileMalformed, "cut short or not of its type", "x",
            GGUFSample.array(9, [GGUFSample.ints([1])])),
        .value(
            "gguf-array-deep", .fileMalformed, "cut short or not of its type", "x",
            littleEndian(UInt32(9)) + [[UInt8]](repeating: [9, 0, 0, 0], count: 100_000).joined()),
        .value(
            "gguf-array-of-nothing-known", .fileMalformed, "cut short or not of its type", "x",
            GGUFSample.array(99, [])),
        .value(
            "gguf-alignment-0", .fileMalformed, "power of two", "general.alignment",
            GGUFSample.uint32(0)),
        .value(
            "gguf-alignment-24", .fileMalformed, "power of two", "general.alignment",
            GGUFSample.uint32(24)),
        .value(
            "gguf-alignment-negative", .fileMalformed, "power of two", "general.alignment",
            GGUFSample.int32(-32)),
        .value(
            "gguf-alignment-other", .fileMalformed, "begins at", "general.alignment",
            GGUFSample.uint32(64)),
    ]

    static let ggufTensors: [HostileCase] = [
        .words("gguf-name-twice", .fileMalformed, "duplicate name 'token_types.weight'") {
            $0.name = Array("token_types.weight".utf8)
        },
        .words("gguf-name-not-utf8", .fileMalformed, "a name that is not UTF-8") {
            $0.name = [0xFF]
        },
        .words("gguf-name-long", .fileMalformed, "at most 64 bytes") {
            $0.name = [UInt8](repeating: 0x61, count: 65)
        },
        .words("gguf-sizes-none", .fileMalformed, "has 0 sizes") { $0.sizes = [] },
        .words("gguf-sizes-many", .fileMalformed, "has 5 sizes") { $0.sizes = [8, 11, 1, 1, 1] },
        .words("gguf-size-negative", .fileMalformed, "a size that is too large") {
            $0.sizes = [8, .max]
        },
        .words("gguf-shape-overflow", .fileMalformed, "a shape that overflows") {
            $0.sizes = [1 << 32, 1 << 32]
        },
        .words("gguf-rows-overflow", .fileMalformed, "a shape that overflows") {
            $0.sizes = [1, 1 << 32, 1 << 32]
        },
        .words("gguf-bytes-overflow", .fileMalformed, "a shape that overflows") {
            $0.sizes = [1 << 62, 1]
        },
        .words("gguf-size-0", .fileMalformed, "begins at") { $0.sizes = [8, 0] },
        .words("gguf-type-unsupported", .fileUnsupported, "has the type Q2_K") { $0.type = 10 },
        .words("gguf-type-removed", .fileUnsupported, "has the type 4, which") { $0.type = 4 },
        .words("gguf-type-huge", .fileUnsupported, "has the type 4294967295") { $0.type = .max },
        .words("gguf-type-of-integers", .fileUnsupported, "dtype 'I32'") { $0.type = 26 },
        .words("gguf-block-divides-not", .fileMalformed, "rows of 8, expected a multiple of 32") {
            $0.type = 2
        },
        .words("gguf-offset-misaligned", .fileMalformed, "begins at 1, expected 0") {
            $0.offset = 1
        },
        .words("gguf-offset-beyond", .fileMalformed, "begins at 1048576") { $0.offset = 1 << 20 },
        .words("gguf-offset-negative", .fileMalformed, "is cut short") { $0.offset = .max },
        .gguf("gguf-overlap", .fileMalformed, "begins at 0, expected") {
            $0.edit("token_types.weight") { $0.offset = 0 }
        },
        .gguf("gguf-cut", .fileMalformed, "the file is cut short") {
            $0.tensors[$0.tensors.count - 1].bytes.removeLast()
        },
        .gguf("gguf-longer", .fileMalformed, "the tensors end at") {
            $0.tail = [UInt8](repeating: 0, count: 33)
        },
        .gguf("gguf-padded", nil) {
            let bytes = $0.tensors.reduce(0) { ($0 + 31) / 32 * 32 + $1.bytes.count }
            $0.tail = [UInt8](repeating: 0, count: (32 - bytes % 32) % 32)
        },
        .gguf("gguf-tensor-missing", .fileInconsistent, "no tensor 'encoder.layer.0.output.dense") {
            $0.tensors.removeAll { $0.name == Array("blk.0.ffn_down.weight".utf8) }
        },
        .gguf("gguf-both-names", .fileInconsistent, "are one tensor under two names") {
            $0.tensors.append(
                .init(
                    name: Array("embeddings.LayerNorm.bias".utf8), sizes: [1], bytes: [0, 0, 0, 0]))
        },
        .gguf("gguf-head", .fileUnsupported, "heads are not supported in GGUF") {
            $0.tensors.append(
                .init(name: Array("cls.output.weight".utf8), sizes: [1], bytes: [0, 0, 0, 0]))
        },
        .words("gguf-row-short", .fileInconsistent, "has shape [22, 4]") { $0.sizes = [4, 22] },
    ]

    static let ggufValues: [HostileCase] = [
        .value(
            "gguf-architecture-none", .fileMalformed, "no 'general.architecture'",
            "general.architecture", nil),
        .value(
            "gguf-architecture-other", .fileUnsupported, "general.architecture 'llama'",
            "general.architecture", GGUFSample.text("llama")),
        .value(
            "gguf-architecture-number", .fileMalformed, "is 1, expected a string",
            "general.architecture", GGUFSample.uint32(1)),
        .value(
            "gguf-architecture-json", .fileUnsupported, "is not supported", "general.architecture",
            GGUFSample.text("bert\", \"is_decoder\": true")),
        .value(
            "gguf-split", .fileUnsupported, "one of 2 files", "split.count", GGUFSample.uint32(2)),
        .value(
            "gguf-causal", .fileUnsupported, "encoders only", "bert.attention.causal",
            GGUFSample.bool(1)),
        .value(
            "gguf-layers-none", .fileMalformed, "no 'bert.block_count'", "bert.block_count", nil),
        .value(
            "gguf-layers-0", .fileMalformed, "is 0, expected an integer from 1 to", "bert.block_count",
            GGUFSample.uint32(0)),
        .value(
            "gguf-layers-more", .fileInconsistent, "no tensor 'encoder.layer.1", "bert.block_count",
            GGUFSample.uint32(2)),
        .value(
            "gguf-layers-negative", .fileMalformed, "is -1, expected an integer from 1 to", "bert.block_count",
            GGUFSample.int32(-1)),
        .value(
            "gguf-heads-array", .fileMalformed, "is an array of 1, expected an integer from 1 to",
            "bert.attention.head_count", GGUFSample.ints([2])),
        .value(
            "gguf-heads-3", .fileInconsistent, "3 attention heads", "bert.attention.head_count",
            GGUFSample.uint32(3)),
        .value(
            "gguf-width-other", .fileInconsistent, "has shape [11, 8]", "bert.embedding_length",
            GGUFSample.uint32(16)),
        .value(
            "gguf-length-other", .fileInconsistent, "has shape [16, 8]", "bert.context_length",
            GGUFSample.uint32(15)),
        .value(
            "gguf-epsilon-none", .fileMalformed, "no 'bert.attention.layer_norm_epsilon'",
            "bert.attention.layer_norm_epsilon", nil),
        .value(
            "gguf-epsilon-nan", .fileMalformed, "expected a fraction from 0",
            "bert.attention.layer_norm_epsilon", GGUFSample.float(.nan)),
        .value(
            "gguf-epsilon-negative", .fileMalformed, "expected a fraction from 0",
            "bert.attention.layer_norm_epsilon", GGUFSample.float(-1)),
        .value(
            "gguf-pooling-last", .fileUnsupported, "bert.pooling_type 3", "bert.pooling_type",
            GGUFSample.uint32(3)),
        .value("gguf-pooling-none", nil, "", "bert.pooling_type", nil),
        .value("gguf-tokenizer-none", nil, "", "tokenizer.ggml.model", nil),
        .value(
            "gguf-tokenizer-other", .fileUnsupported, "tokenizer.ggml.model 'gpt2'",
            "tokenizer.ggml.model", GGUFSample.text("gpt2")),
        .value(
            "gguf-tokens-none", .fileMalformed, "no 'tokenizer.ggml.tokens'",
            "tokenizer.ggml.tokens", nil),
        .value(
            "gguf-tokens-ints", .fileMalformed, "expected an array of strings",
            "tokenizer.ggml.tokens",
            GGUFSample.ints([1])),
        .value(
            "gguf-tokens-few", .fileInconsistent, "1 tokens with 11 types", "tokenizer.ggml.tokens",
            GGUFSample.texts(["[PAD]"])),
        .value(
            "gguf-tokens-many", .fileUnsupported, "expected at most 2097152",
            "tokenizer.ggml.token_type",
            GGUFSample.array(0, [[UInt8](repeating: 1, count: 1 << 22)], count: 1 << 22)),
        .value(
            "gguf-tokens-not-utf8", .fileMalformed, "token 1 is not UTF-8", "tokenizer.ggml.tokens",
            GGUFSample.array(
                8, (0..<11).map { GGUFSample.bare($0 == 1 ? [0xFF] : Array("\($0)".utf8)) })),
        .gguf("gguf-tokens-more-than-rows", .fileInconsistent, "12 ids") {
            $0.set("tokenizer.ggml.tokens", GGUFSample.texts(GGUFSample.tokens + ["e"]))
            $0.set("tokenizer.ggml.token_type", GGUFSample.ints([Int32](repeating: 1, count: 12)))
        },
        .value(
            "gguf-token-types-strings", .fileMalformed, "expected an array of integers",
            "tokenizer.ggml.token_type", GGUFSample.texts(GGUFSample.tokens)),
        .value(
            "gguf-token-type-bytes", .fileUnsupported, "token 0 has the type 6",
            "tokenizer.ggml.token_type", GGUFSample.ints([Int32](repeating: 6, count: 11))),
        .value(
            "gguf-special-beyond", .fileInconsistent, "seperator_token_id is 11, expected 0 to 10",
            "tokenizer.ggml.seperator_token_id", GGUFSample.uint32(11)),
        .value(
            "gguf-special-negative", .fileInconsistent, "bos_token_id is -1",
            "tokenizer.ggml.bos_token_id", GGUFSample.int32(-1)),
        .value(
            "gguf-special-none", .fileMalformed, "no 'tokenizer.ggml.unknown_token_id'",
            "tokenizer.ggml.unknown_token_id", nil),
    ]
}
