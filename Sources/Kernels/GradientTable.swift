import KernelInterface

/// The kernels of training for the instruction set this target was compiled for; see `table`.
@export(interface)
public func gradientTable() -> GradientKernels {
    GradientKernels(
        packRows: { packRows($0, panels: $1, into: $2) },
        packTransposed: { packTransposed($0, panels: $1, into: $2) },
        transpose: { transpose($0, columns: $1, into: $2, stride: $3) },
        product: { product($0, scratch: $1) },
        activation: { activationGradient($0, $1, stride: $2, rows: $3, vectors: $4.roundedUp(to: 16) / 16, $5) },
        normalization: { normalizationGradient($0, rows: $1) },
        normalizationWeights: { normalizationWeights($0, columns: $1) },
        sumColumns: { sumColumns($0, columns: $1, into: $2) },
        add: { add($0, to: $1, count: $2, factor: $3) },
        multiply: { multiply($0, into: $1, count: $2) },
        dot: { dot($0, $1, count: $2) },
        dropout: { dropout($0, rows: $1) },
        softmaxGradient: { softmaxGradient($0, $1, count: $2) },
        exponentials: { exponentials($0, into: $1, count: $2, scale: $3) },
        update: { update($0, range: $1) })
}
