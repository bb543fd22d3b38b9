import KernelInterface

// Elementary functions by polynomials; scripts/fit-polynomials.py computes the coefficients and measures the errors given here.
//
// e^x: with n the nearest integer to x / ln 2, x = n ln 2 + r and e^x = 2^n e^r, |r| <= ln 2 / 2. Adding `rounder` to x / ln 2
// leaves n in the low bits of the sum; shifted left by 23 bits, n is added to the exponent of the polynomial for e^r. 2^x is the
// same with x = n + f.
//
// GELU uses the normal distribution function Phi(x) = (1 + erf(x / sqrt 2)) / 2. The polynomial is for log2 Phi(-u), so that
// Phi(-u) takes one 2^x.
//
// The functions must be inlined: a call passes a vector split across four registers. `@inline(__always)` does not
// always inline them; `@_transparent` does. They do not branch, and no float is converted to an integer, so NaN and
// infinities pass through without a trap.

/// e^x, error at most 0.9 ulp; x is clamped to [-87.33, 88].
#if KERNELS_PORTABLE
@inline(never)
#else
@_transparent
#endif
func exp(_ x: Vector) -> Vector {
    let x = smaller(larger(x, all(-87.33)), all(88))
    let shifted = fma(x, all(1.4426950408889634), all(rounder))
    let n = shifted - all(rounder)
    var r = fma(n, all(-0.693359375), x)  // ln 2 in two parts; the first has few bits, so its product with n is exact
    r = fma(n, all(2.12194440e-4), r)
    var p = all(0.001381422160193324)
    p = fma(p, r, all(0.00836889911442995))
    p = fma(p, r, all(0.04166840389370918))
    p = fma(p, r, all(0.1666651964187622))
    p = fma(p, r, all(0.4999999403953552))
    p = fma(p, r, all(1))
    p = fma(p, r, all(1))
    return floats(bits(p) &+ (bits(shifted) &<< 23))
}

/// 2^x for x at most 0, error at most 1 ulp; x is clamped to at least -126.
@inline(__always) private func exp2(_ x: Vector) -> Vector {
    let x = larger(x, all(-126))
    let shifted = x + all(rounder)
    let f = x - (shifted - all(rounder))
    var p = all(0.00015353258640971035)
    p = fma(p, f, all(0.0013399003073573112))
    p = fma(p, f, all(0.00961843878030777))
    p = fma(p, f, all(0.05550331994891167))
    p = fma(p, f, all(0.24022647738456726))
    p = fma(p, f, all(0.6931471824645996))
    p = fma(p, f, all(1))
    return floats(bits(p) &+ (bits(shifted) &<< 23))
}

/// x Phi(x) = max(x, 0) - |x| Phi(-|x|), with log2 Phi(-u) as a polynomial: one exponential, no branch.
/// Error at most 3e-7 for |x| < 12, and 1.1 ulp of max(1, |gelu(x)|).
@inline(__always) func gelu(_ x: Vector) -> Vector {
    let u = magnitude(x)
    var q = all(-6.59378116552034e-08)
    q = fma(q, u, all(7.058795858938538e-07))
    q = fma(q, u, all(3.0256436730269343e-05))
    q = fma(q, u, all(-0.0007640138501301408))
    q = fma(q, u, all(0.008076874539256096))
    q = fma(q, u, all(-0.053412534296512604))
    q = fma(q, u, all(-0.4587689936161041))
    q = fma(q, u, all(-1.1512025594711304))
    q = fma(q, u, all(-0.9999929666519165))
    return fma(all(0) - u, exp2(q), larger(x, all(0)))
}

/// Error at most 1.3 ulp.
@inline(__always) func tanh(_ x: Vector) -> Vector {
    let u = smaller(magnitude(x), all(10))
    let z = u * u
    var p = all(-0.005666975863277912)
    p = fma(p, z, all(0.02060617506504059))
    p = fma(p, z, all(-0.05373000726103783))
    p = fma(p, z, all(0.13331331312656403))
    p = fma(p, z, all(-0.33333277702331543))
    let small = fma(u * z, p, u)
    let large = all(1) - all(2) / (exp(u + u) + all(1))
    let result = large.replacing(with: small, where: u .< all(0.625))
    return floats(bits(result) | (bits(x) & Bits(repeating: 0x8000_0000)))
}

/// x / (1 + e^(-c x)).
@inline(__always) func sigmoidUnit(_ x: Vector, _ c: Float) -> Vector { x / (all(1) + exp(x * all(-c))) }

@inline(__always) func geluTanh(_ x: Vector) -> Vector {
    // sqrt(2 / pi) (x + 0.044715 x^3)
    let inner = x * fma(x * x, all(0.044715 * 0.7978845608028654), all(0.7978845608028654))
    let half = x * all(0.5)
    return fma(half, tanh(inner), half)
}

/// A function of 16 lanes. A type rather than a closure: closures of this size are called, with the
/// vector split across four registers.
private protocol Elementwise {
    func callAsFunction(_ x: Vector) -> Vector
}

private struct GELU: Elementwise { @inline(__always) func callAsFunction(_ x: Vector) -> Vector { gelu(x) } }
private struct GELUTanh: Elementwise { @inline(__always) func callAsFunction(_ x: Vector) -> Vector { geluTanh(x) } }
private struct ReLU: Elementwise { @inline(__always) func callAsFunction(_ x: Vector) -> Vector { larger(x, all(0)) } }
private struct Tanh: Elementwise { @inline(__always) func callAsFunction(_ x: Vector) -> Vector { tanh(x) } }
private struct SigmoidUnit: Elementwise {
    let c: Float
    @inline(__always) func callAsFunction(_ x: Vector) -> Vector { sigmoidUnit(x, c) }
}

/// Applies `f` to `rows` rows of `vectors` vectors in place.
@inline(__always) private func map(
    _ x: UnsafeMutablePointer<Float>, _ stride: Int, _ rows: Int, _ vectors: Int, _ f: some Elementwise
) {
    for row in 0..<rows {
        let start = x + row * stride
        for i in 0..<vectors { store(f(load(start + i * 16)), start + i * 16) }
    }
}

/// An activation over a block of rows in place, 16 lanes at a time; one switch per block.
func activate(_ x: UnsafeMutablePointer<Float>, stride: Int, rows: Int, vectors: Int, _ activation: Activation) {
    switch activation {
    case .identity: break
    case .gelu: map(x, stride, rows, vectors, GELU())
    case .geluTanh: map(x, stride, rows, vectors, GELUTanh())
    case .quickGELU: map(x, stride, rows, vectors, SigmoidUnit(c: 1.702))
    case .relu: map(x, stride, rows, vectors, ReLU())
    case .silu: map(x, stride, rows, vectors, SigmoidUnit(c: 1))
    case .tanh: map(x, stride, rows, vectors, Tanh())
    }
}

/// The same over `count` numbers of any alignment, without padding past the last.
func activate(_ x: UnsafeMutablePointer<Float>, count: Int, activation: Activation) {
    activate(x, stride: 0, rows: 1, vectors: count / 16, activation)
    let done = count / 16 * 16
    guard done < count else { return }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16) { rest in
        let tail = rest.baseAddress!
        store(load(x + done, first: count - done), tail)
        activate(tail, stride: 0, rows: 1, vectors: 1, activation)
        store(load(tail), x + done, first: count - done)
    }
}
