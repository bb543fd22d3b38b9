/// A .model file of SentencePiece, read and checked: the pieces, and those training options that transformers uses.
///
/// Names of messages and numbers of fields are those of sentencepiece_model.proto.
final class SentencePieceFile {
    struct Piece {
        /// Its UTF-8, in the file.
        let text: UnsafeRawBufferPointer
        let score: Float
        let kind: SentencePieceMessage.Kind
    }

    /// The name that messages use.
    let name: String
    private(set) var pieces: [Piece] = []

    // TrainerSpec
    private(set) var isUnigram = true
    private(set) var spellsBytes = false
    /// `unk_id`, `bos_id` and `eos_id`; a negative id means none.
    private(set) var unknown: Int32 = 0
    private(set) var begin: Int32 = 1
    private(set) var end: Int32 = 2
    private(set) var unknownPiece = "<unk>"
    private(set) var beginPiece = "<s>"
    private(set) var endPiece = "</s>"

    // NormalizerSpec
    /// nil: there is none.
    private(set) var charsmap: CharacterMap?
    private(set) var addsPrefix = true
    private(set) var removesSpaces = true
    private(set) var escapesSpaces = true

    private var hasTrainer = false, hasNormalizer = false, hasDenormalizer = false, hasTest = false

    /// XLM-RoBERTa's file is 5 MB.
    private static let maxBytes = 64 << 20
    /// The maximum size of the trainer's options and of the self-test. Real ones have a few hundred bytes.
    private static let maxSpecBytes = 1 << 20

    /// The pieces are views of `bytes`.
    init(_ bytes: UnsafeRawBufferPointer, name: __shared String) throws(LimbeckError) {
        self.name = name
        guard bytes.count <= SentencePieceFile.maxBytes else {
            throw unsupported("\(bytes.count) bytes, expected at most \(SentencePieceFile.maxBytes)")
        }
        try readModel(bytes)
    }

    @inline(never) private func malformed(_ what: __owned Message) -> LimbeckError {
        LimbeckError(.fileMalformed, "\(name): not a SentencePiece model: \(what.text)")
    }

    @inline(never) func unsupported(_ what: __owned Message) -> LimbeckError {
        LimbeckError(.fileUnsupported, "\(name): \(what.text)")
    }

    /// nil at the end of the message.
    @inline(never)
    private func next(_ reader: inout ProtobufReader) throws(LimbeckError) -> ProtobufReader.Field? {
        if reader.isAtEnd { return nil }
        guard let field = reader.next() else { throw malformed("it is cut short, or not protobuf") }
        return field
    }

    /// protobuf would merge two messages of this field.
    private func once(_ seen: inout Bool, _ name: String) throws(LimbeckError) {
        if seen { throw malformed("it has two of \(name)") }
        seen = true
    }

    /// ModelProto
    private func readModel(_ message: UnsafeRawBufferPointer) throws(LimbeckError) {
        var reader = ProtobufReader(message)
        while let field = try next(&reader) {
            switch (field.number, field.value) {
            case (1, .bytes(let bytes)): try readPiece(bytes)
            case (2, .bytes(let bytes)):
                try once(&hasTrainer, "trainer_spec")
                try readTrainer(bytes)
            case (3, .bytes(let bytes)):
                try once(&hasNormalizer, "normalizer_spec")
                try readNormalizer(bytes)
            case (4, .bytes(let bytes)):
                try once(&hasTest, "self_test_data")
                try atMostSpecBytes(bytes, "self_test_data")
            case (5, .bytes): try once(&hasDenormalizer, "denormalizer_spec")
            default: break
            }
        }
        guard !pieces.isEmpty else { throw malformed("it has no pieces") }
    }

    private func atMostSpecBytes(_ bytes: UnsafeRawBufferPointer, _ name: String) throws(LimbeckError) {
        guard bytes.count <= SentencePieceFile.maxSpecBytes else {
            throw unsupported("\(name) has \(bytes.count) bytes, expected at most \(SentencePieceFile.maxSpecBytes)")
        }
    }

    private func readPiece(_ message: UnsafeRawBufferPointer) throws(LimbeckError) {
        let place = pieces.count
        guard place < Vocabulary.maximumCount else { throw unsupported("more than \(Vocabulary.maximumCount) pieces") }
        guard let piece = SentencePieceMessage(message) else { throw malformed("piece \(place) is not protobuf") }
        guard UTF8Check.isWellFormed(piece.text), !piece.text.contains(0) else {
            throw malformed("piece \(place) is not UTF-8 without NUL")
        }
        guard piece.score.isFinite else { throw malformed("the score of piece \(place) is not finite") }
        let (length, limit) = (piece.text.count, PieceTable.longestPiece)
        guard length > 0 else { throw malformed("piece \(place) is empty") }
        guard length <= limit else { throw unsupported("piece \(place) has \(length) bytes, expected at most \(limit)") }
        pieces.append(Piece(text: piece.text, score: piece.score, kind: piece.kind))
    }

    /// TrainerSpec
    private func readTrainer(_ message: UnsafeRawBufferPointer) throws(LimbeckError) {
        try atMostSpecBytes(message, "trainer_spec")
        var reader = ProtobufReader(message)
        while let field = try next(&reader) {
            switch (field.number, field.value) {
            case (3, .integer(let type)):
                // As for a piece's type, unknown values are ignored.
                if 1...4 ~= UInt32(truncatingIfNeeded: type) { isUnigram = UInt32(truncatingIfNeeded: type) == 1 }
            case (35, .integer(let flag)): spellsBytes = flag != 0
            case (40, .integer(let id)): unknown = Int32(truncatingIfNeeded: id)
            case (41, .integer(let id)): begin = Int32(truncatingIfNeeded: id)
            case (42, .integer(let id)): end = Int32(truncatingIfNeeded: id)
            case (45, .bytes(let text)): unknownPiece = try self.text(text, "unk_piece")
            case (46, .bytes(let text)): beginPiece = try self.text(text, "bos_piece")
            case (47, .bytes(let text)): endPiece = try self.text(text, "eos_piece")
            default: break
            }
        }
    }

    private func text(_ bytes: UnsafeRawBufferPointer, _ key: String) throws(LimbeckError) -> String {
        guard UTF8Check.isWellFormed(bytes) else { throw malformed("\(key) is not UTF-8") }
        return String(utf8: bytes)
    }

    /// NormalizerSpec
    private func readNormalizer(_ message: UnsafeRawBufferPointer) throws(LimbeckError) {
        var reader = ProtobufReader(message)
        while let field = try next(&reader) {
            switch (field.number, field.value) {
            case (2, .bytes(let bytes)):
                guard bytes.count > 0 else {
                    charsmap = nil
                    continue
                }
                guard let map = try CharacterMap(Array(bytes)), map.isWhole else {
                    throw malformed("precompiled_charsmap is not a charsmap")
                }
                charsmap = map
            case (3, .integer(let flag)): addsPrefix = flag != 0
            case (4, .integer(let flag)): removesSpaces = flag != 0
            case (5, .integer(let flag)): escapesSpaces = flag != 0
            default: break
            }
        }
    }
}
