import CUnicodeTables

/// The properties of a scalar that the Hugging Face tokenizers use; bits as scripts/make-unicode-tables.py writes them.
struct ScalarRecord {
    private let bits: UInt16

    /// `scalar` must be below 0x110000.
    @inline(__always)
    init(_ scalar: UInt32) {
        bits = UInt16(truncatingIfNeeded: limbeck_scalar_record(scalar))
    }

    /// Removed by `clean_text`.
    @inline(__always) var isRemoved: Bool { bits & 1 != 0 }
    @inline(__always) var isSpace: Bool { bits & 2 != 0 }
    @inline(__always) var isPunctuation: Bool { bits & 4 != 0 }
    /// Put between spaces by `handle_chinese_chars`.
    @inline(__always) var isIdeograph: Bool { bits & 8 != 0 }
    /// Removed by `strip_accents`.
    @inline(__always) var isNonspacing: Bool { bits & 16 != 0 }
    /// `\w`
    @inline(__always) var isWord: Bool { bits & 32 != 0 }
    @inline(__always) var decomposes: Bool { bits & 64 != 0 }
    @inline(__always) var lowers: Bool { bits & 128 != 0 }
    /// The rank of the combining class, at most 63; 0 for a starter.
    @inline(__always) var rank: UInt16 { bits >> 8 & 63 }
    /// `\p{L}` in GPT-2's regular expression.
    @inline(__always) var isLetter: Bool { bits & 1 << 14 != 0 }
    /// `\p{N}` in the same expression.
    @inline(__always) var isNumber: Bool { bits & 1 << 15 != 0 }

    /// Rust's `char::is_numeric`, which includes the numbers of a newer Unicode version than the regular expression.
    @inline(__always)
    func isNumeric(_ scalar: UInt32) -> Bool { isNumber || 0x11DE0...0x11DE9 ~= scalar || 0x16FF4...0x16FF6 ~= scalar }
}

/// The scalars that a mapping table replaces a scalar with.
struct ScalarMapping {
    private(set) var scalars = InlineArray<18, UInt32>(repeating: 0)
    let count: Int

    /// nil if the scalar is unchanged.
    private init?(_ scalar: UInt32, _ table: limbeck_mapping) {
        var span = scalars.mutableSpan
        let found = span.withUnsafeMutableBufferPointer { scalars in
            withUnsafePointer(to: table) { limbeck_map($0, scalar, scalars.baseAddress!) }
        }
        if found == 0 { return nil }
        count = Int(found)
    }

    @inline(never)
    static func lower(_ scalar: UInt32) -> ScalarMapping? { ScalarMapping(scalar, limbeck_lower) }

    /// NFD; Hangul is left to arithmetic.
    @inline(never)
    static func canonical(_ scalar: UInt32) -> ScalarMapping? { ScalarMapping(scalar, limbeck_canonical) }

    /// NFKD of a scalar that NFD leaves unchanged.
    @inline(never)
    static func compatible(_ scalar: UInt32) -> ScalarMapping? { ScalarMapping(scalar, limbeck_compatible) }
}

/// A scalar, and its range of source bytes.
struct SourceScalar {
    let scalar: UInt32
    let start: Int
    let end: Int
}

/// UTF-8 as Rust and Python read it: each maximal ill-formed sequence is one U+FFFD.
enum UTF8Reader {
    static let replacement: UInt32 = 0xFFFD

    /// The scalar at `position`, which must be below `end`.
    @inline(__always)
    static func read(_ text: UnsafePointer<UInt8>, at position: Int, end: Int) -> SourceScalar {
        let lead = text[position]
        if lead < 0x80 { return SourceScalar(scalar: UInt32(lead), start: position, end: position &+ 1) }
        return readLong(text, at: position, end: end)
    }

    private static func readLong(_ text: UnsafePointer<UInt8>, at position: Int, end: Int) -> SourceScalar {
        let lead = text[position]
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        var scalar: UInt32
        var tails: Int
        switch lead {
        case 0xC2...0xDF: (scalar, tails) = (UInt32(lead & 0x1F), 1)
        case 0xE0...0xEF:
            (scalar, tails) = (UInt32(lead & 0x0F), 2)
            if lead == 0xE0 { low = 0xA0 }
            if lead == 0xED { high = 0x9F }
        case 0xF0...0xF4:
            (scalar, tails) = (UInt32(lead & 0x07), 3)
            if lead == 0xF0 { low = 0x90 }
            if lead == 0xF4 { high = 0x8F }
        default: return SourceScalar(scalar: replacement, start: position, end: position &+ 1)
        }
        var next = position &+ 1
        while tails > 0 {
            guard next < end, text[next] >= low, text[next] <= high else {
                return SourceScalar(scalar: replacement, start: position, end: next)
            }
            scalar = scalar << 6 | UInt32(text[next] & 0x3F)
            (low, high) = (0x80, 0xBF)
            next &+= 1
            tails &-= 1
        }
        return SourceScalar(scalar: scalar, start: position, end: next)
    }

    /// The scalar that ends at `position`, which must be above 0.
    static func read(_ text: UnsafePointer<UInt8>, before position: Int) -> SourceScalar {
        // A scalar has at most four bytes; the first start from which a scalar reads exactly to here is the right one.
        var start = max(0, position &- 4)
        while start < position {
            let source = read(text, at: start, end: position)
            if source.end == position, text[start] & 0xC0 != 0x80 { return source }
            start &+= 1
        }
        return SourceScalar(scalar: replacement, start: position &- 1, end: position)
    }

    /// Whether the bytes encode the scalar, as opposed to ill-formed bytes that were read as U+FFFD.
    @inline(__always)
    static func isWellFormed(_ source: SourceScalar, _ text: UnsafePointer<UInt8>) -> Bool {
        source.scalar != replacement || source.end &- source.start == 3 && text[source.start] == 0xEF
    }

    /// The number of bytes of the UTF-8 of `scalar`.
    @inline(__always)
    static func count(_ scalar: UInt32) -> Int {
        scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
    }

    /// The first byte of the UTF-8 of `scalar`.
    @inline(__always)
    static func firstByte(of scalar: UInt32) -> UInt8 {
        if scalar < 0x80 { return UInt8(truncatingIfNeeded: scalar) }
        if scalar < 0x800 { return UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6) }
        return UInt8(truncatingIfNeeded: scalar < 0x10000 ? 0xE0 | scalar >> 12 : 0xF0 | scalar >> 18)
    }

    /// Writes the UTF-8 of `scalar` to `output`, which has room for four bytes, and returns their count.
    @inline(__always)
    static func write(_ scalar: UInt32, to output: UnsafeMutablePointer<UInt8>) -> Int {
        if scalar < 0x80 {
            output[0] = UInt8(truncatingIfNeeded: scalar)
            return 1
        }
        if scalar < 0x800 {
            output[0] = UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
            output[1] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
            return 2
        }
        if scalar < 0x10000 {
            output[0] = UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
            output[1] = UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F)
            output[2] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
            return 3
        }
        output[0] = UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
        output[1] = UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F)
        output[2] = UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F)
        output[3] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
        return 4
    }
}
