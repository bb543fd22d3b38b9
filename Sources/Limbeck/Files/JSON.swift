import CPlatform

/// A validated JSON text: a tape of small nodes over the bytes, which are not copied and must outlive the document.
///
/// The parser finds every syntax error, so readers of values only check types.
package final class JSONDocument {
    /// The name that messages use.
    package let file: String
    fileprivate let bytes: UnsafeRawBufferPointer
    fileprivate let nodes: [JSONNode]
    /// Keeps the bytes alive.
    private let mapping: MappedFile?

    /// The maximum size of a configuration, whose parsed form may be eight times as large. Real ones have a few thousand bytes.
    package static let configurationBytes = 16 << 20

    package init(
        _ bytes: UnsafeRawBufferPointer, file: __shared String, maxBytes: Int = configurationBytes
    ) throws(LimbeckError) {
        self.file = file
        self.bytes = bytes
        mapping = nil
        nodes = try JSONDocument.parse(bytes, file, maxBytes)
    }

    /// For `init(_:as:_:)`, which checks the keys. The bytes live as long as the document; views of its strings do not keep the
    /// document alive.
    init(unchecked mapping: __shared MappedFile, maxBytes: Int) throws(LimbeckError) {
        file = mapping.name
        bytes = mapping.bytes
        self.mapping = mapping
        nodes = try JSONDocument.parse(mapping.bytes, mapping.name, maxBytes)
    }

    private static func parse(
        _ bytes: UnsafeRawBufferPointer, _ file: String, _ maxBytes: Int
    ) throws(LimbeckError) -> [JSONNode] {
        try Mistakes.checkNotEmpty(bytes, file)
        guard bytes.count <= maxBytes else {
            throw LimbeckError(.fileUnsupported, "\(file): a JSON text of \(bytes.count) bytes, expected at most \(maxBytes)")
        }
        return try JSONParser.parse(bytes, file: file)
    }

    package var root: JSONValue { JSONValue(document: self, index: 0) }

    fileprivate func slice(_ node: JSONNode) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[Int(node.start)..<Int(node.start) + Int(node.count)])
    }
}

/// A value in a document, which it keeps alive. Accessors return nil if the value is of another kind.
package struct JSONValue {
    package enum Kind {
        case null, bool, number, string, array, object
    }

    package let document: JSONDocument
    fileprivate let index: Int

    private var node: JSONNode { document.nodes[index] }
    fileprivate var next: Int { Int(node.next) }

    package var kind: Kind {
        switch node.kind {
        case .null: .null
        case .yes, .no: .bool
        case .integer, .real: .number
        case .string, .escapedString: .string
        case .array: .array
        case .object: .object
        }
    }

    /// The offset in the file, for messages.
    package var offset: Int { Int(node.start) }

    /// The bytes of a number, or of a string between its quotes.
    package var source: UnsafeRawBufferPointer { document.slice(node) }

    package var isNull: Bool { node.kind == .null }

    package var bool: Bool? {
        switch node.kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    /// An integer written without fraction or exponent; nil if it does not fit in an Int. Never rounded.
    @inline(never) package var int: Int? {
        guard node.kind == .integer else { return nil }
        return JSONNumber.int(source)
    }

    /// A number, correctly rounded; nil also if it is too large to be finite.
    @inline(never) package var double: Double? {
        guard node.kind == .integer || node.kind == .real else { return nil }
        return JSONNumber.double(source)
    }

    package var text: JSONString? {
        switch node.kind {
        case .string: JSONString(escaped: source, hasEscapes: false)
        case .escapedString: JSONString(escaped: source, hasEscapes: true)
        default: nil
        }
    }

    @inline(never) package var string: String? { text?.string }

    /// The number of elements of an array or members of an object; 0 for other kinds.
    package var count: Int {
        node.kind == .array || node.kind == .object ? Int(node.count) : 0
    }

    /// The elements of an array; none for other kinds.
    package var elements: JSONElements {
        JSONElements(document: document, index: index + 1, end: node.kind == .array ? next : index + 1)
    }

    /// The members of an object in the order of the text, with duplicates; none for other kinds.
    package var members: JSONMembers {
        JSONMembers(document: document, index: index + 1, end: node.kind == .object ? next : index + 1)
    }

    /// The member of that name; the last one if there are several, as in Python and serde. Takes time linear in the number of
    /// members: to read a vocabulary, iterate over `members`.
    @inline(never) package subscript(_ key: String) -> JSONValue? {
        var found: JSONValue?
        for (name, value) in members where name == key { found = value }
        return found
    }
}

/// A string of a document: a view of its bytes, valid as long as the bytes that were parsed.
package struct JSONString {
    /// The bytes between the quotes.
    fileprivate let escaped: UnsafeRawBufferPointer
    package let hasEscapes: Bool

    /// The string's UTF-8 in place; nil if it has escapes, and must be decoded with `append(to:)`.
    package var utf8: UnsafeRawBufferPointer? { hasEscapes ? nil : escaped }

    /// Appends the string's UTF-8.
    @_optimize(speed)
    package func append(to output: inout [UInt8]) {
        guard hasEscapes else { return output.append(contentsOf: escaped) }
        var position = 0
        while position < escaped.count {
            let byte = escaped[position]
            guard byte == UInt8(ascii: "\\"), position + 1 < escaped.count else {
                output.append(byte)
                position += 1
                continue
            }
            let letter = escaped[position + 1]
            var length = 2
            switch letter {
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "u"):
                // Never U+FFFD: the parser has checked it.
                let (scalar, escape) = JSONEscape.unicode(escaped, at: position) ?? (0xFFFD, 6)
                length = escape
                appendUTF8(scalar, to: &output)
            default: output.append(letter)
            }
            position += length
        }
    }

    @inline(never) package var string: String {
        if let utf8 { return String(utf8: utf8) }
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(utf8: bytes)
    }

    /// Whether its UTF-8 equals these bytes.
    @inline(never) func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        if let utf8 { return utf8.elementsEqual(other) }
        var decoded: [UInt8] = []
        append(to: &decoded)
        return decoded.elementsEqual(other)
    }

    /// Byte-wise equality, not canonical equivalence.
    package static func == (left: JSONString, right: String) -> Bool {
        if let utf8 = left.utf8 { return right.hasSameBytes(as: utf8) }
        return left.string == right
    }
}

