import Limbeck

/// A .model file of SentencePiece. libsentencepiece must never see what would lead it astray.
extension HostileCase {
    #if SentencePiece
        private static func spm(
            _ name: String, _ status: LimbeckError.Status?, _ words: String = "",
            _ spoil: @escaping @Sendable (inout SentencePieceSample) -> Void
        ) -> HostileCase {
            HostileCase(name, status, words) { sample in
                var model = SentencePieceSample()
                spoil(&model)
                sample.files["sentencepiece.bpe.model"] = model.bytes
            }
        }

        private static func bytes(
            _ name: String, _ status: LimbeckError.Status?, _ words: String = "", _ bytes: @escaping @Sendable () -> [UInt8]
        ) -> HostileCase {
            HostileCase(name, status, words) { $0.files["sentencepiece.bpe.model"] = bytes() }
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

        /// "c", "cc", and so on.
        private static func nested(
            _ name: String, _ status: LimbeckError.Status?, _ count: Int, types: [UInt64] = [SentencePieceSample.userDefined]
        ) -> HostileCase {
            HostileCase(name, status, status == nil ? "" : "\(count) user-defined pieces begin with each other") { sample in
                var model = SentencePieceSample()
                for length in 1...count { model.pieces.append(.init(String(repeating: "c", count: length), types: types)) }
                sample.files["sentencepiece.bpe.model"] = model.bytes
                sample.set("vocab_size", "100")
                sample.edit("embeddings.word_embeddings.weight") { $0.shape = [100, 8] }
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
            HostileCase("spm-huge", .fileUnsupported, "the most is 67108864") { sample in
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
            spm("spm-piece-twice", .fileMalformed, "no model of SentencePiece") { $0.pieces.append(.init("a")) },
            spm("spm-piece-long", .fileUnsupported, "piece 7 has 257 bytes, the most is 256") {
                $0.pieces.append(.init(String(repeating: "a", count: 257)))
            },
            spm("spm-user-defined-long", nil) {
                $0.pieces.append(.init(String(repeating: "c", count: 256), types: [SentencePieceSample.userDefined]))
            },
            nested("spm-user-defined-64", nil, 64),
            nested("spm-user-defined-65", .fileUnsupported, 65),
            // There is no 99: to protobuf the type is what it was.
            nested("spm-user-defined-then-99", .fileUnsupported, 65, types: [SentencePieceSample.userDefined, 99]),
            spm("spm-score-nan", .fileMalformed, "the score of piece 7 is not finite") { $0.pieces.append(.init("c", .nan)) },
            spm("spm-unknown-none", .fileMalformed, "no model of SentencePiece") { $0.pieces.removeFirst() },
            spm("spm-bytes-none", .fileMalformed, "no model of SentencePiece") { $0.spellsBytes = true },
            spm("spm-model-type", .fileUnsupported, "the model_type 3") { $0.modelType = SentencePieceSample.word },
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
            map("spm-charsmap-circle") { $0.units[0x60] = 0x61 | SentencePieceSample.Charsmap.step(0x60, to: 1) },
            map("spm-charsmap-32-keys", nil) { $0 = .nested(32) },
            map("spm-charsmap-33-keys") { $0 = .nested(33) },
            HostileCase("spm-class-other", .fileUnsupported, "tokenizer_class \"T5Tokenizer\"") { sample in
                sample.files["sentencepiece.bpe.model"] = SentencePieceSample().bytes
                sample.files["tokenizer_config.json"] = Array(#"{"tokenizer_class": "T5Tokenizer"}"#.utf8)
            },
        ]
    #else
        static let sentencePiece: [HostileCase] = [
            HostileCase("spm-not-built", .fileUnsupported, "built without SentencePiece") { sample in
                sample.files["sentencepiece.bpe.model"] = SentencePieceSample().bytes
            }
        ]
    #endif
}
