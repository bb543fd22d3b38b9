// Functions in double precision that use only sums, products and quotients, without libm, so that the log of a run is the same on every
// machine.

/// e^x, with an error below 2^-48; 0 below -700.
func exponential(_ x: Double) -> Double {
    guard x > -700 else { return x.isNaN ? x : 0 }
    guard x < 700 else { return .infinity }
    // e^x = 2^n e^r, with |r| at most half of ln 2; ln 2 is in two parts, the first of which has few bits.
    let n = (x * 1.4426950408889634).rounded()
    let r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33
    var sum = 1.0
    for k in stride(from: 14.0, through: 1, by: -1) { sum = 1 + sum * r / k }
    return sum * Double(sign: .plus, exponent: Int(n), significand: 1)
}

/// ln x for a positive number.
func logarithm(_ x: Double) -> Double {
    guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x.isNaN || x > 0 ? x : .nan }
    var (e, m) = (Double(x.exponent), x.significand)
    if m > 1.4142135623730951 { (e, m) = (e + 1, m / 2) }
    let s = (m - 1) / (m + 1), z = s * s
    var series = 0.0
    for n in stride(from: 25.0, through: 1, by: -2) { series = series * z + 1 / n }
    return e * 0.6931471805599453 + 2 * s * series
}

/// The cosine of an angle from 0 to pi, by its Taylor series around the middle.
func cosine(_ x: Double) -> Double {
    // cos x = -sin(x - pi / 2)
    let r = x - 1.5707963267948966, z = r * r
    var sum = 1.0
    for k in stride(from: 21.0, through: 3, by: -2) { sum = 1 - sum * z / (k * (k - 1)) }
    return -sum * r
}
