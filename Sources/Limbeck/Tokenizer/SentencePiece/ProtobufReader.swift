/// Reads the fields of a protobuf message in sequence.
///
/// Of equivalent encodings only the shortest, which protobuf writes, is accepted: so no other reader can interpret these bytes as
/// another message.
struct ProtobufReader {
    struct Field {
        let number: UInt64
        let value: Value
    }

    enum Value {
        case integer(UInt64)
        case bytes(UnsafeRawBufferPointer)
        case fixed32(UInt32)
        case fixed64(UInt64)
    }

    private var reader: ByteReader

    init(_ message: UnsafeRawBufferPointer) { reader = ByteReader(message) }

    var isAtEnd: Bool { reader.rest == 0 }
    /// Where the next field begins.
    var position: Int { reader.position }

    /// nil if the next bytes are not a field. Groups, which protobuf has deprecated, are not accepted.
    mutating func next() -> Field? {
        guard let tag = varint(), tag <= UInt32.max, tag >> 3 > 0, let value = value(tag & 7) else { return nil }
        return Field(number: tag >> 3, value: value)
    }

    private mutating func value(_ wireType: UInt64) -> Value? {
        switch wireType {
        case 0: return varint().map { .integer($0) }
        case 1: return reader.integer(UInt64.self).map { .fixed64($0) }
        case 2:
            guard let length = varint(), length <= Int32.max else { return nil }
            return reader.take(Int(length)).map { .bytes($0) }
        case 5: return reader.integer(UInt32.self).map { .fixed32($0) }
        default: return nil
        }
    }

    /// A varint: seven bits per byte, the lowest first; nil also if it has more than 64 bits, or a redundant zero byte at the end.
    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = reader.integer(UInt8.self) else { return nil }
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return byte == 0 && shift > 0 ? nil : value }
        }
        return nil
    }
}
