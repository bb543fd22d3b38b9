/// ModelProto.SentencePiece. If a field occurs several times, the last one wins.
struct SentencePieceMessage {
    /// Names as in sentencepiece_model.proto.
    enum Kind: UInt8 {
        case normal = 1
        case unknown
        case control
        case userDefined
        case unused
        case byte
    }

    private(set) var text = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var score: Float = 0
    private(set) var kind = Kind.normal

    /// nil if it is truncated or not protobuf.
    init?(_ message: UnsafeRawBufferPointer) {
        var reader = ProtobufReader(message)
        while !reader.isAtEnd {
            guard let field = reader.next() else { return nil }
            switch (field.number, field.value) {
            case (1, .bytes(let bytes)): text = bytes
            case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
            case (3, .integer(let type)):
                // As in protobuf, an enumeration is truncated to an int, and unknown values are ignored.
                kind = UInt8(exactly: UInt32(truncatingIfNeeded: type)).flatMap { Kind(rawValue: $0) } ?? kind
            default: break
            }
        }
    }
}
