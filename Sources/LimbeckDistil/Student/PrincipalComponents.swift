import Limbeck

/// The directions in which rows vary most, in double precision, with sums and products in a fixed order: the same on every machine.
enum PrincipalComponents {
    /// The eigenvectors of sum x x^T with the largest eigenvalues. -> (width, kept)
    static func of(_ rows: [Float], width: Int, kept: Int) -> [Float] {
        var matrix = [Double](repeating: 0, count: width * width)
        for row in 0..<rows.count / width {
            let x = rows[row * width..<(row + 1) * width].map { Double($0) }
            for i in 0..<width {
                let factor = x[i]
                for j in i..<width { matrix[i * width + j] += factor * x[j] }
            }
        }
        for i in 0..<width { for j in 0..<i { matrix[i * width + j] = matrix[j * width + i] } }
        let (values, vectors) = eigenvectors(&matrix, width)
        let order = (0..<width).sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
        var result = [Float](repeating: 0, count: width * kept)
        for (column, source) in order.prefix(kept).enumerated() {
            // Of the two directions, the one whose largest element is positive.
            var largest = 0
            for i in 0..<width where vectors[source * width + i].magnitude > vectors[source * width + largest].magnitude {
                largest = i
            }
            let sign = vectors[source * width + largest] < 0 ? -1.0 : 1
            for i in 0..<width { result[i * kept + column] = Float(sign * vectors[source * width + i]) }
        }
        return result
    }

    /// rows (n, width) times (width, kept)
    static func project(_ rows: [Float], width: Int, _ projection: [Float], kept: Int) -> [Float] {
        let count = rows.count / width
        var result = [Float](repeating: 0, count: count * kept)
        for row in 0..<count {
            for i in 0..<width {
                let x = rows[row * width + i]
                for j in 0..<kept { result[row * kept + j] += x * projection[i * kept + j] }
            }
        }
        return result
    }

    /// The eigenvalues of a symmetric matrix and its eigenvectors, as rows, by Jacobi's rotations, cyclic by row (Golub and Van Loan,
    /// "Matrix Computations", section 8.5).
    private static func eigenvectors(_ a: inout [Double], _ n: Int) -> (values: [Double], vectors: [Double]) {
        var v = [Double](repeating: 0, count: n * n)
        for i in 0..<n { v[i * n + i] = 1 }
        a.withUnsafeMutableBufferPointer { a in
            v.withUnsafeMutableBufferPointer { v in
                for _ in 0..<30 {
                    var off = 0.0, all = 0.0
                    for i in 0..<n {
                        for j in 0..<n {
                            if i == j { all += a[i * n + j] * a[i * n + j] } else { off += a[i * n + j] * a[i * n + j] }
                        }
                    }
                    if off <= all * 1e-22 { break }
                    for p in 0..<n - 1 {
                        for q in p + 1..<n where a[p * n + q] != 0 {
                            let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
                            let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
                            let c = 1 / (t * t + 1).squareRoot(), s = t * c
                            for k in 0..<n {
                                let (x, y) = (a[k * n + p], a[k * n + q])
                                (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y)
                            }
                            for k in 0..<n {
                                let (x, y) = (a[p * n + k], a[q * n + k])
                                (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y)
                                let (z, w) = (v[p * n + k], v[q * n + k])
                                (v[p * n + k], v[q * n + k]) = (c * z - s * w, s * z + c * w)
                            }
                        }
                    }
                }
            }
        }
        return ((0..<n).map { a[$0 * n + $0] }, v)
    }
}
