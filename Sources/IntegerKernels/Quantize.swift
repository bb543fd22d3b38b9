import CPlatform
import KernelInterface

/// Quantises rows of floats to bytes; see `Quantization`.
func quantize(_ pointer: UnsafePointer<Quantization>, rows: Range<Int>) {
    let job = pointer.pointee
    for row in rows { quantize(job, row) }
}

@inline(__always) private func quantize(_ job: Quantization, _ row: Int) {
    let x = job.x + row * job.stride
    let full = job.width / 16 * 16, rest = job.width - full
    var high = Vector(), low = Vector()  // the largest of x and of -x
    var i = 0
    while i < full {
        // The rows do not fit in the caches close to the core, and a page ends before the hardware
        // prefetcher has detected the stream.
        platform_prefetch(x + i + 512)
        let y = value(x, job.smoothing, i)
        high = larger(high, y)
        low = larger(low, all(0) - y)
        i += 16
    }
    if rest > 0 {
        // Lanes past the width hold arbitrary values.
        let y = keep(value(x, job.smoothing, full), first: rest, else: 0)
        high = larger(high, y)
        low = larger(low, all(0) - y)
    }
    let down = limbeck_largest(low), range = limbeck_largest(high) + down
    job.rows.scales[row] = range / 255
    let bytes = job.rows.bytes + row * job.rows.stride
    // In a row of zeros, or with an infinity, every byte is zero, and the scale makes the outputs 0 or NaN.
    let isUsable = range > 0x1p-100 && range < .infinity
    let inverse = isUsable ? 255 / range : 0
    let center = (isUsable ? down * inverse : 0) + rounder
    let zero = center.bitPattern &- rounder.bitPattern
    job.rows.zeros[row] = Int32(bitPattern: zero)
    let scale = all(inverse), offset = all(center)
    let start = SIMD16<Int32>(repeating: Int32(bitPattern: rounder.bitPattern))
    i = 0
    while i < job.width {
        let rounded = unsafeBitCast(value(x, job.smoothing, i) * scale + offset, to: SIMD16<Int32>.self) &- start
        UnsafeMutableRawPointer(bytes + i).storeBytes(of: limbeck_bytes(rounded), as: SIMD16<UInt8>.self)
        i += 16
    }
    // Up to a whole step of the depth; a row has room for more.
    for part in 0..<4 {
        UnsafeMutableRawPointer(bytes + job.width + 16 * part).storeBytes(of: SIMD16<UInt8>(), as: SIMD16<UInt8>.self)
    }
}

/// 16 numbers from index i on, times the smoothing if there is one. Not a closure: closures are called, with the vector split
/// across four registers.
@inline(__always) private func value(_ x: UnsafePointer<Float>, _ smoothing: UnsafePointer<Float>?, _ i: Int) -> Vector {
    guard let smoothing else { return load(x + i) }
    return load(x + i) * load(smoothing + i)
}
