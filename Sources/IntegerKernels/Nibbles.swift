import CPlatform
import KernelInterface

/// int8 GEMM with 4-bit weights, half a panel and four rows at a time. The sums of one group are exact; the
/// groups are added up as floats.
func product(
    _ job: IntegerProduct, _ weights: NibblePanels, _ rows: Range<Int>, _ panels: Range<Int>, _ activate: Kernels.ActivateRows
) {
    let groups = job.depth / NibblePanels.group, stride = job.a.stride / 4
    for panel in panels {
        let codes = UnsafeRawPointer(weights.codes + panel * panelColumns * job.panelDepth / 2).assumingMemoryBound(to: Sums.self)
        let scales = weights.scales + panel * panelColumns * (job.panelDepth / NibblePanels.group)
        for half in 0..<2 {
            let column = panel * panelColumns + half * 16
            let sums = load(weights.sums + column), bias = load(job.bias + column)
            var row = rows.lowerBound
            while row < rows.upperBound {
                // Rows past the last one repeat it.
                let last = rows.upperBound - 1 - row
                let a0 = UnsafeRawPointer(job.a.bytes + row * job.a.stride).assumingMemoryBound(to: Int32.self)
                let a1 = a0 + min(1, last) * stride, a2 = a0 + min(2, last) * stride, a3 = a0 + min(3, last) * stride
                var x0 = Vector(), x1 = Vector(), x2 = Vector(), x3 = Vector()
                for group in 0..<groups {
                    var s0 = Sums(), s1 = Sums(), s2 = Sums(), s3 = Sums(), omitted = Sums()
                    for step in group * 4..<group * 4 + 4 {
                        let both = codes[2 * step + half]
                        platform_prefetch(codes + 2 * step + half + 128)
                        let low = limbeck_low_halves(both), high = limbeck_high_halves(both), k = 2 * step
                        omitted = limbeck_omitted(limbeck_omitted(omitted, low), high)
                        s0 = limbeck_dot(limbeck_dot(s0, limbeck_all_int(a0[k]), low), limbeck_all_int(a0[k + 1]), high)
                        s1 = limbeck_dot(limbeck_dot(s1, limbeck_all_int(a1[k]), low), limbeck_all_int(a1[k + 1]), high)
                        s2 = limbeck_dot(limbeck_dot(s2, limbeck_all_int(a2[k]), low), limbeck_all_int(a2[k + 1]), high)
                        s3 = limbeck_dot(limbeck_dot(s3, limbeck_all_int(a3[k]), low), limbeck_all_int(a3[k + 1]), high)
                    }
                    let scale = load(scales + group * panelColumns + half * 16)
                    x0 += limbeck_floats(limbeck_complete(s0, omitted)) * scale
                    x1 += limbeck_floats(limbeck_complete(s1, omitted)) * scale
                    x2 += limbeck_floats(limbeck_complete(s2, omitted)) * scale
                    x3 += limbeck_floats(limbeck_complete(s3, omitted)) * scale
                }
                func finish(_ index: Int, _ x: Vector) {
                    let row = row + index
                    let centered = x - limbeck_all_float(Float(job.a.zeros[row])) * sums
                    put(centered * limbeck_all_float(job.a.scales[row]) + bias, at: row * job.outStride + column, job)
                }
                finish(0, x0)
                if last > 0 { finish(1, x1) }
                if last > 1 { finish(2, x2) }
                if last > 2 { finish(3, x3) }
                row += 4
            }
        }
        if job.activation != .identity {
            let start = job.out + rows.lowerBound * job.outStride + panel * panelColumns
            activate(start, job.outStride, rows.count, panelColumns, job.activation)
        }
    }
}
