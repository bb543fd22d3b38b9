import KernelInterface

/// RoPE: x cos + rotated x sin. Each pair (i, i + half) of a head is rotated by its angle at the row's position (Su et al.:
/// "RoFormer", 2021; pairs as in GPT-NeoX). The products are rounded before they are added, as in the reference.
func rotate(_ pointer: UnsafePointer<Rotation>, rows: Range<Int>) {
    let job = pointer.pointee
    for row in rows {
        let cosines = job.table + Int(job.positions[row]) * 2 * job.half, sines = cosines + job.half
        for head in 0..<job.heads {
            let x = job.x + row * job.stride + head * job.headSize
            let y = x + job.half, full = job.half / 16
            for i in 0..<full {
                let cosine = load(cosines + i * 16), sine = load(sines + i * 16)
                let a = load(x + i * 16), b = load(y + i * 16)
                store(a * cosine - b * sine, x + i * 16)
                store(b * cosine + a * sine, y + i * 16)
            }
            for i in full * 16..<job.half {
                let (a, b) = (x[i], y[i])
                (x[i], y[i]) = (a * cosines[i] - b * sines[i], b * cosines[i] + a * sines[i])
            }
        }
    }
}
