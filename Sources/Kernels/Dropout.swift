import KernelInterface

// Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (2011), with the constants of Random123.

private typealias Wide = SIMD8<UInt64>

/// The upper and the lower words of the products with a 32-bit constant. The lanes of even and of odd numbers, each as the lower half of
/// a 64-bit lane, are multiplied by themselves: all instruction sets have that product.
@inline(__always) private func products(_ x: Bits, _ constant: UInt64) -> (high: Bits, low: Bits) {
    let lower = Wide(repeating: 0xffff_ffff), pairs = unsafeBitCast(x, to: Wide.self)
    let even = (pairs & lower) &* Wide(repeating: constant), odd = (pairs &>> 32) &* Wide(repeating: constant)
    let high = (even &>> 32) | (odd & ~lower), low = (even & lower) | (odd &<< 32)
    return (unsafeBitCast(high, to: Bits.self), unsafeBitCast(low, to: Bits.self))
}

/// The four words of 16 counter blocks.
@inline(__always) private func philox(_ counter: (Bits, Bits, Bits, Bits), _ key: (UInt32, UInt32)) -> (Bits, Bits, Bits, Bits) {
    var (a, b, c, d) = counter, (key0, key1) = key
    for _ in 0..<10 {
        let x = products(a, 0xd251_1f53), y = products(c, 0xcd9e_8d57)
        (a, b, c, d) = (y.high ^ b ^ Bits(repeating: key0), y.low, x.high ^ d ^ Bits(repeating: key1), x.low)
        key0 &+= 0x9e37_79b9
        key1 &+= 0xbb67_ae85
    }
    return (a, b, c, d)
}

func dropout(_ pointer: UnsafePointer<Dropout>, rows: Range<Int>) {
    let job = pointer.pointee
    for row in rows {
        let address = job.addresses[row]
        // 64 columns take the four words of 16 blocks.
        var column = 0
        while column < job.width {
            let block = UInt32(truncatingIfNeeded: column / 4)
            let words = philox(
                (
                    lanes &+ Bits(repeating: block), Bits(repeating: address.position), Bits(repeating: address.sequence),
                    Bits(repeating: job.site)
                ), job.key)
            drop(job, row, column, words.0)
            drop(job, row, column + 16, words.1)
            drop(job, row, column + 32, words.2)
            drop(job, row, column + 48, words.3)
            column += 64
        }
    }
}

@inline(__always) private func drop(_ job: Dropout, _ row: Int, _ column: Int, _ words: Bits) {
    let rest = job.width - column
    guard rest > 0 else { return }
    let x = load(job.x + row * job.stride + column, first: rest)
    let kept = x.replacing(with: Vector(), where: words .< Bits(repeating: job.threshold))
    let place = row * job.outStride + column
    let result = job.base.map { fma(kept, all(job.scale), load($0 + place, first: rest)) } ?? kept * all(job.scale)
    store(result, job.out + place, first: rest)
}
