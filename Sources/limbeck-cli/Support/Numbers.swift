import ArgumentParser

// Numbers of options. The parser names the option before what is said here. They are parsed unconditionally, or "-1" would be an option
// of its own to the parser, and its range would not be told.

/// A whole number in a range.
func number(_ text: String, _ range: ClosedRange<Int>) throws -> Int {
    guard let value = Int(text), range.contains(value) else {
        let expected = range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        throw ValidationError("expected a whole number, \(expected)")
    }
    return value
}

/// Whole numbers with commas between them.
func numbers(_ text: String, _ range: ClosedRange<Int>) throws -> List<Int> {
    List(try text.split(separator: ",", omittingEmptySubsequences: false).map { try number(String($0), range) })
}

/// A finite number above 0, or not below it.
func positive<Value: BinaryFloatingPoint & LosslessStringConvertible>(_ text: String, orZero: Bool = false) throws -> Value {
    guard let value = Value(text), value.isFinite, value > 0 || orZero && value == 0 else {
        throw ValidationError(orZero ? "expected a number, 0 or more" : "expected a number above 0")
    }
    return value
}
