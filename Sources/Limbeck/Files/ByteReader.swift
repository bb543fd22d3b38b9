/// Reads little-endian numbers and byte ranges in sequence, never beyond the end: nil if what is asked for does not fit.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int

    /// `position` may be any number: outside of the bytes there is nothing to read.
    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = position >= 0 && position <= bytes.count ? position : bytes.count
    }

    var rest: Int { bytes.count - position }

    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type
    ) -> Value? {
        let size = MemoryLayout<Value>.size
        guard rest >= size else { return nil }
        defer { position += size }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
    }

    /// A size or an offset; nil also if it does not fit in an Int.
    mutating func size<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> Int? {
        guard let value = integer(type) else { return nil }
        return Int(exactly: value)
    }

    @inline(never) mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= rest else { return nil }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    /// The bytes up to the next line feed, which is consumed.
    mutating func line() -> UnsafeRawBufferPointer? {
        for index in position..<bytes.count where bytes[index] == UInt8(ascii: "\n") {
            let line = UnsafeRawBufferPointer(rebasing: bytes[position..<index])
            position = index + 1
            return line
        }
        return nil
    }
}

extension UTF8Check {
    package static func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            let length = bytes[index] < 0x80 ? 1 : sequenceLength(bytes, at: index)
            guard length > 0 else { return false }
            index += length
        }
        return true
    }
}

extension String {
    /// nil if the bytes are ill-formed: repairing them could make two names equal.
    @inline(never) init?(wellFormed bytes: UnsafeRawBufferPointer) {
        guard UTF8Check.isWellFormed(bytes) else { return nil }
        self = String(utf8: bytes)
    }

    /// An excerpt for a message.
    @inline(never) init(excerpt bytes: UnsafeRawBufferPointer) {
        self = String(utf8: bytes.prefix(80)) + (bytes.count > 80 ? "…" : "")
    }
}
