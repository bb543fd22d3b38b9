import KernelInterface

/// RoPE, rotary position embeddings (Su et al. 2021): rotates pair i of a head, elements (i, i + pairs),
/// by position * base^(-i / pairs).
package struct Rotary: Equatable, Sendable {
    package var base: Float
    /// Per head; twice as many elements are rotated.
    package var pairs: Int

    package init(base: Float, pairs: Int) { (self.base, self.pairs) = (base, pairs) }

    /// Elements of a table for this many positions.
    package func count(positions: Int) -> Int { positions * 2 * pairs }

    /// The cosines and then the sines of each position's angles. -> table (positions, 2 * pairs)
    ///
    /// The angle is that of transformers, rounded to float32 at the same places; for a late position the angle depends on the last
    /// bit. Its cosine and sine are rounded once, from double precision.
    package func fill(_ table: UnsafeMutablePointer<Float>, positions: Int) {
        for pair in 0..<pairs {
            let exponent = Float(2 * pair) / Float(2 * pairs)
            let frequency = 1 / Float(power(Double(base), Double(exponent)))
            for position in 0..<positions {
                let (cosine, sine) = cosineAndSine(Double(Float(position) * frequency))
                table[position * 2 * pairs + pair] = Float(cosine)
                table[position * 2 * pairs + pairs + pair] = Float(sine)
            }
        }
    }

    /// The range of the base: far wider than in any model, and narrow enough for the accuracy of `power` given below.
    static let bases = 1.0...1e12
    /// The maximum number of elements in one table, 64 MB: no tensor limits the number of positions.
    static let maxNumbers = 1 << 24
}

// Functions in double precision that use only sums and products, without libm, so that results are the same on every machine. Their
// errors are below 2^-46, negligible compared with the 2^-24 of float32, to which results are rounded.

/// base^exponent for a base in `Rotary.bases` and an exponent from 0 to 1.
private func power(_ base: Double, _ exponent: Double) -> Double {
    // ln(2^e m) = e ln 2 + 2 atanh((m - 1) / (m + 1)), with |m - 1| small.
    var (e, m) = (Double(base.exponent), base.significand)
    if m > 1.4142135623730951 { (e, m) = (e + 1, m / 2) }
    let s = (m - 1) / (m + 1), z = s * s
    var series = 0.0
    for n in stride(from: 23.0, through: 1, by: -2) { series = series * z + 1 / n }
    let x = exponent * (e * ln2 + 2 * s * series)
    // e^x = 2^n e^r, with |r| at most half of ln 2.
    let n = nearest(x / ln2)
    let r = x - n * ln2
    var result = 1.0
    for k in stride(from: 16.0, through: 1, by: -1) { result = 1 + result * r / k }
    return result * Double(sign: .plus, exponent: Int(n), significand: 1)
}

/// For an angle from 0 to 2^24.
private func cosineAndSine(_ x: Double) -> (Double, Double) {
    // x = n pi / 2 + r. The first two of the three parts of pi / 2 have 29 bits, so their products with n
    // are exact (Cody and Waite 1980).
    let n = nearest(x * 0.6366197723675814)
    let r = ((x - n * 0x1.921fb54p0) - n * 0x1.10b4611p-30) - n * 0x1.4c4c6628b80dcp-59
    let z = r * r
    // Taylor series: |r| is at most pi / 4.
    var cosine = 1.0 / 20_922_789_888_000
    cosine = cosine * z - 1.0 / 87_178_291_200
    cosine = cosine * z + 1.0 / 479_001_600
    cosine = cosine * z - 1.0 / 3_628_800
    cosine = cosine * z + 1.0 / 40_320
    cosine = cosine * z - 1.0 / 720
    cosine = cosine * z + 1.0 / 24
    cosine = cosine * z - 1.0 / 2
    cosine = cosine * z + 1
    var sine = 1.0 / 355_687_428_096_000
    sine = sine * z - 1.0 / 1_307_674_368_000
    sine = sine * z + 1.0 / 6_227_020_800
    sine = sine * z - 1.0 / 39_916_800
    sine = sine * z + 1.0 / 362_880
    sine = sine * z - 1.0 / 5_040
    sine = sine * z + 1.0 / 120
    sine = sine * z - 1.0 / 6
    sine = (sine * z + 1) * r
    switch Int(n) % 4 {
    case 0: return (cosine, sine)
    case 1: return (-sine, cosine)
    case 2: return (-cosine, -sine)
    default: return (sine, -cosine)
    }
}

private let ln2 = 0.6931471805599453

/// The nearest integer to a number from 0 to 2^51: after adding 1.5 * 2^52 there are no bits left for a fraction.
private func nearest(_ x: Double) -> Double { (x + 6_755_399_441_055_744) - 6_755_399_441_055_744 }
