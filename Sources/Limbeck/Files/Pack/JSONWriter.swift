/// Writes a JSON text, member by member. The result is well-formed if objects and arrays are properly nested.
package struct JSONWriter {
    package private(set) var text: [UInt8] = []
    /// The next value needs no comma before it.
    private var isFirst = true

    package init() {}

    package mutating func object(_ key: String? = nil, _ body: (inout JSONWriter) -> Void) {
        open(key, "{")
        body(&self)
        close("}")
    }

    package mutating func array(_ key: String? = nil, _ body: (inout JSONWriter) -> Void) {
        open(key, "[")
        body(&self)
        close("]")
    }

    @inline(never) package mutating func write(_ key: String? = nil, _ value: Int) { begin(key, String(value)) }
    /// A value that is JSON already.
    package mutating func write(_ key: String? = nil, raw value: String) { begin(key, value) }

    @inline(never) package mutating func write(_ key: String? = nil, _ value: Bool) { begin(key, value ? "true" : "false") }

    /// The bits of a number: an exact decimal would need the tables of a float printer.
    mutating func write(_ key: String? = nil, bits value: Float) { begin(key, String(value.bitPattern)) }

    @inline(never) package mutating func write(_ key: String? = nil, _ value: String) {
        begin(key, "")
        quote(value)
    }

    @inline(never) private mutating func open(_ key: String?, _ bracket: String) {
        begin(key, bracket)
        isFirst = true
    }

    @inline(never) private mutating func close(_ bracket: String) {
        isFirst = true
        begin(nil, bracket)
    }

    @inline(never) private mutating func begin(_ key: String?, _ value: String) {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        isFirst = false
        if let key {
            quote(key)
            text.append(UInt8(ascii: ":"))
        }
        text += value.utf8
    }

    @inline(never) private mutating func quote(_ value: String) {
        let digits: StaticString = "0123456789abcdef"
        text.append(UInt8(ascii: "\""))
        for byte in [UInt8](value.utf8) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0..<32:
                text += "\\u00".utf8
                digits.withUTF8Buffer { text += [$0[Int(byte >> 4)], $0[Int(byte & 15)]] }
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
