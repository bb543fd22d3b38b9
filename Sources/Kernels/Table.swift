import KernelInterface

/// The kernels of the instruction set this target was compiled for.
///
/// `@export(interface)`: Embedded Swift would otherwise compile the kernels again inside every module that calls this, for the
/// baseline CPU.
@export(interface)
public func table(_ integer: IntegerKernels) -> Kernels {
    Kernels(
        product: { product($0, rows: $1, panels: $2, scratch: $3) },
        integer: integer,
        attention: { attention($0, head: $1, queries: $2, scratch: $3) },
        quantizedAttention: { quantizedAttention($0, head: $1, queries: $2, scratch: $3, integer) },
        rotate: { rotate($0, rows: $1) },
        normalize: { normalize($0, rows: $1) },
        embed: { embed($0, rows: $1) },
        trigrams: { trigrams($0, rows: $1) },
        dots: { dots($0, columns: $1) },
        activateRows: { activate($0, stride: $1, rows: $2, vectors: $3.roundedUp(to: 16) / 16, $4) },
        activate: { activate($0, count: $1, activation: $2) },
        softmax: { softmax($0, count: $1) })
}
