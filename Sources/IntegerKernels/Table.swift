import KernelInterface

/// The int8 kernels of the instruction set this target was compiled for. `@export(interface)`: as in the table of all kernels.
@export(interface)
public func integerTable() -> IntegerKernels {
    IntegerKernels(
        quantize: { quantize($0, rows: $1) }, product: { integerProduct($0, rows: $1, panels: $2, activate: $3) },
        blockRows: blockRows, depthStep: depthStep,
        sums: { integerSums($0) })
}
