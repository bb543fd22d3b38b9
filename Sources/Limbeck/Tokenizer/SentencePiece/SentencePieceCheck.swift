#if SentencePiece
    /// Reads a .model file before libsentencepiece does, which trusts it too far: it follows the trie of a charsmap
    /// wherever that leads, and keeps what it finds of it, and of user-defined pieces, in arrays of fixed sizes.
    ///
    /// Messages and numbers of fields are those of sentencepiece_model.proto.
    struct SentencePieceCheck {
        private let file: String
        private var pieces = 0
        private var userDefined: [UnsafeRawBufferPointer] = []
        private var hasTrainer = false
        private var hasNormalizer = false
        private var hasDenormalizer = false
        private var hasTest = false

        /// XLM-RoBERTa's file has 5 MB.
        private static let mostBytes = 64 << 20
        /// Of the trainer's options and of the self-test: they become many small objects. Real ones have some hundred.
        private static let mostSpecBytes = 1 << 20
        private static let mostPieceBytes = 256
        /// PrefixMatcher::PrefixMatch: the user-defined pieces that a text may begin with.
        private static let mostNesting = 64

        static func check(_ bytes: UnsafeRawBufferPointer, file: String) throws(LimbeckError) {
            guard bytes.count <= mostBytes else {
                throw LimbeckError(.fileUnsupported, "\(file): \(bytes.count) bytes, the most is \(mostBytes)")
            }
            var check = SentencePieceCheck(file: file)
            try check.model(bytes)
        }

        private init(file: String) { self.file = file }

        @inline(never) private func malformed(_ what: Message) -> LimbeckError {
            LimbeckError(.fileMalformed, "\(file): no model of SentencePiece: \(what.text)")
        }

        @inline(never) private func unsupported(_ what: Message) -> LimbeckError {
            LimbeckError(.fileUnsupported, "\(file): \(what.text)")
        }

        /// nil at the end of the message.
        private func next(_ reader: inout ProtobufReader) throws(LimbeckError) -> ProtobufReader.Field? {
            if reader.isAtEnd { return nil }
            guard let field = reader.next() else { throw malformed("it is cut short, or not protobuf") }
            return field
        }

        /// protobuf would make one message of two.
        private func once(_ seen: inout Bool, _ name: String) throws(LimbeckError) {
            if seen { throw malformed("it has two of \(name)") }
            seen = true
        }

        /// ModelProto
        private mutating func model(_ message: UnsafeRawBufferPointer) throws(LimbeckError) {
            var reader = ProtobufReader(message)
            while let field = try next(&reader) {
                switch (field.number, field.value) {
                case (1, .bytes(let bytes)):
                    guard pieces < Vocabulary.maximumCount else {
                        throw unsupported("more than \(Vocabulary.maximumCount) pieces")
                    }
                    try piece(bytes)
                    pieces += 1
                case (2, .bytes(let bytes)):
                    try once(&hasTrainer, "trainer_spec")
                    try trainer(bytes)
                case (3, .bytes(let bytes)):
                    try once(&hasNormalizer, "normalizer_spec")
                    try normalizer(bytes)
                case (4, .bytes(let bytes)):
                    try once(&hasTest, "self_test_data")
                    try atMostSpecBytes(bytes, "self_test_data")
                case (5, .bytes(let bytes)):
                    try once(&hasDenormalizer, "denormalizer_spec")
                    try normalizer(bytes)
                default: break
                }
            }
            guard pieces > 0 else { throw malformed("it has no pieces") }
            let (nested, most) = (nesting(), SentencePieceCheck.mostNesting)
            guard nested <= most else {
                throw unsupported("\(nested) user-defined pieces begin with each other, the most is \(most)")
            }
        }

        private func atMostSpecBytes(_ bytes: UnsafeRawBufferPointer, _ name: String) throws(LimbeckError) {
            guard bytes.count <= SentencePieceCheck.mostSpecBytes else {
                throw unsupported(
                    "\(name) has \(bytes.count) bytes, the most is \(SentencePieceCheck.mostSpecBytes)")
            }
        }

        private mutating func piece(_ message: UnsafeRawBufferPointer) throws(LimbeckError) {
            guard let piece = SentencePieceMessage(message) else { throw malformed("piece \(pieces) is not protobuf") }
            guard UTF8Check.isWellFormed(piece.text), !piece.text.contains(0) else {
                throw malformed("piece \(pieces) is not UTF-8 without NUL")
            }
            guard piece.score.isFinite else { throw malformed("the score of piece \(pieces) is not finite") }
            let (length, most) = (piece.text.count, SentencePieceCheck.mostPieceBytes)
            guard length > 0 else { throw malformed("piece \(pieces) is empty") }
            guard length <= most else { throw unsupported("piece \(pieces) has \(length) bytes, the most is \(most)") }
            if piece.isUserDefined { userDefined.append(piece.text) }
        }

        /// The most user-defined pieces of which each begins with the one before.
        private func nesting() -> Int {
            var (most, prefixes) = (0, [UnsafeRawBufferPointer]())
            for piece in userDefined.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                while let last = prefixes.last, !piece.starts(with: last) { prefixes.removeLast() }
                prefixes.append(piece)
                most = max(most, prefixes.count)
            }
            return most
        }

        /// TrainerSpec
        private func trainer(_ message: UnsafeRawBufferPointer) throws(LimbeckError) {
            try atMostSpecBytes(message, "trainer_spec")
            var reader = ProtobufReader(message)
            while let field = try next(&reader) {
                guard case (3, .integer(let type)) = (field.number, field.value) else { continue }
                // Unigram and BPE.
                guard type == 1 || type == 2 else { throw unsupported("the model_type \(Int(clamping: type)) is not supported") }
            }
        }

        /// NormalizerSpec
        private func normalizer(_ message: UnsafeRawBufferPointer) throws(LimbeckError) {
            var reader = ProtobufReader(message)
            while let field = try next(&reader) {
                guard case (2, .bytes(let charsmap)) = (field.number, field.value), charsmap.count > 0 else { continue }
                guard CharsmapCheck.isSafe(charsmap) else { throw malformed("precompiled_charsmap is not a charsmap") }
            }
        }
    }
#endif
