// The standard library's operators and interpolation of `String` are compiled into every place that uses them, a hundred and fifty
// bytes each time. These calls hide them in this module.

extension String {
    @inline(never) static func + (left: String, right: String) -> String {
        var joined = left
        joined.append(right)
        return joined
    }

    @inline(never) static func += (left: inout String, right: String) { left.append(right) }

    /// Of a name in packages of Python.
    @inline(never) var afterLastDot: String {
        guard let dot = utf8.lastIndex(of: UInt8(ascii: ".")) else { return self }
        return String(Substring(utf8[utf8.index(after: dot)...]))
    }
}

extension DefaultStringInterpolation {
    /// The compiler asks for empty ones too, at both ends.
    @inline(__always) mutating func appendLiteral(_ literal: String) {
        if literal.utf8.count > 0 { appendInterpolation(literal) }
    }

    @inline(never) mutating func appendInterpolation(_ string: String) { write(string) }
    @inline(never) mutating func appendInterpolation(_ number: Int) { write(String(number)) }
}
