import CPlatform

/// Byte-wise comparison and slicing of names of tensors and files: the Unicode rules of `String` are not wanted here.
extension String {
    // Not inlined, because the standard library's initialiser is inlined at every use. Ill-formed UTF-8 becomes U+FFFD.

    @inline(never) package init(utf8 bytes: UnsafeRawBufferPointer) { self.init(decoding: bytes, as: UTF8.self) }
    @inline(never) package init(utf8 bytes: [UInt8]) { self = bytes.withUnsafeBytes { String(utf8: $0) } }
    package init(utf8 bytes: Slice<UnsafeRawBufferPointer>) { self.init(utf8: UnsafeRawBufferPointer(rebasing: bytes)) }

    @inline(never) package func hasUTF8Prefix(_ prefix: String) -> Bool {
        var text = self
        return text.withUTF8 {
            prefix.hasSameBytes(as: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0.prefix(prefix.utf8.count))))
        }
    }

    @inline(never) package func hasUTF8Suffix(_ suffix: String) -> Bool {
        var text = self
        return text.withUTF8 {
            suffix.hasSameBytes(as: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0.suffix(suffix.utf8.count))))
        }
    }

    @inline(never) package func droppingUTF8Prefix(_ prefix: String) -> String {
        hasUTF8Prefix(prefix) ? utf8Part(prefix.utf8.count..<utf8.count) : self
    }

    @inline(never) package func droppingUTF8Suffix(_ suffix: String) -> String {
        hasUTF8Suffix(suffix) ? utf8Part(0..<utf8.count - suffix.utf8.count) : self
    }

    /// The byte offset of the first occurrence of `part`; nil if there is none.
    @inline(never) package func firstUTF8(_ part: String) -> Int? {
        var (text, part) = (self, part)
        let place = text.withUTF8 { text in
            part.withUTF8 { platform_find_bytes(text.baseAddress, text.count, $0.baseAddress, $0.count) }
        }
        return place < 0 ? nil : place
    }

    /// Replaces the first occurrence of `part`.
    @inline(never) package func replacingFirstUTF8(_ part: String, by other: String) -> String {
        guard let place = firstUTF8(part) else { return self }
        return utf8Part(0..<place) + other + utf8Part(place + part.utf8.count..<utf8.count)
    }

    /// The bytes and a NUL, for C.
    @inline(never) package var terminated: [CChar] {
        var text = self
        return text.withUTF8 { text in (0...text.count).map { $0 < text.count ? CChar(bitPattern: text[$0]) : 0 } }
    }

    // By byte offsets: with the indices of `String` come its UTF-16 offsets, 5 kB of the C library.

    @inline(never) package func utf8Part(_ range: Range<Int>) -> String {
        var text = self
        return text.withUTF8 { String(utf8: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0[range]))) }
    }

    /// The offset of the first such byte from `start` on; nil if there is none.
    @inline(never) package func utf8Offset(of byte: UInt8, from start: Int = 0) -> Int? {
        var text = self
        return text.withUTF8 { text in (start..<max(start, text.count)).first { text[$0] == byte } }
    }

    /// Whether there is a NUL byte, at which the operating system would take a path to end.
    @inline(never) package var hasNUL: Bool { utf8Offset(of: 0) != nil }

    /// Whether it begins with an ASCII character.
    @inline(never) package func begins(with byte: UInt8) -> Bool { utf8Offset(of: byte) == 0 }

    /// The parts between such bytes, empty ones too.
    @inline(never) package func utf8Parts(between byte: UInt8) -> [String] {
        var parts: [String] = [], first = 0
        while let end = utf8Offset(of: byte, from: first) {
            parts.append(utf8Part(first..<end))
            first = end + 1
        }
        return parts + [utf8Part(first..<utf8.count)]
    }
}
