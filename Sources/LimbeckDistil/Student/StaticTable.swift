import Limbeck

/// The table of a static student from the teacher's vectors of single tokens, as model2vec 0.10.0 makes it (distill/inference.py): the scores of their
/// principal components, each token weighted by its frequency.
struct StaticTable {
    let rows: Int
    let width: Int
    private(set) var numbers: [Float]  // (rows, width)

    /// vectors (rows, width); frequencies (rows), which add up to 1.
    init(_ vectors: [Float], rows: Int, width: Int, _ source: StaticSource, frequencies: [Double], team: Team) {
        self.rows = rows
        if let kept = source.dimensions {
            self.width = kept
            let components = PrincipalComponents(of: vectors, width: width, kept: kept, isCentred: true, team: team)
            numbers = components.project(vectors, team: team)
            alignSigns()
        } else {
            (self.width, numbers) = (width, vectors)
        }
        guard let a = source.coefficient else { return }
        for row in 0..<rows {
            let weight = a / (a + frequencies[row])
            for i in row * self.width..<(row + 1) * self.width { numbers[i] = Float(Double(numbers[i]) * weight) }
        }
    }

    /// The score of each component that is farthest from 0 becomes positive, as in model2vec.
    private mutating func alignSigns() {
        for column in 0..<width {
            var farthest: Float = 0
            for row in 0..<rows where numbers[row * width + column].magnitude > farthest.magnitude {
                farthest = numbers[row * width + column]
            }
            guard farthest < 0 else { continue }
            for row in 0..<rows { numbers[row * width + column].negate() }
        }
    }

    /// 1 / (rank + 2), as parts of their sum.
    static func zipf(_ count: Int) -> [Double] {
        let inverses = (0..<count).map { 1 / Double($0 + 2) }
        let sum = inverses.reduce(0, +)
        return inverses.map { $0 / sum }
    }

    /// The parts of tokens, by their counts.
    static func parts(_ counts: [Int]) -> [Double] {
        let sum = Double(max(1, counts.reduce(0, +)))
        return counts.map { Double($0) / sum }
    }
}