func appendUTF8(_ scalar: UInt32, to output: inout [UInt8]) {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | (scalar >> shift) & 0x3F) }
    switch scalar {
    case ..<0x80:
        output.append(UInt8(scalar))
    case ..<0x800:
        output.append(UInt8(0xC0 | scalar >> 6))
        output.append(tail(0))
    case ..<0x10000:
        output.append(UInt8(0xE0 | scalar >> 12))
        output.append(tail(6))
        output.append(tail(0))
    default:
        output.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
        output.append(tail(12))
        output.append(tail(6))
        output.append(tail(0))
    }
}

package struct JSONElements: Sequence, IteratorProtocol {
    fileprivate let document: JSONDocument
    fileprivate var index: Int
    fileprivate let end: Int

    package mutating func next() -> JSONValue? {
        guard index < end else { return nil }
        let value = JSONValue(document: document, index: index)
        index = value.next
        return value
    }

    /// Not inlined, as `Array(elements)` would be.
    @inline(never) var list: [JSONValue] {
        var list: [JSONValue] = []
        for value in self { list.append(value) }
        return list
    }
}

package struct JSONMembers: Sequence, IteratorProtocol {
    fileprivate let document: JSONDocument
    fileprivate var index: Int
    fileprivate let end: Int

    package mutating func next() -> (key: JSONString, value: JSONValue)? {
        guard index < end else { return nil }
        guard let key = JSONValue(document: document, index: index).text else { return nil }
        let value = JSONValue(document: document, index: index + 1)
        index = value.next
        return (key, value)
    }
}

/// Converts JSON numbers, whose grammar the parser has checked.
private enum JSONNumber {
    static func int(_ digits: UnsafeRawBufferPointer) -> Int? {
        let negative = digits[0] == UInt8(ascii: "-")
        var value = 0
        for index in (negative ? 1 : 0)..<digits.count {
            let digit = Int(digits[index] - UInt8(ascii: "0"))
            // Accumulated as a negative number: the smallest Int has no positive counterpart.
            let (tenfold, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tenfold.subtractingReportingOverflow(digit)
            if tooLarge || overflow { return nil }
            value = sum
        }
        if negative { return value }
        return value == Int.min ? nil : -value
    }

    /// If the mantissa is below 2^53 and the power of ten is exact in a Double, one multiplication or division rounds once, so the
    /// result is correctly rounded (Clinger, "How to read floating point numbers accurately", 1990). libc converts the rest.
    static func double(_ digits: UnsafeRawBufferPointer) -> Double? {
        var mantissa: UInt64 = 0
        var exponent = 0
        var fraction = false
        for (index, byte) in digits.enumerated() {
            switch byte {
            case UInt8(ascii: "-"): continue  // the sign; one in the exponent is after an 'e'
            case UInt8(ascii: "."): fraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                let isPositive = digits[index + 1] == UInt8(ascii: "+")
                let rest = UnsafeRawBufferPointer(rebasing: digits[(isPositive ? index + 2 : index + 1)...])
                guard let written = int(rest), written.magnitude < 1000 else { return slow(digits) }
                exponent += written
                return scaled(mantissa, exponent, digits)
            default:
                guard mantissa < 1 << 53 / 10 else { return slow(digits) }
                mantissa = mantissa * 10 + UInt64(byte - UInt8(ascii: "0"))
                if fraction { exponent -= 1 }
            }
        }
        return scaled(mantissa, exponent, digits)
    }

    private static func scaled(_ mantissa: UInt64, _ exponent: Int, _ digits: UnsafeRawBufferPointer) -> Double? {
        guard exponent >= -22, exponent <= 22 else { return slow(digits) }
        var power = 1.0
        for _ in 0..<exponent.magnitude { power *= 10 }  // exact up to 10^22
        let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
        return digits[0] == UInt8(ascii: "-") ? -value : value
    }

    private static func slow(_ digits: UnsafeRawBufferPointer) -> Double? {
        var value = 0.0
        guard platform_parse_double(digits.baseAddress, digits.count, &value), value.isFinite else { return nil }
        return value
    }
}
