import KernelInterface
import Limbeck

/// Some rows of a parameter, all columns: a matrix (outputs, inputs), or a table.
package struct Slice {
    package let parameter: Parameter
    package let firstRow: Int
    package let rows: Int

    package init(_ parameter: Parameter, rows: Range<Int>? = nil) {
        let rows = rows ?? 0..<parameter.rows
        (self.parameter, firstRow, self.rows) = (parameter, rows.lowerBound, rows.count)
    }

    package var columns: Int { parameter.columns }
    package var stride: Int { parameter.stride }
    package var value: UnsafeMutablePointer<Float> { parameter.value + firstRow * stride }
    package func addedGradient() -> UnsafeMutablePointer<Float> { parameter.addedGradient() + firstRow * stride }
}

/// A matrix with its bias; of both, the first rows and columns may be used alone (DynaBERT).
package struct LinearSlice {
    package var weight: Slice  // (outputs, inputs)
    package var bias: Parameter?  // of a part of a matrix, it begins at the same place
    /// The outputs and inputs that are used, the first ones.
    package var outputs: Int
    package var inputs: Int

    package init(weight: Slice, bias: Parameter?) {
        (self.weight, self.bias, outputs, inputs) = (weight, bias, weight.rows, weight.columns)
    }

    package var biasValue: UnsafePointer<Float>? { bias.map { UnsafePointer($0.value + weight.firstRow) } }

    package var isTrained: Bool { weight.parameter.isTrained || bias?.isTrained == true }

    package var view: MatrixView { MatrixView(x: weight.value, stride: weight.stride, rows: outputs, columns: inputs) }
}

/// A LayerNorm's scale and shift.
package struct NormSlice {
    package let weight: Parameter
    package let bias: Parameter?
    package let eps: Float?
    package let isUnbiased: Bool
    /// Of a norm without a bias.
    package let zeros: UnsafePointer<Float>

    package init(weight: Parameter, bias: Parameter?, eps: Float?, isUnbiased: Bool, zeros: UnsafePointer<Float>) {
        (self.weight, self.bias, self.eps, self.isUnbiased, self.zeros) = (weight, bias, eps, isUnbiased, zeros)
    }

    package var biasValue: UnsafePointer<Float> { bias.map { UnsafePointer($0.value) } ?? zeros }
}
