import ArgumentParser

// Parsers for numeric options. The argument parser puts the option's name before these messages. Options that use them are parsed
// unconditionally: otherwise the argument parser would take "-1" for an option, and the allowed range would not be reported.

/// An integer in a range.
func number(_ text: String, _ range: ClosedRange<Int>) throws -> Int {
    guard let value = Int(text), range.contains(value) else {
        let expected = range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        throw ValidationError("expected a whole number, \(expected)")
    }
    return value
}

/// Comma-separated integers.
func numbers(_ text: String, _ range: ClosedRange<Int>) throws -> List<Int> {
    List(try text.split(separator: ",", omittingEmptySubsequences: false).map { try number(String($0), range) })
}

/// A finite number greater than 0, or at least 0.
func positive<Value: BinaryFloatingPoint & LosslessStringConvertible>(_ text: String, orZero: Bool = false) throws -> Value {
    guard let value = Value(text), value.isFinite, value > 0 || orZero && value == 0 else {
        throw ValidationError(orZero ? "expected a number, 0 or more" : "expected a number above 0")
    }
    return value
}
