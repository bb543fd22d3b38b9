/// A sentence for people, in the making: what `LimbeckError` is given.
///
/// It is written like a string. The interpolation of `String` is compiled into every place that uses it, and with hundreds of messages
/// that was a seventh of the library; this one is a call for each part.
public struct Message: ExpressibleByStringInterpolation, Sendable {
    let text: String

    public init(stringLiteral literal: StaticString) { text = Message.string(literal) }
    init(_ literal: StaticString) { text = Message.string(literal) }
    public init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        fileprivate var text = ""

        public init(literalCapacity: Int, interpolationCount: Int) {}

        @inline(never) public mutating func appendLiteral(_ literal: StaticString) { text += Message.string(literal) }
        @inline(never) public mutating func appendInterpolation(_ string: String) { text += string }
        public mutating func appendInterpolation(_ literal: StaticString) { appendLiteral(literal) }
        public mutating func appendInterpolation(_ message: Message) { appendInterpolation(message.text) }
        public mutating func appendInterpolation<Number: FixedWidthInteger>(_ number: Number) {
            if Number.isSigned { appendInterpolation(Int64(number)) } else { appendInterpolation(UInt64(number)) }
        }

        @inline(never) public mutating func appendInterpolation(_ number: Int64) { text += String(number) }
        @inline(never) public mutating func appendInterpolation(_ number: UInt64) { text += String(number) }
    }

    @inline(never) public static func + (left: Message, right: Message) -> Message { "\(left)\(right)" }

    @inline(never) private static func string(_ literal: StaticString) -> String {
        literal.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
    }
}
