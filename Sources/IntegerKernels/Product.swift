import CPlatform
import KernelInterface

typealias Sums = SIMD16<Int32>

/// Products of bytes, panel by panel; see `IntegerProduct`.
func integerProduct(_ pointer: UnsafePointer<IntegerProduct>, rows: Range<Int>, panels: Range<Int>) {
    let job = pointer.pointee
    beginProducts()
    switch job.combination {
    case .none: product(job, rows, panels) { result, _ in result }
    case .residual(let residual):
        // Where it stands beside `out`.
        let distance = residual - UnsafePointer(job.out)
        product(job, rows, panels) { result, place in result + load(place + distance) }
    case .gate: product(job, rows, panels) { result, place in load(place) * result }
    }
    endProducts()
}

@inline(__always) private func product(
    _ job: IntegerProduct, _ rows: Range<Int>, _ panels: Range<Int>, _ combine: (Vector, UnsafePointer<Float>) -> Vector
) {
    let a = job.a.bytes + rows.lowerBound * job.a.stride
    for panel in panels {
        let column = panel * panelColumns
        let scales = job.panels.scales + column, bias = job.bias + column
        let sums = UnsafeRawPointer(job.panels.sums + column).assumingMemoryBound(to: Sums.self)
        let out = job.out + column
        let (scales0, scales1, bias0, bias1) = (load(scales), load(scales + 16), load(bias), load(bias + 16))
        let (sums0, sums1) = (sums[0], sums[1])
        multiply(
            a, stride: job.a.stride, rows: rows.count, depth: job.depth, panel: job.panels.codes + column * job.depth
        ) { index, half, dots in
            let row = rows.lowerBound + index
            let place = out + row * job.outStride + half * 16
            let exact = limbeck_centered(dots, job.a.zeros[row], half == 0 ? sums0 : sums1)
            let scale = limbeck_all_float(job.a.scales[row]) * (half == 0 ? scales0 : scales1)
            store(combine(exact * scale + (half == 0 ? bias0 : bias1), place), place)
        }
    }
}
