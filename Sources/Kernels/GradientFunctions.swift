import KernelInterface

// The derivatives of the activations. With a sigmoid s, x s(y(x)) has the derivative s + x y' s (1 - s). It is computed from
// e = e^-|y|, by which s (1 - s) = e / (1 + e)^2 loses nothing where s is near 1; so are those of SiLU (y = x), QuickGELU
// (y = 1.702 x), and the GELU of the tanh, as (1 + tanh z) / 2 is the sigmoid of 2 z.
//
// Where the second term is below any float, the arguments are clamped: an infinite one times zero would be NaN.

/// x s(y) differentiated, where `slope` is y'. As for inlining, see `exp`.
@_transparent private func sigmoidUnitGradient(_ x: Vector, _ y: Vector, _ slope: Vector) -> Vector {
    let e = exp(all(0) - magnitude(y))
    let inverse = all(1) / (all(1) + e)
    let s = inverse.replacing(with: e * inverse, where: y .< all(0))
    return fma(x * slope, e * inverse * inverse, s)
}

@inline(__always) private func clamped(_ x: Vector, _ limit: Float) -> Vector { smaller(larger(x, all(-limit)), all(limit)) }

/// f'(x) of 16 lanes; a type for the reason given at `Elementwise`.
private protocol Derivative {
    func callAsFunction(_ x: Vector) -> Vector
}

/// Phi(x) + x phi(x). Not with the polynomial of `gelu`, which multiplies its errors near 0 by x: here they would be 2.4e-6. With this
/// one, for ln Phi(-u), the error is at most 2e-7; scripts/fit-polynomials.py computes it.
private struct GELU: Derivative {
    @inline(__always) func callAsFunction(_ x: Vector) -> Vector {
        let x = clamped(x, 14), u = magnitude(x)
        var r = all(-1.2216945322052197e-07)
        r = fma(r, u, all(3.0583858006139053e-06))
        r = fma(r, u, all(-8.445465937256813e-06))
        r = fma(r, u, all(-0.0003876072005368769))
        r = fma(r, u, all(0.0052645946852862835))
        r = fma(r, u, all(-0.03662227839231491))
        r = fma(r, u, all(-0.3182319104671478))
        r = fma(r, u, all(-0.7978914380073547))
        r = fma(r, u, all(-0.6931471824645996))
        let tail = exp(r)
        let phi = exp(x * x * all(-0.5)) * all(0.3989422804014327)  // 1 / sqrt(2 pi)
        return fma(x, phi, tail.replacing(with: all(1) - tail, where: x .> all(0)))
    }
}

private struct GELUTanh: Derivative {
    @inline(__always) func callAsFunction(_ x: Vector) -> Vector {
        // y = 2 sqrt(2 / pi) (x + 0.044715 x^3)
        let x = clamped(x, 10), c: Float = 1.5957691216057308, square = x * x
        let y = x * fma(square, all(0.044715 * c), all(c))
        return sigmoidUnitGradient(x, y, fma(square, all(3 * 0.044715 * c), all(c)))
    }
}

private struct SigmoidUnit: Derivative {
    let c: Float
    @inline(__always) func callAsFunction(_ x: Vector) -> Vector {
        let x = clamped(x, 88)
        return sigmoidUnitGradient(x, x * all(c), all(c))
    }
}

private struct ReLU: Derivative {
    @inline(__always) func callAsFunction(_ x: Vector) -> Vector { all(1).replacing(with: all(0), where: x .<= all(0)) }
}

private struct Tanh: Derivative {
    @inline(__always) func callAsFunction(_ x: Vector) -> Vector {
        let y = tanh(x)
        return fma(all(0) - y, y, all(1))
    }
}

@inline(__always) private func apply(
    _ x: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, _ stride: Int, _ rows: Int, _ vectors: Int,
    _ derivative: some Derivative
) {
    for row in 0..<rows {
        for i in 0..<vectors {
            let place = row * stride + i * 16
            store(load(gradient + place) * derivative(load(x + place)), gradient + place)
        }
    }
}

/// gradient (rows, 16 * vectors) *= f'(x).
func activationGradient(
    _ x: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, stride: Int, rows: Int, vectors: Int,
    _ activation: Activation
) {
    switch activation {
    case .identity: break
    case .gelu: apply(x, gradient, stride, rows, vectors, GELU())
    case .geluTanh: apply(x, gradient, stride, rows, vectors, GELUTanh())
    case .quickGELU: apply(x, gradient, stride, rows, vectors, SigmoidUnit(c: 1.702))
    case .relu: apply(x, gradient, stride, rows, vectors, ReLU())
    case .silu: apply(x, gradient, stride, rows, vectors, SigmoidUnit(c: 1))
    case .tanh: apply(x, gradient, stride, rows, vectors, Tanh())
    }
}
