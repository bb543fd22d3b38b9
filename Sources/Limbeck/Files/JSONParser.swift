/// One value of a JSON text: its position, and the tape index of the next value.
struct JSONNode {
    enum Kind: UInt8 {
        case null, yes, no, integer, real, string, escapedString, array, object
    }

    var kind: Kind
    /// The offset of the first byte: for a string, the one after the quote; for an array or object, the bracket.
    var start: UInt32
    /// Bytes of a string (without quotes) or number; elements of an array; members of an object.
    var count: UInt32
    /// The tape index after this value and all values nested in it.
    var next: UInt32
}

/// Validates a JSON text (RFC 8259, strictly) and writes its tape: values in the order of the text, an object's keys before their
/// values. It is a loop with its own bounded stack, so no input can exhaust the thread's stack.
struct JSONParser {
    /// No file read here nests deeper than ten levels.
    static let maxDepth = 64

    private let bytes: UnsafeRawBufferPointer
    private let file: String
    private var position = 0
    private var nodes: [JSONNode] = []

    static func parse(_ bytes: UnsafeRawBufferPointer, file: String) throws(LimbeckError) -> [JSONNode] {
        guard UInt(bytes.count) < UInt(UInt32.max) else {
            throw LimbeckError(.fileMalformed, "\(file): a JSON text of \(bytes.count) bytes, expected at most \(UInt32.max - 1)")
        }
        var parser = JSONParser(bytes: bytes, file: file)
        try parser.parse()
        return parser.nodes
    }

    private init(bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
        nodes.reserveCapacity(bytes.count / 16 + 1)
    }

    @_optimize(speed)
    private mutating func parse() throws(LimbeckError) {
        var open: [Int] = []  // the arrays and objects around `position`, by tape index
        open.reserveCapacity(JSONParser.maxDepth)
        repeat {
            // A value, or the opening brackets before one.
            skipSpace()
            if let bracket = peek, bracket == UInt8(ascii: "{") || bracket == UInt8(ascii: "[") {
                guard open.count < JSONParser.maxDepth else {
                    throw error("at most \(JSONParser.maxDepth) levels of nesting")
                }
                open.append(nodes.count)
                append(bracket == UInt8(ascii: "{") ? .object : .array, start: position, count: 0)
                position += 1
                skipSpace()
                if peek != bracket + 2 {  // not empty: '{' + 2 is '}', '[' + 2 is ']'
                    if bracket == UInt8(ascii: "{") { try parseKey() }
                    continue
                }
            } else {
                try parseScalar()
                if let last = open.last { nodes[last].count += 1 }
            }
            // After a value: a comma, or closing brackets.
            while let last = open.last {
                skipSpace()
                let isObject = nodes[last].kind == .object
                if peek == UInt8(ascii: ",") {
                    position += 1
                    if isObject {
                        skipSpace()
                        try parseKey()
                    }
                    break
                }
                guard peek == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw error(isObject ? "',' or '}'" : "',' or ']'")
                }
                position += 1
                nodes[last].next = UInt32(truncatingIfNeeded: nodes.count)
                open.removeLast()
                if let outer = open.last { nodes[outer].count += 1 }
            }
        } while !open.isEmpty
        skipSpace()
        guard position == bytes.count else { throw error("the end of the text") }
    }

    @_optimize(speed)
    private mutating func parseKey() throws(LimbeckError) {
        guard peek == UInt8(ascii: "\"") else { throw error("a key in quotes") }
        try parseString()
        skipSpace()
        guard peek == UInt8(ascii: ":") else { throw error("':'") }
        position += 1
    }

    @_optimize(speed)
    private mutating func parseScalar() throws(LimbeckError) {
        guard let first = peek else { throw error("a value") }
        switch first {
        case UInt8(ascii: "\""): try parseString()
        case UInt8(ascii: "n"): try parseWord("null", .null)
        case UInt8(ascii: "t"): try parseWord("true", .yes)
        case UInt8(ascii: "f"): try parseWord("false", .no)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try parseNumber()
        default: throw error("a value")
        }
    }

    private mutating func parseWord(_ word: StaticString, _ kind: JSONNode.Kind) throws(LimbeckError) {
        let length = word.utf8CodeUnitCount
        guard bytes.count - position >= length else { throw error("a value") }
        for index in 0..<length where bytes[position + index] != word.utf8Start[index] { throw error("a value") }
        append(kind, start: position, count: length)
        position += length
    }

    private mutating func parseNumber() throws(LimbeckError) {
        let start = position
        var kind = JSONNode.Kind.integer
        if peek == UInt8(ascii: "-") { position += 1 }
        if peek == UInt8(ascii: "0") {
            position += 1  // and no digit may follow
        } else {
            try skipDigits()
        }
        if peek == UInt8(ascii: ".") {
            kind = .real
            position += 1
            try skipDigits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            kind = .real
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            try skipDigits()
        }
        append(kind, start: start, count: position - start)
    }

    private mutating func skipDigits() throws(LimbeckError) {
        var index = position
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
        guard index > position else { throw error("a digit") }
        position = index
    }

    /// From the opening quote to past the closing one. Escapes are validated here, so decoding cannot fail.
    @_optimize(speed)
    private mutating func parseString() throws(LimbeckError) {
        position += 1
        let start = position
        var kind = JSONNode.Kind.string
        while true {
            position = endOfPlainText(from: position)
            guard position < bytes.count else { break }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                append(kind, start: start, count: position - start)
                position += 1
                return
            } else if byte == UInt8(ascii: "\\") {
                kind = .escapedString
                try skipEscape()
            } else if byte >= 0x80 {
                let length = UTF8Check.sequenceLength(bytes, at: position)
                guard length > 0 else { throw error("UTF-8") }
                position += length
            } else {
                throw error("an escape instead of a control character")
            }
        }
        throw error("'\"'")
    }

    /// The position of the next byte of a string that is not plain ASCII. Most of a tokenizer's file goes through this loop.
    @_optimize(speed)
    private func endOfPlainText(from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index += 1
        }
        return index
    }

    private mutating func skipEscape() throws(LimbeckError) {
        let letter = position + 1 < bytes.count ? bytes[position + 1] : 0
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            guard let (_, length) = JSONEscape.unicode(bytes, at: position) else {
                throw error("four hexadecimal digits, and surrogates in pairs")
            }
            position += length
        default:
            throw error("a JSON escape")
        }
    }

    private var peek: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipSpace() {
        var index = position
        while index < bytes.count {
            let byte = bytes[index]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { break }
            index += 1
        }
        position = index
    }

    @_optimize(speed)
    private mutating func append(_ kind: JSONNode.Kind, start: Int, count: Int) {
        // The text has fewer than 2^32 bytes, and there is at most one node per byte.
        nodes.append(
            JSONNode(
                kind: kind, start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: count),
                next: UInt32(truncatingIfNeeded: nodes.count + 1)))
    }

    @inline(never) private func error(_ expected: __owned Message) -> LimbeckError {
        if position >= bytes.count {
            return LimbeckError(.fileMalformed, "\(file): not JSON: it ends at byte \(bytes.count), expected \(expected)")
        }
        return LimbeckError(.fileMalformed, "\(file): not JSON at byte \(position), expected \(expected)")
    }
}

