#!/usr/bin/env python3
"""Fits the polynomials of Functions.swift, GradientFunctions.swift and QuantizedAttention.swift in Sources/Kernels; prints their
coefficients and their measured errors.

Needs numpy and scipy. Minimax by Lawson's iteration: weighted least squares whose weights grow where the error is large.
Coefficients are rounded to float32, and errors are measured with the kernels' own float32 arithmetic.
"""
import numpy as np
from scipy.special import erfc, log_ndtr


def minimax(x, y, weight, powers, rounds=1500):
    """Coefficients c of sum c[i] x^powers[i] that minimise max |weight * error|."""
    basis = x[:, None] ** np.array(powers)[None, :]
    scale = np.abs(basis).max(0)
    lawson = np.ones_like(x)
    best, best_error = None, np.inf
    for _ in range(rounds):
        w = np.sqrt(lawson) * weight
        c = np.linalg.lstsq((basis / scale) * w[:, None], y * w, rcond=None)[0] / scale
        error = np.abs((basis @ c - y) * weight)
        if error.max() < best_error:
            best, best_error = c, error.max()
        lawson *= error / error.max() + 1e-3
        lawson /= lawson.sum()
    return best


f32 = np.float32


def fma(a, b, c):
    """Products of two float32 are exact in float64; the double rounding of the sum is far below what is measured here."""
    return f32(np.float64(a) * np.float64(b) + np.float64(c))


def horner(c, x):
    r = np.full_like(x, f32(c[-1]))
    for k in reversed(c[:-1]):
        r = fma(r, x, f32(k))
    return r


def exp2_f32(y, c):
    y = np.maximum(f32(y), f32(-126))
    n = f32(np.rint(y))
    return f32(np.ldexp(horner(c, f32(y - n)), n.astype(np.int32)))


def exp_f32(x, c):
    n = f32(np.rint(f32(x * f32(1.4426950408889634))))
    r = fma(n, f32(2.12194440e-4), fma(n, f32(-0.693359375), x))
    return f32(np.ldexp(horner(c, r), n.astype(np.int32)))


def report(name, c, value, exact):
    print(f"{name}: {', '.join(repr(float(f32(k))) for k in c)}")
    wrong = np.abs(value.astype(np.float64) - exact)
    ulp = wrong / np.spacing(np.abs(f32(exact))).astype(np.float64)
    ulp1 = wrong / np.spacing(np.maximum(np.abs(exact), 1).astype(f32))
    print(f"    {ulp.max():.2f} ulp; absolute {wrong.max():.2e}, {ulp1.max():.2f} ulp of max(1, |value|)")


def chebyshev(low, high, count=4000):
    return low + (high - low) * (1 - np.cos(np.linspace(0, np.pi, count))) / 2


# e^r on [-ln2 / 2, ln2 / 2]; the first two coefficients are exactly 1.
r = chebyshev(-0.3475, 0.3475)
exp = np.concatenate([[1, 1], minimax(r, (np.exp(r) - 1 - r) / r**2, r**2 / np.exp(r), range(5))])
x = f32(np.linspace(-87, 10, 2000001))
report("exp", exp, exp_f32(x, exp), np.exp(x.astype(np.float64)))

# 2^f on [-1/2, 1/2].
f = chebyshev(-0.5005, 0.5005)
exp2 = np.concatenate([[1], minimax(f, (2**f - 1) / f, np.abs(f) / 2**f, range(6))])
x = f32(np.linspace(-126, 0, 2000001))
report("exp2", exp2, exp2_f32(x, exp2), 2 ** x.astype(np.float64))

# 2^f once more, as exactly as the bytes of attention's weights need it.
bytes_exp2 = np.concatenate([[1], minimax(f, (2**f - 1) / f, np.abs(f) / 2**f, range(4))])
report("exp2 of weights in bytes", bytes_exp2, exp2_f32(x, bytes_exp2), 2 ** x.astype(np.float64))

# gelu(x) = max(x, 0) - u 2^Q(u), u = |x|, Q(u) = log2(erfc(u / sqrt 2) / 2). The weight is what Q's error does to gelu,
# with a floor that keeps the tail in order: the leading coefficient must be negative.
u = chebyshev(0, 13)
q = log_ndtr(-u) / np.log(2)
gelu = minimax(u, q, np.maximum(u * 2**q, 2e-5 / (1 + u**2)) + 1e-7, range(9))
assert gelu[-1] < 0
x = f32(np.concatenate([np.linspace(-12, 12, 2000001), np.logspace(-20, 6, 20000), -np.logspace(-20, 6, 20000)]))
with np.errstate(over="ignore"):
    value = fma(-np.abs(x), exp2_f32(horner(gelu, np.abs(x)), exp2), np.maximum(x, f32(0)))
report("gelu Q", gelu, value, x.astype(np.float64) / 2 * erfc(-x.astype(np.float64) / np.sqrt(2)))

# gelu'(x) = Phi(x) + x phi(x), where Phi(-u) = e^R(u), and Phi(u) is 1 less that; x is clamped to 14. Q would not do: gelu multiplies
# its errors near 0 by u.
u = chebyshev(0, 14)
r, half = log_ndtr(-u), np.log(0.5)
tail = np.concatenate([[half], minimax(u, (r - half) / np.maximum(u, 1e-9), np.maximum(np.exp(r), 2e-5 / (1 + u**2)) * u, range(8))])
x = f32(np.concatenate([np.linspace(-14, 14, 2000001), np.logspace(-20, 1, 20000), -np.logspace(-20, 1, 20000)]))
upper = exp_f32(np.maximum(horner(tail, np.abs(x)), f32(-87.33)), exp)
phi = f32(exp_f32(np.maximum(f32(f32(x * x) * f32(-0.5)), f32(-87.33)), exp) * f32(0.3989422804014327))
value = fma(x, phi, np.where(x > 0, f32(f32(1) - upper), upper))
wide = x.astype(np.float64)
report("gelu' R", tail, value, erfc(-wide / np.sqrt(2)) / 2 + wide * np.exp(-wide * wide / 2) / np.sqrt(2 * np.pi))

# tanh(x) = x + x^3 P(x^2) for |x| < 0.625, else 1 - 2 / (e^(2|x|) + 1) with the sign of x.
x = chebyshev(1e-3, 0.63)
tanh = minimax(x**2, (np.tanh(x) - x) / x**3, x**3 / np.tanh(x), range(5))
x = f32(np.concatenate([np.linspace(-12, 12, 2000001), np.logspace(-30, 0, 20000)]))
u = np.minimum(np.abs(x), f32(10))
z = f32(u * u)
small = fma(f32(u * z), horner(tanh, z), u)
large = f32(f32(1) - f32(f32(2) / f32(exp_f32(f32(u + u), exp) + f32(1))))
report("tanh P", tanh, np.copysign(np.where(u < f32(0.625), small, large), x), np.tanh(x.astype(np.float64)))
