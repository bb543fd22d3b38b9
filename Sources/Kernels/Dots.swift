import KernelInterface

/// Dot products with rows of weights.
func dots(_ pointer: UnsafePointer<Dots>, columns: Range<Int>) {
    let job = pointer.pointee
    switch job.weight {
    case .float32(let weight): dots(job, columns, { load(weight + $0, first: $1) }, { sum, _ in sum })
    case .float16(let weight): dots(job, columns, { load(weight + $0, first: $1) }, { sum, _ in sum })
    case .int8(let codes, let scales): dots(job, columns, { load(codes + $0, first: $1) }, { sum, row in sum * scales[row] })
    }
}

#if KERNELS_PORTABLE && !arch(arm64)
private let columnsTogether = 1  // an FMA is a call
#else
/// They hide the latency of the additions, and stay in the cache while all rows pass.
private let columnsTogether = 4
#endif

/// `weight` loads up to 16 numbers from a place on.
@inline(__always) private func dots(
    _ job: Dots, _ columns: Range<Int>, _ weight: (_ place: Int, _ count: Int) -> Vector,
    _ scaled: (_ sum: Float, _ column: Int) -> Float
) {
    let full = job.width / 16, rest = job.width % 16
    var column = columns.lowerBound
    while column < columns.upperBound {
        let count = min(columnsTogether, columns.upperBound - column), last = count - 1
        // Columns past the last one repeat it; their sums are dropped.
        let w0 = column * job.width, w1 = w0 + min(1, last) * job.width, w2 = w0 + min(2, last) * job.width,
            w3 = w0 + last * job.width
        for row in 0..<job.rows {
            let a = job.a + row * job.aStride, out = job.out + row * job.outStride
            var s0 = Vector(), s1 = Vector(), s2 = Vector(), s3 = Vector()
            for i in 0..<full {
                let x = load(a + i * 16)
                s0 = fma(x, weight(w0 + i * 16, 16), s0)
                if columnsTogether == 1 { continue }
                s1 = fma(x, weight(w1 + i * 16, 16), s1)
                s2 = fma(x, weight(w2 + i * 16, 16), s2)
                s3 = fma(x, weight(w3 + i * 16, 16), s3)
            }
            // A loop rather than four copies, as the body is compiled for every weight format.
            withUnsafeBytes(of: (s0, s1, s2, s3)) { sums in
                for index in 0..<count {
                    let column = column + index, i = full * 16
                    var sum = sums.load(fromByteOffset: index * MemoryLayout<Vector>.size, as: Vector.self)
                    if rest > 0 { sum = fma(load(a + i, first: rest), weight(column * job.width + i, rest), sum) }
                    out[column] = scaled(total(sum), column) + (job.bias?[column] ?? 0)
                }
            }
        }
        column += columnsTogether
    }
}
