import KernelInterface

/// A GEMM: into = norm(activation(from W^T + b + residual)), times from G^T + b, from column `column` on.
/// Residual, norm and gate G are optional.
package struct ProductStep<Form: WeightForm> {
    package var matrix: Form.Matrix  // (depth, columns)
    package var gate: Form.Matrix?  // (depth, columns)
    package var depth: Int
    package var columns: Int
    package var from: Buffer
    package var into: Buffer
    package var column = 0
    package var activation = Activation.identity
    package var residual: Buffer?
    package var norm: Form.Norm?

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> ProductStep<Map.Target> where Map.Source == Form {
        let (matrix, gate) = map.product(self)
        return ProductStep<Map.Target>(
            matrix: matrix, gate: gate, depth: depth, columns: columns, from: from, into: into, column: column,
            activation: activation, residual: residual, norm: map.optionalNorm(norm))
    }
}

/// into = norm(from), which may be the same buffer.
package struct NormalizationStep<Form: WeightForm> {
    package var norm: Form.Norm
    package var width: Int
    package var from: Buffer
    package var into: Buffer

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> NormalizationStep<Map.Target> where Map.Source == Form {
        NormalizationStep<Map.Target>(norm: map.norm(norm), width: width, from: from, into: into)
    }
}
