// The standard library's operators and interpolation of `String` are inlined at every use, about 150 bytes each. These non-inlined
// functions shadow them in this module.

extension String {
    @inline(never) static func + (left: String, right: String) -> String {
        var joined = left
        joined.append(right)
        return joined
    }

    @inline(never) static func += (left: inout String, right: String) { left.append(right) }

    /// The last component of a dotted Python name.
    @inline(never) var afterLastDot: String {
        var start = 0
        while let dot = utf8Offset(of: UInt8(ascii: "."), from: start) { start = dot + 1 }
        return utf8Part(start..<utf8.count)
    }
}

extension DefaultStringInterpolation {
    /// The compiler also emits empty literals, at both ends.
    @inline(__always) mutating func appendLiteral(_ literal: String) {
        if literal.utf8.count > 0 { appendInterpolation(literal) }
    }

    @inline(never) mutating func appendInterpolation(_ string: String) { write(string) }
    @inline(never) mutating func appendInterpolation(_ number: Int) { write(String(number)) }
}
