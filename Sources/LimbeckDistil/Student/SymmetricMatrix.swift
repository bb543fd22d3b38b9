/// Eigenvalues and eigenvectors of a symmetric matrix, by Householder's reflections and the QL method with implicit shifts: `tred2` and `tql2` of
/// EISPACK (Bowdler, Martin, Reinsch, Wilkinson 1968), as in the public domain's JAMA 1.0.3. About 5 n^3 multiplications.
enum SymmetricMatrix {
    /// v (n, n) becomes the eigenvectors, as rows. -> the eigenvalues (n)
    static func diagonalize(_ v: inout [Double], _ n: Int) -> [Double] {
        var d = [Double](repeating: 0, count: n), e = d
        guard n > 0 else { return d }
        v.withUnsafeMutableBufferPointer { v in
            d.withUnsafeMutableBufferPointer { d in
                e.withUnsafeMutableBufferPointer { e in
                    let (v, d, e) = (
                        v.baseAddress.unsafelyUnwrapped, d.baseAddress.unsafelyUnwrapped, e.baseAddress.unsafelyUnwrapped
                    )
                    tridiagonalize(v, d, e, n)
                    iterate(v, d, e, n)
                }
            }
        }
        return d
    }

    private typealias Numbers = UnsafeMutablePointer<Double>

    /// To d on the diagonal and e beside it; v becomes the transformation. Element (k, j) of JAMA's matrix is v[j * n + k]: its inner loops
    /// are over k.
    @_optimize(speed) private static func tridiagonalize(_ v: Numbers, _ d: Numbers, _ e: Numbers, _ n: Int) {
        for j in 0..<n { d[j] = v[j * n + n - 1] }
        for i in stride(from: n - 1, to: 0, by: -1) {
            var scale = 0.0, h = 0.0
            for k in 0..<i { scale += d[k].magnitude }
            if scale == 0 {
                e[i] = d[i - 1]
                for j in 0..<i {
                    d[j] = v[j * n + i - 1]
                    (v[j * n + i], v[i * n + j]) = (0, 0)
                }
                d[i] = 0
                continue
            }
            for k in 0..<i {
                d[k] /= scale
                h += d[k] * d[k]
            }
            let last = d[i - 1], root = last > 0 ? -h.squareRoot() : h.squareRoot()
            e[i] = scale * root
            h -= last * root
            d[i - 1] = last - root
            for j in 0..<i { e[j] = 0 }
            for j in 0..<i {
                let f = d[j], column = v + j * n
                v[i * n + j] = f
                var g = e[j] + column[j] * f
                for k in j + 1..<max(i, j + 1) {
                    g += column[k] * d[k]
                    e[k] += column[k] * f
                }
                e[j] = g
            }
            var f = 0.0
            for j in 0..<i {
                e[j] /= h
                f += e[j] * d[j]
            }
            for j in 0..<i { e[j] -= f / (h + h) * d[j] }
            for j in 0..<i {
                let f = d[j], g = e[j], column = v + j * n
                for k in j..<i { column[k] -= f * e[k] + g * d[k] }
                d[j] = column[i - 1]
                column[i] = 0
            }
            d[i] = h
        }
        for i in 0..<n - 1 {
            let column = v + (i + 1) * n, h = d[i + 1]
            v[i * n + n - 1] = v[i * n + i]
            v[i * n + i] = 1
            if h != 0 {
                for k in 0...i { d[k] = column[k] / h }
                for j in 0...i {
                    let other = v + j * n
                    var g = 0.0
                    for k in 0...i { g += column[k] * other[k] }
                    for k in 0...i { other[k] -= g * d[k] }
                }
            }
            for k in 0...i { column[k] = 0 }
        }
        for j in 0..<n {
            d[j] = v[j * n + n - 1]
            v[j * n + n - 1] = 0
        }
        v[n * n - 1] = 1
        e[0] = 0
    }

    @_optimize(speed) private static func iterate(_ v: Numbers, _ d: Numbers, _ e: Numbers, _ n: Int) {
        for i in 1..<max(1, n) { e[i - 1] = e[i] }
        e[n - 1] = 0
        var shift = 0.0, size = 0.0
        for l in 0..<n {
            size = max(size, d[l].magnitude + e[l].magnitude)
            let small = 0x1p-52 * size
            var m = l
            while m < n - 1, e[m].magnitude > small { m += 1 }
            // Two or three iterations are usual; 30 do not happen.
            for _ in 0..<30 where m > l && e[l].magnitude > small {
                let first = d[l], half = (d[l + 1] - first) / (2 * e[l])
                let root = half < 0 ? -(half * half + 1).squareRoot() : (half * half + 1).squareRoot()
                d[l] = e[l] / (half + root)
                d[l + 1] = e[l] * (half + root)
                let next = d[l + 1], nextE = e[l + 1], h = first - d[l]
                for i in l + 2..<max(n, l + 2) { d[i] -= h }
                shift += h
                var p = d[m], c = 1.0, c2 = 1.0, c3 = 1.0, s = 0.0, s2 = 0.0
                for i in stride(from: m - 1, through: l, by: -1) {
                    (c3, c2, s2) = (c2, c, s)
                    let g = c * e[i], h = c * p, r = (p * p + e[i] * e[i]).squareRoot()
                    e[i + 1] = s * r
                    (s, c) = (e[i] / r, p / r)
                    p = c * d[i] - s * g
                    d[i + 1] = h + s * (c * g + s * d[i])
                    let low = v + i * n, high = low + n
                    for k in 0..<n {
                        let x = low[k], y = high[k]
                        (high[k], low[k]) = (s * x + c * y, c * x - s * y)
                    }
                }
                p = -s * s2 * c3 * nextE * e[l] / next
                e[l] = s * p
                d[l] = c * p
            }
            d[l] += shift
            e[l] = 0
        }
    }
}
