import KernelInterface

/// Softmax over `count` numbers of any alignment, without padding, in place, with the same steps as in attention.
func softmax(_ x: UnsafeMutablePointer<Float>, count: Int) {
    var most = all(-Float.infinity), i = 0
    while i < count {
        most = larger(most, keep(load(x + i, first: count - i), first: count - i, else: -.infinity))
        i += 16
    }
    let shift = all(largest(most))
    var sum = Vector()
    i = 0
    while i < count {
        let e = keep(exp(load(x + i, first: count - i) - shift), first: count - i, else: 0)
        store(e, x + i, first: count - i)
        sum += e
        i += 16
    }
    let inverse = all(1 / total(sum))
    i = 0
    while i < count {
        store(load(x + i, first: count - i) * inverse, x + i, first: count - i)
        i += 16
    }
}

/// e^(x - max x) over the numbers `seen` in place, and 0 for the rest of `count`, in whole vectors: the buffer must extend to the
/// end of the last one. Returns the sum.
@inline(__always) func exponentials(_ x: UnsafeMutablePointer<Float>, _ seen: Range<Int>, of count: Int) -> Float {
    let low = seen.lowerBound, high = seen.upperBound
    // In vectors. The first and the last may be seen only in part; then they are not among the full ones.
    let first = low / 16, end = (high + 15) / 16
    let full = min((low + 15) / 16, end)
    let fullEnd = max(full, high / 16)
    var most = all(-Float.infinity)
    for i in first..<full { most = larger(most, keep(load(x + i * 16), low - i * 16..<high - i * 16, else: -.infinity)) }
    for i in full..<fullEnd { most = larger(most, load(x + i * 16)) }
    for i in fullEnd..<end { most = larger(most, keep(load(x + i * 16), first: high - i * 16, else: -.infinity)) }
    let shift = all(largest(most))
    var sum = Vector()
    for i in 0..<first { store(Vector(), x + i * 16) }
    for i in first..<full {
        let e = keep(exp(load(x + i * 16) - shift), low - i * 16..<high - i * 16, else: 0)
        store(e, x + i * 16)
        sum += e
    }
    for i in full..<fullEnd {
        let e = exp(load(x + i * 16) - shift)
        store(e, x + i * 16)
        sum += e
    }
    for i in fullEnd..<end {
        let e = keep(exp(load(x + i * 16) - shift), first: high - i * 16, else: 0)
        store(e, x + i * 16)
        sum += e
    }
    for i in end..<max(end, (count + 15) / 16) { store(Vector(), x + i * 16) }
    return total(sum)
}
