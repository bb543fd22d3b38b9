/// A number in decimal, with at most `digits` significant digits and no zeros at the end: as JSON has it. The standard library's printer
/// of floating-point numbers is larger than all of training.
func decimal(_ x: Double, digits: Int = 9) -> String {
    guard x.isFinite else { return x.isNaN ? "NaN" : x < 0 ? "-Infinity" : "Infinity" }
    guard x != 0 else { return "0" }
    var (value, exponent) = (x.magnitude, 0)
    // To one digit before the point.
    while value >= 10 { (value, exponent) = (value / 10, exponent + 1) }
    while value < 1 { (value, exponent) = (value * 10, exponent - 1) }
    var scale = 1.0
    for _ in 1..<digits { scale *= 10 }
    var number = Int((value * scale).rounded())
    if number >= Int(scale) * 10 { (number, exponent) = (number / 10, exponent + 1) }
    while number % 10 == 0 { number /= 10 }
    let text = String(number), sign = x < 0 ? "-" : ""
    let places = text.utf8.count - 1  // behind the point
    switch exponent {
    case 0..<15 where places <= exponent: return sign + text + String(repeating: "0", count: exponent - places)
    case 0..<15: return sign + part(text, 0..<exponent + 1) + "." + part(text, exponent + 1..<places + 1)
    case -5..<0: return sign + "0." + String(repeating: "0", count: -exponent - 1) + text
    default:
        let rest = places > 0 ? "." + part(text, 1..<places + 1) : ""
        return sign + part(text, 0..<1) + rest + "e" + String(exponent)
    }
}

private func part(_ text: String, _ range: Range<Int>) -> String {
    String(decoding: Array(text.utf8)[range], as: UTF8.self)
}
