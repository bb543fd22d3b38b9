// Formats numbers and texts for people.

/// "0.0123", "-12.5000".
func fixed(_ value: some BinaryFloatingPoint, _ digits: Int = 4) -> String {
    let value = Double(value)
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 1e15 else { return value.description }
    let number = Int(scaled), unit = Int(scale)
    let sign = value < 0 && number > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(number)" }
    return "\(sign)\(number / unit).\(padded(number % unit, digits, with: "0"))"
}

/// "22,713,216".
func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { text += "," }
        text.append(digit)
    }
    return text
}

/// "90.9 MB", in powers of 1,000.
func bytes(_ count: Int) -> String {
    switch count {
    case 1_000_000_000...: "\(fixed(Double(count) / 1e9, 2)) GB"
    case 1_000_000...: "\(fixed(Double(count) / 1e6, 1)) MB"
    case 1_000...: "\(fixed(Double(count) / 1e3, 1)) KB"
    default: "\(count) bytes"
    }
}

/// Right-aligned in a column.
func padded(_ value: some CustomStringConvertible, _ width: Int, with character: Character = " ") -> String {
    let text = value.description
    return String(repeating: character, count: max(0, width - text.count)) + text
}

/// Left-aligned in a column.
func aligned(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// The beginning of a text, on one line.
func excerpt(_ text: String, _ length: Int = 80) -> String {
    let line = String(text.prefix(length + 1)).onOneLine
    return line.count > length ? line.prefix(length - 1) + "…" : line
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

/// "45 s", "3 min 10 s", "2 h 05 min".
func duration(_ seconds: Double) -> String {
    let whole = Int(min(max(0, seconds), 1e9).rounded())
    switch whole {
    case 3600...: return "\(whole / 3600) h \(padded(whole % 3600 / 60, 2, with: "0")) min"
    case 60...: return "\(whole / 60) min \(padded(whole % 60, 2, with: "0")) s"
    default: return "\(whole) s"
    }
}
