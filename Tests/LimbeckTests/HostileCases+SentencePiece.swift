import Limbeck

/// A .model file of SentencePiece.
extension HostileCase {
    /// The sample with a .model file whose name determines the class, since no other file does.
    private static func spm(
        _ name: String, _ status: LimbeckError.Status?, _ words: String = "", file: String = "sentencepiece.bpe.model",
        config: String? = nil, _ spoil: @escaping @Sendable (inout SentencePieceSample) -> Void
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            var model = SentencePieceSample()
            spoil(&model)
            sample.set("model_type", nil)
            sample.files[file] = model.bytes
            if let config { sample.files["tokenizer_config.json"] = Array(config.utf8) }
        }
    }

    private static func bytes(
        _ name: String, _ status: LimbeckError.Status?, _ words: String = "", _ bytes: @escaping @Sendable () -> [UInt8]
    ) -> HostileCase {
        HostileCase(name, status, words) { sample in
            sample.set("model_type", nil)
            sample.files["sentencepiece.bpe.model"] = bytes()
        }
    }

    /// A BPE without a specific class.
    private static func bpe(
        _ name: String, _ status: LimbeckError.Status?, _ words: String = "",
        _ spoil: @escaping @Sendable (inout SentencePieceSample) -> Void
    ) -> HostileCase {
        spm(name, status, words, file: "tokenizer.model") { model in
            model.modelType = SentencePieceSample.bpe
            spoil(&model)
        }
    }

    private static func map(
        _ name: String, _ status: LimbeckError.Status? = .fileMalformed,
        _ spoil: @escaping @Sendable (inout SentencePieceSample.Charsmap) -> Void
    ) -> HostileCase {
        spm(name, status, status == nil ? "" : "precompiled_charsmap is not a charsmap") { model in
            var map = SentencePieceSample.Charsmap()
            spoil(&map)
            model.charsmaps = [map.bytes]
        }
    }

    static let sentencePiece: [HostileCase] = [
        spm("spm-fits", nil) { _ in },
        bytes("spm-empty", .fileMalformed, "it has no pieces") { [] },
        bytes("spm-garbage", .fileMalformed, "cut short, or not protobuf") { Array("{\"model\": 1}".utf8) },
        bytes("spm-cut", .fileMalformed, "cut short, or not protobuf") { SentencePieceSample().bytes.dropLast() },
        bytes("spm-length-of-zeros", .fileMalformed, "cut short, or not protobuf") {
            [0x0A, 0x80, 0x00] + SentencePieceSample().bytes
        },
        HostileCase("spm-huge", .fileUnsupported, "expected at most 67108864") { sample in
            sample.set("model_type", nil)
            sample.files["sentencepiece.bpe.model"] = []
            sample.lengths["sentencepiece.bpe.model"] = 1 << 32
        },
        spm("spm-pieces-none", .fileMalformed, "it has no pieces") { $0.pieces = [] },
        spm("spm-pieces-more-than-rows", .fileInconsistent, "ids") { model in
            for letter in "cdefghijklm" { model.pieces.append(.init(String(letter))) }
        },
        spm("spm-piece-empty", .fileMalformed, "piece 7 is empty") { $0.pieces.append(.init("")) },
        spm("spm-piece-not-utf8", .fileMalformed, "piece 7 is not UTF-8") { $0.pieces.append(.init([0xC3])) },
        spm("spm-piece-nul", .fileMalformed, "piece 7 is not UTF-8 without NUL") { $0.pieces.append(.init("a\0")) },
        spm("spm-piece-twice", nil) { $0.pieces.append(.init("a")) },
        spm("spm-piece-long", .fileUnsupported, "piece 7 has 257 bytes, expected at most 256") {
            $0.pieces.append(.init(String(repeating: "a", count: 257)))
        },
        spm("spm-user-defined-long", nil) {
            $0.pieces.append(.init(String(repeating: "c", count: 256), types: [SentencePieceSample.userDefined]))
        },
        // An unknown type leaves the value unchanged.
        bpe("spm-user-defined-backend", .fileUnsupported, "the user-defined piece 7") {
            $0.pieces.append(.init("c", types: [SentencePieceSample.userDefined, 99]))
        },
        spm("spm-user-defined-nested", nil) { model in
            model.pieces = Array(model.pieces[..<4])
            for length in 1...3 {
                model.pieces.append(.init(String(repeating: "c", count: length), types: [SentencePieceSample.userDefined]))
            }
        },
        spm("spm-score-nan", .fileMalformed, "the score of piece 7 is not finite") { $0.pieces.append(.init("c", .nan)) },
        spm("spm-unknown-none", nil) { $0.pieces[0].types = [SentencePieceSample.normal] },
        spm("spm-unknown-beyond", .fileInconsistent, "the unknown token has the id 1, expected 0 to 0", file: "spiece.model") {
            $0.pieces = [.init("[CLS]")]
        },
        spm("spm-special-missing", .fileInconsistent, #"the special token "[CLS]" is missing"#, file: "spiece.model") { _ in },
        spm("spm-bytes-none", nil) { $0.spellsBytes = true },
        bpe("spm-bytes-some", .fileUnsupported, "byte_fallback without a token for the byte 244") { model in
            model.spellsBytes = true
            model.pieces[6] = .init("<0x41>", types: [6])
        },
        spm("spm-unk-id", .fileInconsistent, "unk_id is 7, expected 0 to 6", file: "tokenizer.model") {
            $0.trainer = Protobuf.field(40, 7 as UInt64)
        },
        spm("spm-unk-id-below", .fileInconsistent, "unk_id is -1, expected 0 to 6", file: "tokenizer.model") {
            $0.trainer = Protobuf.field(40, UInt64.max)
        },
        bpe("spm-unk-piece", .fileInconsistent, #"unk_piece "x" is not in the vocabulary"#) {
            $0.trainer = Protobuf.field(45, Array("x".utf8))
        },
        bpe("spm-unk-piece-not-utf8", .fileMalformed, "unk_piece is not UTF-8") { $0.trainer = Protobuf.field(45, [0xFF]) },
        bpe("spm-unk-piece-merged", .fileUnsupported, "has a token that stands for unknown characters") { model in
            model.trainer = Protobuf.field(45, Array("a".utf8))
        },
        bpe("spm-trainer-long", .fileUnsupported, "trainer_spec has ") {
            $0.trainer = Protobuf.field(1, [UInt8](repeating: 0x61, count: 1 << 20))
        },
        spm("spm-model-type", nil) { $0.modelType = SentencePieceSample.word },
        spm(
            "spm-camembert-type", .fileUnsupported, "CamembertTokenizer requires a Unigram model",
            config: #"{"tokenizer_class": "CamembertTokenizer"}"#
        ) { $0.modelType = SentencePieceSample.bpe },
        // Every beginning of each is a piece, and every end.
        bpe("spm-merges-many", .fileInconsistent, "ids") { model in
            for length in 1...256 { model.pieces.append(.init(String(repeating: "c", count: length), -Float(length))) }
        },
        // The same with more letters. With a file of the maximum size, looking up all of them would take minutes.
        bpe("spm-merges-endless", .fileUnsupported, "combine in too many ways") { model in
            for letter in 0..<26 as Range<UInt8> {
                for length in 1...256 {
                    model.pieces.append(.init([UInt8](repeating: 0x41 + letter, count: length), -Float(length)))
                }
            }
        },
        spm("spm-config-flag", .fileMalformed, "keep_accents", file: "spiece.model", config: #"{"keep_accents": 1}"#) { model in
            model.pieces += [.init("[CLS]"), .init("[SEP]")]
        },
        spm("spm-legacy", .fileMalformed, "legacy", file: "tokenizer.model", config: #"{"legacy": "no"}"#) { _ in },
        spm("spm-normalizers-two", .fileMalformed, "two of normalizer_spec") { $0.charsmaps += $0.charsmaps },
        map("spm-charsmap-short") { $0.count = 128 },
        map("spm-charsmap-leads-out") { $0.units[0x60] = 0x61 | 1 << 20 },
        map("spm-charsmap-root-value") { $0.units[0] = SentencePieceSample.Charsmap.value(1 << 20) },
        map("spm-charsmap-value-out") { $0.units[2] = SentencePieceSample.Charsmap.value(2) },
        map("spm-charsmap-value-inside") { map in
            map.pool = [0x62, 0x63, 0]
            map.units[2] = SentencePieceSample.Charsmap.value(1)
        },
        map("spm-charsmap-endless") { $0.pool = [0x62] },
        map("spm-charsmap-long") { $0.pool = [UInt8](repeating: 0x62, count: 129) + [0] },
        map("spm-charsmap-circle", nil) { $0.units[0x60] = 0x61 | SentencePieceSample.Charsmap.step(0x60, to: 1) },
        map("spm-charsmap-nested-keys", nil) { $0 = .nested(60) },
        spm(
            "spm-class-other", .fileUnsupported, "the tokenizer_class T5Tokenizer is not supported with this file",
            config: #"{"tokenizer_class": "T5Tokenizer"}"#
        ) { _ in },
        spm(
            "spm-class-bert", .fileUnsupported, "the tokenizer_class BertTokenizer is not supported with this file",
            config: #"{"tokenizer_class": "BertTokenizer"}"#
        ) { _ in },
    ]
}
