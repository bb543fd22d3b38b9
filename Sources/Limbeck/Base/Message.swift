/// A message under construction, as `LimbeckError` takes it.
///
/// It is written like a string. String interpolation is compiled inline at every use, and with hundreds of messages it was a
/// seventh of the library. Here each non-empty part is one call on an object that the caller keeps in a register.
public struct Message: ExpressibleByStringInterpolation {
    private let parts: Parts

    public init(stringLiteral literal: StaticString) {
        parts = partsOf(literal.utf8Start, literal.utf8CodeUnitCount).takeRetainedValue()
    }
    public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts.takeRetainedValue() }

    var text: String { parts.text }

    /// `Parts` is not reference-counted here: it passes from this initialiser to the message that it becomes. (Therefore none of
    /// the interpolated expressions may throw.)
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate let parts: Unmanaged<Parts>

        public init(literalCapacity: Int, interpolationCount: Int) { parts = noParts() }

        /// The compiler also emits empty literals, at both ends.
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

/// All methods are calls, so that none of this is inlined where messages are written.
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
