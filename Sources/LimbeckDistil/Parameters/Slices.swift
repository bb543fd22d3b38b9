import KernelInterface
import Limbeck

/// Some rows of a parameter, all columns: a matrix (outputs, inputs), or a table.
struct Slice {
    let parameter: Parameter
    let firstRow: Int
    let rows: Int

    init(_ parameter: Parameter, rows: Range<Int>? = nil) {
        let rows = rows ?? 0..<parameter.rows
        (self.parameter, firstRow, self.rows) = (parameter, rows.lowerBound, rows.count)
    }

    var columns: Int { parameter.columns }
    var stride: Int { parameter.stride }
    var value: UnsafeMutablePointer<Float> { parameter.value + firstRow * stride }
    func addedGradient() -> UnsafeMutablePointer<Float> { parameter.addedGradient() + firstRow * stride }
}

/// A matrix with its bias; of both, the first rows and columns may be used alone (DynaBERT).
struct LinearSlice {
    var weight: Slice  // (outputs, inputs)
    var bias: Parameter?  // of a part of a matrix, it begins at the same place
    /// The outputs and inputs that are used, the first ones.
    var outputs: Int
    var inputs: Int

    init(weight: Slice, bias: Parameter?) {
        (self.weight, self.bias, outputs, inputs) = (weight, bias, weight.rows, weight.columns)
    }

    var biasValue: UnsafePointer<Float>? { bias.map { UnsafePointer($0.value + weight.firstRow) } }

    var isTrained: Bool { weight.parameter.isTrained || bias?.isTrained == true }

    var view: MatrixView { MatrixView(x: weight.value, stride: weight.stride, rows: outputs, columns: inputs) }
}

/// A LayerNorm's scale and shift.
package struct NormSlice {
    let weight: Parameter
    let bias: Parameter?
    let eps: Float?
    let isUnbiased: Bool
    /// Of a norm without a bias.
    let zeros: UnsafePointer<Float>

    var biasValue: UnsafePointer<Float> { bias.map { UnsafePointer($0.value) } ?? zeros }
}
