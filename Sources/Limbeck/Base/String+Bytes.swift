import CPlatform

/// Names of tensors and files are compared and cut as bytes: the Unicode rules of `String` are not wanted here.
extension String {
    // Calls, since the library's own initializer is compiled into every place; what is no UTF-8 becomes U+FFFD.

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

    /// The number of bytes before the first place where these are; nil if they are nowhere.
    @inline(never) func firstUTF8(_ part: String) -> Int? {
        var (text, part) = (self, part)
        let place = text.withUTF8 { text in
            part.withUTF8 { platform_find_bytes(text.baseAddress, text.count, $0.baseAddress, $0.count) }
        }
        return place < 0 ? nil : place
    }

    /// With other bytes in the first place where these are.
    @inline(never) func replacingFirstUTF8(_ part: String, by other: String) -> String {
        guard let place = firstUTF8(part) else { return self }
        return String(Substring(utf8.prefix(place))) + other + String(Substring(utf8.dropFirst(place + part.utf8.count)))
    }
}
