import CPlatform
import KernelInterface

/// 1.5 * 2^23: added to a number below 2^22, it leaves the nearest integer in the low bits.
private let rounder: Float = 12_582_912

/// Rows of floats as bytes; see `Quantization`.
func quantize(_ pointer: UnsafePointer<Quantization>, rows: Range<Int>) {
    let job = pointer.pointee
    if let smoothing = job.smoothing {
        for row in rows { quantize(job, row) { load($0 + $1) * load(smoothing + $1) } }
    } else {
        for row in rows { quantize(job, row) { load($0 + $1) } }
    }
}

/// One row; `value` gives its numbers from an index on.
@inline(__always) private func quantize(_ job: Quantization, _ row: Int, _ value: (UnsafePointer<Float>, Int) -> Vector) {
    let x = job.x + row * job.stride
    let full = job.width / 16 * 16, rest = job.width - full
    var high = Vector(), low = Vector()  // the greatest, and the greatest of the negated
    var i = 0
    while i < full {
        let y = value(x, i)
        high = larger(high, y)
        low = larger(low, all(0) - y)
        i += 16
    }
    if rest > 0 {
        // Anything may stand past the width.
        let y = keep(value(x, full), first: rest, else: 0)
        high = larger(high, y)
        low = larger(low, all(0) - y)
    }
    let down = largest(low), range = largest(high) + down
    job.rows.scales[row] = range / 255
    let bytes = job.rows.bytes + row * job.rows.stride
    // A row of zeros, or with an infinity: every byte is zero, and the scale makes it 0 or NaN.
    let isUsable = range > 0x1p-100 && range < .infinity
    let inverse = isUsable ? 255 / range : 0
    let center = (isUsable ? down * inverse : 0) + rounder
    job.rows.zeros[row] = Int32(bitPattern: center.bitPattern &- rounder.bitPattern)
    let scale = all(inverse), offset = all((center - rounder) + rounder)
    let zero = SIMD16<Int32>(repeating: Int32(bitPattern: rounder.bitPattern)), most = SIMD16<Int32>(repeating: 255)
    i = 0
    while i < job.width {
        let rounded = unsafeBitCast(value(x, i) * scale + offset, to: SIMD16<Int32>.self) &- zero
        let bounded = pointwiseMin(pointwiseMax(rounded, SIMD16<Int32>()), most)
        UnsafeMutableRawPointer(bytes + i).storeBytes(of: limbeck_bytes(bounded), as: SIMD16<UInt8>.self)
        i += 16
    }
}
