import CPlatform

/// Byte-wise comparison and slicing of names of tensors and files: the Unicode rules of `String` are not wanted here.
extension String {
    // Not inlined, because the standard library's initialiser is inlined at every use. Ill-formed UTF-8 becomes U+FFFD.

    @inline(never) init(utf8 bytes: UnsafeRawBufferPointer) { self.init(decoding: bytes, as: UTF8.self) }
    @inline(never) init(utf8 bytes: [UInt8]) { self = bytes.withUnsafeBytes { String(utf8: $0) } }
    init(utf8 bytes: Slice<UnsafeRawBufferPointer>) { self.init(utf8: UnsafeRawBufferPointer(rebasing: bytes)) }

    @inline(never) func hasUTF8Prefix(_ prefix: String) -> Bool {
        var text = self
        return text.withUTF8 {
            prefix.hasSameBytes(as: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0.prefix(prefix.utf8.count))))
        }
    }

    @inline(never) func hasUTF8Suffix(_ suffix: String) -> Bool {
        var text = self
        return text.withUTF8 {
            suffix.hasSameBytes(as: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0.suffix(suffix.utf8.count))))
        }
    }

    @inline(never) func droppingUTF8Prefix(_ prefix: String) -> String {
        hasUTF8Prefix(prefix) ? String(Substring(utf8.dropFirst(prefix.utf8.count))) : self
    }

    @inline(never) func droppingUTF8Suffix(_ suffix: String) -> String {
        hasUTF8Suffix(suffix) ? String(Substring(utf8.dropLast(suffix.utf8.count))) : self
    }

    /// The byte offset of the first occurrence of `part`; nil if there is none.
    @inline(never) func firstUTF8(_ part: String) -> Int? {
        var (text, part) = (self, part)
        let place = text.withUTF8 { text in
            part.withUTF8 { platform_find_bytes(text.baseAddress, text.count, $0.baseAddress, $0.count) }
        }
        return place < 0 ? nil : place
    }

    /// Replaces the first occurrence of `part`.
    @inline(never) func replacingFirstUTF8(_ part: String, by other: String) -> String {
        guard let place = firstUTF8(part) else { return self }
        return String(Substring(utf8.prefix(place))) + other + String(Substring(utf8.dropFirst(place + part.utf8.count)))
    }
}
