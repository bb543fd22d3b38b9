#if SentencePiece
    /// ModelProto.SentencePiece. Of a field that is there several times, the last counts.
    struct SentencePieceMessage {
        private(set) var text = UnsafeRawBufferPointer(start: nil, count: 0)
        private(set) var score: Float = 0
        private(set) var isUserDefined = false

        /// nil: it is cut short, or not protobuf.
        init?(_ message: UnsafeRawBufferPointer) {
            var reader = ProtobufReader(message)
            while !reader.isAtEnd {
                guard let field = reader.next() else { return nil }
                switch (field.number, field.value) {
                case (1, .bytes(let bytes)): text = bytes
                case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
                case (3, .integer(let type)):
                    // An enumeration is as much of a number as fits an int, and what it does not name is passed over.
                    let type = UInt32(truncatingIfNeeded: type)
                    if 1...6 ~= type { isUserDefined = type == 4 }
                default: break
                }
            }
        }
    }
#endif
