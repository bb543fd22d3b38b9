/// A JSON value for a line of `--json`. Members keep their order.
enum JSON {
    case null
    case bool(Bool)
    case int(Int)
    case float(Float)
    case double(Double)
    case string(String)
    case array([JSON])
    case floats([Float])
    case object([(key: String, value: JSON)])

    static func strings(_ strings: [String]) -> JSON { .array(strings.map(JSON.string)) }
    static func ints(_ ints: some Sequence<some BinaryInteger>) -> JSON { .array(ints.map { .int(Int($0)) }) }

    func write(to out: inout [UInt8]) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        case .int(let value): out += value.description.utf8
        case .float(let value): JSON.write(value, to: &out)
        case .double(let value): JSON.write(value, to: &out)
        case .string(let value): JSON.write(value, to: &out)
        case .array(let values): JSON.write(values, "[", "]", to: &out) { $0.write(to: &$1) }
        case .floats(let values): JSON.write(values, "[", "]", to: &out) { JSON.write($0, to: &$1) }
        case .object(let members):
            JSON.write(members, "{", "}", to: &out) { member, out in
                JSON.write(member.key, to: &out)
                out.append(UInt8(ascii: ":"))
                member.value.write(to: &out)
            }
        }
    }

    /// The shortest decimal that converts back to the same number, which is what Swift prints. JSON has no NaN and no infinity.
    private static func write(_ value: some BinaryFloatingPoint & CustomStringConvertible, to out: inout [UInt8]) {
        out += (value.isFinite ? value.description : "null").utf8
    }

    private static func write(_ value: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): out += "\\n".utf8
            case UInt8(ascii: "\t"): out += "\\t".utf8
            case 0..<16: out += "\\u000\(String(byte, radix: 16))".utf8
            case 16..<32: out += "\\u00\(String(byte, radix: 16))".utf8
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    private static func write<Element>(
        _ values: [Element], _ open: Unicode.Scalar, _ close: Unicode.Scalar, to out: inout [UInt8],
        _ body: (Element, inout [UInt8]) -> Void
    ) {
        out.append(UInt8(ascii: open))
        for (index, value) in values.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            body(value, &out)
        }
        out.append(UInt8(ascii: close))
    }
}
