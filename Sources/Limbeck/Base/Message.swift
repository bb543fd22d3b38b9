/// A sentence for people, in the making: what `LimbeckError` is given.
///
/// It is written like a string. The interpolation of `String` is compiled into every place that uses it, and with hundreds of messages
/// that was a seventh of the library. This one is a call for each part that is not empty, on an object that the caller keeps in a
/// register.
public struct Message: ExpressibleByStringInterpolation {
    private let parts: Parts

    public init(stringLiteral literal: StaticString) {
        parts = partsOf(literal.utf8Start, literal.utf8CodeUnitCount).takeRetainedValue()
    }
    public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts.takeRetainedValue() }

    var text: String { parts.text }

    /// The parts are not counted: they go from where this begins to the message that it becomes. (So none of them may be an expression
    /// that throws.)
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate let parts: Unmanaged<Parts>

        public init(literalCapacity: Int, interpolationCount: Int) { parts = noParts() }

        /// The compiler asks for empty ones too, at both ends.
        @inline(__always) public func appendLiteral(_ literal: StaticString) {
            if literal.utf8CodeUnitCount > 0 { appendInterpolation(literal) }
        }

        public func appendInterpolation(_ literal: StaticString) {
            parts._withUnsafeGuaranteedRef { $0.append(literal.utf8Start, literal.utf8CodeUnitCount) }
        }

        public func appendInterpolation(_ string: String) { parts._withUnsafeGuaranteedRef { $0.append(string) } }
        public func appendInterpolation(_ message: Message) { parts._withUnsafeGuaranteedRef { $0.append(message.parts) } }
        public func appendInterpolation<Number: FixedWidthInteger>(_ number: Number) {
            parts._withUnsafeGuaranteedRef {
                if Number.isSigned { $0.append(Int64(number)) } else { $0.append(UInt64(number)) }
            }
        }
    }

    @inline(never) public static func + (left: Message, right: Message) -> Message { "\(left)\(right)" }
}

/// Calls all of them: nothing of this is compiled into those who write messages.
private final class Parts {
    var text: String

    init(_ text: String) { self.text = text }

    @inline(never) func append(_ literal: UnsafePointer<UInt8>, _ count: Int) {
        text += String(decoding: UnsafeBufferPointer(start: literal, count: count), as: UTF8.self)
    }
    @inline(never) func append(_ string: String) { text += string }
    @inline(never) func append(_ other: Parts) { text += other.text }
    @inline(never) func append(_ number: Int64) { text += String(number) }
    @inline(never) func append(_ number: UInt64) { text += String(number) }
}

@inline(never) private func noParts() -> Unmanaged<Parts> { .passRetained(Parts("")) }

@inline(never) private func partsOf(_ literal: UnsafePointer<UInt8>, _ count: Int) -> Unmanaged<Parts> {
    let parts = Parts("")
    parts.append(literal, count)
    return .passRetained(parts)
}