/// The escape `\uXXXX`, with its second half if it is a surrogate pair.
enum JSONEscape {
    /// The scalar and the length of the escape at `position`; nil if it is cut short or an unpaired surrogate.
    static func unicode(_ bytes: UnsafeRawBufferPointer, at position: Int) -> (scalar: UInt32, length: Int)? {
        guard let first = unit(bytes, at: position) else { return nil }
        guard first & 0xF800 == 0xD800 else { return (first, 6) }
        guard first < 0xDC00, let second = unit(bytes, at: position + 6), second & 0xFC00 == 0xDC00 else { return nil }
        return (0x10000 + (first - 0xD800) << 10 + (second - 0xDC00), 12)
    }

    private static func unit(_ bytes: UnsafeRawBufferPointer, at position: Int) -> UInt32? {
        guard bytes.count - position >= 6, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for index in 2..<6 {
            let byte = bytes[position + index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return unit
    }
}

/// Well-formed UTF-8, by table 3-7 of the Unicode standard.
package enum UTF8Check {
    /// The length of the sequence of more than one byte at `position`; 0 if it is ill-formed.
    static func sequenceLength(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Int {
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF  // the range of the second byte: no overlong forms, no surrogates, nothing over U+10FFFF
        switch bytes[position] {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, low) = (3, 0xA0)
        case 0xED: (length, high) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, low) = (4, 0x90)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, high) = (4, 0x8F)
        default: return 0
        }
        guard bytes.count - position >= length else { return 0 }
        let second = bytes[position + 1]
        guard second >= low, second <= high else { return 0 }
        for index in 2..<max(length, 2) where bytes[position + index] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
