/// A metadata value of a GGUF file: a view of its bytes.
enum GGUFValue {
    case unsigned(UInt64)
    case signed(Int64)
    case float(Double)
    case bool(Bool)
    case string(UnsafeRawBufferPointer)
    case array(GGUFArray)

    var kind: String {
        switch self {
        case .unsigned(let value): String(value)
        case .signed(let value): String(value)
        case .float: "a float"
        case .bool(let value): value ? "true" : "false"
        case .string(let bytes): "'" + String(excerpt: bytes) + "'"
        case .array(let array): "an array of " + String(array.count)
        }
    }

    /// The value as an Int; nil if it is not an integer or does not fit.
    var int: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .signed(let value): Int(exactly: value)
        default: nil
        }
    }
}

/// A metadata array: `count` elements of one type, stored contiguously in `bytes`.
struct GGUFArray {
    let type: GGUFValueType
    let count: Int
    let bytes: UnsafeRawBufferPointer
}

/// The value types, by their codes in the file.
enum GGUFValueType: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64
    case float64

    /// In bytes; nil: variable.
    var size: Int? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: nil
        }
    }
}

extension ByteReader {
    /// A string: a 64-bit count, then the bytes.
    mutating func ggufString() -> UnsafeRawBufferPointer? {
        guard let count = size(UInt64.self) else { return nil }
        return take(count)
    }

    /// A value of a type; nil if it is cut short or not valid for the type.
    mutating func ggufValue(_ type: GGUFValueType) -> GGUFValue? {
        switch type {
        case .uint8: integer(UInt8.self).map { .unsigned(UInt64($0)) }
        case .uint16: integer(UInt16.self).map { .unsigned(UInt64($0)) }
        case .uint32: integer(UInt32.self).map { .unsigned(UInt64($0)) }
        case .uint64: integer(UInt64.self).map { .unsigned($0) }
        case .int8: integer(Int8.self).map { .signed(Int64($0)) }
        case .int16: integer(Int16.self).map { .signed(Int64($0)) }
        case .int32: integer(Int32.self).map { .signed(Int64($0)) }
        case .int64: integer(Int64.self).map { .signed($0) }
        case .float32: integer(UInt32.self).map { .float(Double(Float(bitPattern: $0))) }
        case .float64: integer(UInt64.self).map { .float(Double(bitPattern: $0)) }
        case .bool: integer(UInt8.self).flatMap { $0 > 1 ? nil : .bool($0 == 1) }
        case .string: ggufString().map { .string($0) }
        case .array: ggufArray().map { .array($0) }
        }
    }

    /// nil also for nested arrays, which no writer produces: so nesting cannot be deep.
    private mutating func ggufArray() -> GGUFArray? {
        guard let code = integer(UInt32.self), let type = GGUFValueType(rawValue: code),
            type != .array, let count = size(UInt64.self)
        else { return nil }
        let start = position
        if let size = type.size {
            let (needed, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, take(needed) != nil else { return nil }
        } else {
            for _ in 0..<count where ggufString() == nil { return nil }
        }
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        return GGUFArray(type: type, count: count, bytes: bytes)
    }
}

/// Values by key.
struct GGUFValues {
    private var values: [GGUFValue] = []
    private var keys = NameTable()

    @inline(never) subscript(key: String) -> GGUFValue? { keys[key].map { values[$0] } }

    /// Whether the key is new.
    mutating func insert(_ value: GGUFValue, _ key: String) -> Bool {
        values.append(value)
        return keys.insert(key)
    }
}
