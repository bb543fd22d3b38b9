import KernelInterface
import Limbeck

/// The directions in which rows vary most, in double precision, with sums and products in a fixed order: the same on every machine.
struct PrincipalComponents {
    /// (width, kept) Unit vectors as columns, those along which rows vary most first.
    let directions: [Float]
    let width: Int
    let kept: Int
    /// What is taken from every row; zeros unless rows are centred.
    private let mean: [Double]

    /// Of sum (x - mean) (x - mean)^T the eigenvectors with the largest eigenvalues. rows (n, width)
    init(of rows: [Float], width: Int, kept: Int, isCentred: Bool = false, team: Team? = nil) {
        (self.width, self.kept) = (width, kept)
        let mean = isCentred ? PrincipalComponents.mean(rows, width) : [Double](repeating: 0, count: width)
        self.mean = mean
        var matrix = PrincipalComponents.products(rows, width, mean, team)
        let values = SymmetricMatrix.diagonalize(&matrix, width)
        let order = (0..<width).sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
        var directions = [Float](repeating: 0, count: width * kept)
        for (column, source) in order.prefix(kept).enumerated() {
            let vector = matrix[source * width..<(source + 1) * width]
            // Of the two directions, the one whose largest element is positive.
            var largest = 0.0
            for element in vector where element.magnitude > largest.magnitude { largest = element }
            for (i, element) in vector.enumerated() { directions[i * kept + column] = Float(largest < 0 ? -element : element) }
        }
        self.directions = directions
    }

    /// (rows - mean) times directions: (n, width) -> (n, kept)
    func project(_ rows: [Float], team: Team? = nil) -> [Float] {
        let count = rows.count / width
        return [Float](unsafeUninitializedCapacity: count * kept) { out, written in
            let out = out.baseAddress.unsafelyUnwrapped
            rows.withUnsafeBufferPointer { rows in
                PrincipalComponents.each(count, by: 64, team) { part in
                    for row in part { project(rows.baseAddress.unsafelyUnwrapped + row * width, into: out + row * kept) }
                }
            }
            written = count * kept
        }
    }

    @_optimize(speed) private func project(_ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
        out.initialize(repeating: 0, count: kept)
        directions.withUnsafeBufferPointer { directions in
            for i in 0..<width {
                let factor = Float(Double(x[i]) - mean[i]), direction = directions.baseAddress.unsafelyUnwrapped + i * kept
                for j in 0..<kept { out[j] += factor * direction[j] }
            }
        }
    }

    private static func mean(_ rows: [Float], _ width: Int) -> [Double] {
        var mean = [Double](repeating: 0, count: width)
        let count = rows.count / width
        for row in 0..<count { for i in 0..<width { mean[i] += Double(rows[row * width + i]) } }
        return mean.map { $0 / Double(max(1, count)) }
    }

    /// sum (x - mean) (x - mean)^T -> (width, width)
    private static func products(_ rows: [Float], _ width: Int, _ mean: [Double], _ team: Team?) -> [Double] {
        var matrix = [Double](repeating: 0, count: width * width)
        matrix.withUnsafeMutableBufferPointer { matrix in
            let matrix = matrix.baseAddress.unsafelyUnwrapped
            rows.withUnsafeBufferPointer { rows in
                // Each element is a chain over all rows, whoever computes it.
                each(width, by: 32, team) { addProducts(rows, width, mean, lines: $0, to: matrix) }
            }
            for i in 0..<width { for j in 0..<i { matrix[i * width + j] = matrix[j * width + i] } }
        }
        return matrix
    }

    /// The upper triangle, some lines of it.
    @_optimize(speed) private static func addProducts(
        _ rows: UnsafeBufferPointer<Float>, _ width: Int, _ mean: [Double], lines: Range<Int>,
        to matrix: UnsafeMutablePointer<Double>
    ) {
        var row = [Double](repeating: 0, count: width)
        row.withUnsafeMutableBufferPointer { row in
            let x = row.baseAddress.unsafelyUnwrapped
            for start in stride(from: 0, to: rows.count, by: width) {
                for j in lines.lowerBound..<width { x[j] = Double(rows[start + j]) - mean[j] }
                for i in lines {
                    let factor = x[i], line = matrix + i * width
                    for j in i..<width { line[j] += factor * x[j] }
                }
            }
        }
    }

    private static func each(_ count: Int, by size: Int, _ team: Team?, _ body: (Range<Int>) -> Void) {
        if let team { team.each(count, by: size, body) } else { body(0..<count) }
    }
}
