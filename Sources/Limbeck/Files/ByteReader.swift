/// Reads little-endian numbers and stretches of bytes one after another, and never beyond the end:
/// nil is what does not fit.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int

    /// At `position`, which may be anything: outside of the bytes there is nothing to read.
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

    /// A number that is a size or an offset; nil also for one that no Int holds.
    mutating func size<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> Int? {
        guard let value = integer(type) else { return nil }
        return Int(exactly: value)
    }

    @inline(never) mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= rest else { return nil }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    /// The bytes before the next line feed, which is passed.
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
    static func isWellFormed(_ bytes: UnsafeRawBufferPointer) -> Bool {
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
    /// The text, if it is well-formed: two names are never made one by repairing them.
    @inline(never) init?(wellFormed bytes: UnsafeRawBufferPointer) {
        guard UTF8Check.isWellFormed(bytes) else { return nil }
        self = String(utf8: bytes)
    }

    /// For a message: as much as a person wants to read.
    @inline(never) init(excerpt bytes: UnsafeRawBufferPointer) {
        self = String(utf8: bytes.prefix(80)) + (bytes.count > 80 ? "…" : "")
    }
}
