import CPlatform
import KernelInterface

/// Attention with both products in bytes; see `Kernels.attentionInBytes`. As with floats, a head's keys and values are packed once, and
/// scores exist for one block of queries at a time, for the panels of keys that any of them sees.
func attentionInBytes(
    _ pointer: UnsafePointer<Attention>, head: Int, queries: Range<Int>, scratch: UnsafeMutablePointer<Float>,
    _ integer: borrowing IntegerKernels
) {
    let job = pointer.pointee
    let tokens = job.tokens, window = min(job.window, tokens)
    let space = AttentionSpace(scratch, tokens: tokens, headSize: job.headSize, depthStep: integer.depthStep)
    packKeys(job, head, space)
    let unit = packValues(job, head, space)
    var query = queries.lowerBound
    while query < queries.upperBound {
        let rows = min(Attention.queryBlockInBytes, queries.upperBound - query)
        // A key's lane is its number modulo 16, wherever its block begins: the bits do not depend on the cut into blocks.
        let firstKey = max(0, query - window) / panelColumns * panelColumns, endKey = min(tokens, query + rows + window)
        packQueries(job, head, query..<query + rows, space)
        let scores = IntegerSums(
            a: space.queries, aStride: space.depth, rows: rows, depth: space.depth, codes: space.keys + firstKey * space.depth,
            panelStride: panelColumns * space.depth, panels: pieces(endKey - firstKey, panelColumns), sums: space.dots,
            sumStride: space.stride)
        withUnsafePointer(to: scores) { integer.sums($0) }
        for row in 0..<rows {
            let seen = max(0, query + row - window) - firstKey..<min(tokens, query + row + window + 1) - firstKey
            let bias = job.bias.map { $0 + head * job.biasStride + job.biasCenter - query - row + firstKey }
            space.inverses[row] = unit / weigh(space, row, seen, bias, firstKey: firstKey, count: endKey - firstKey)
        }
        let values = IntegerSums(
            a: space.weights, aStride: space.stride, rows: 2 * rows, depth: (endKey - firstKey).roundedUp(to: integer.depthStep),
            codes: space.values + firstKey * panelColumns, panelStride: panelColumns * space.stride, panels: space.valuePanels,
            sums: space.valueDots, sumStride: space.valuePanels * panelColumns)
        withUnsafePointer(to: values) { integer.sums($0) }
        for row in 0..<rows { gather(job, row, space, into: job.out + (query + row) * job.outStride + head * job.headSize) }
        query += rows
    }
}

/// What a call of it needs, carved from its scratch.
private struct AttentionSpace {
    let depth: Int  // the head's size in whole steps
    let stride: Int  // of what there is for each key
    let valuePanels: Int
    let keys: UnsafeMutablePointer<Int8>  // (keys / 32, depth / 4, 32, 4)
    let values: UnsafeMutablePointer<Int8>  // (valuePanels, stride / 4, 32, 4)
    let keyScales: UnsafeMutablePointer<Float>  // (keys)
    let keySums: UnsafeMutablePointer<Int32>  // (keys)
    let valueWeights: UnsafeMutablePointer<Float>  // (keys)
    let queries: UnsafeMutablePointer<UInt8>  // (block, depth)
    let queryScales: UnsafeMutablePointer<Float>  // (block)
    let dots: UnsafeMutablePointer<Int32>  // (block, stride), which the scores replace
    /// Of a query the higher seven bits of the weights, then the lower ones.
    let weights: UnsafeMutablePointer<UInt8>  // (block, 2, stride)
    let inverses: UnsafeMutablePointer<Float>  // (block)
    let valueDots: UnsafeMutablePointer<Int32>  // (block, 2, valuePanels * 32)

    init(_ scratch: UnsafeMutablePointer<Float>, tokens: Int, headSize: Int, depthStep: Int) {
        var next = UnsafeMutableRawPointer(scratch)
        func take<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
            defer { next += (count * MemoryLayout<Element>.stride).roundedUp(to: 64) }
            return next.assumingMemoryBound(to: type)
        }
        let block = Attention.queryBlockInBytes, columns = tokens.roundedUp(to: panelColumns)
        depth = headSize.roundedUp(to: depthStep)
        // A window's keys begin at a panel and end after whole steps.
        stride = columns + 64
        valuePanels = pieces(headSize, panelColumns)
        keys = take(Int8.self, columns * depth)
        values = take(Int8.self, stride * valuePanels * panelColumns)
        keyScales = take(Float.self, columns)
        keySums = take(Int32.self, columns)
        valueWeights = take(Float.self, columns)
        queries = take(UInt8.self, block * depth.roundedUp(to: 16))
        queryScales = take(Float.self, block)
        dots = take(Int32.self, block * stride)
        weights = take(UInt8.self, 2 * block * stride)
        inverses = take(Float.self, block)
        valueDots = take(Int32.self, 2 * block * valuePanels * panelColumns)
    }
}

private func pieces(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }

private let log2e: Float = 1.4426950408889634

// MARK: Rows as bytes

/// The largest magnitude of a row over `levels`, and what that many levels are multiplied with: 0 if there is no such number.
@inline(never) private func scale(_ x: UnsafePointer<Float>, _ width: Int, levels: Float) -> (scale: Float, inverse: Float) {
    var most = Vector()
    var i = 0
    while i < width {
        most = larger(most, magnitude(load(x + i, first: width - i)))
        i += 16
    }
    let largest = limbeck_largest(most)
    return (largest / levels, largest > 0x1p-100 && largest < .infinity ? levels / largest : 0)
}

/// Asks for a row some rows ahead of its use: a head's rows are pages apart, where the hardware does not prefetch.
@inline(__always) private func prefetch(_ x: UnsafePointer<Float>, _ job: Attention, ahead: Int) {
    var i = 0
    while i < job.headSize {
        platform_prefetch(x + ahead * job.stride + i)
        i += 16
    }
}

/// The nearest integers of 16 numbers, as two's complement in the low bytes.
@inline(__always) private func codes(_ x: UnsafePointer<Float>, _ count: Int, _ inverse: Float) -> Bits {
    bits(fma(load(x, first: count), all(inverse), all(rounder)))
}

/// A row as bytes, the codes plus `zero`, in whole vectors. Returns the sum of the codes if `zero` is 0.
@inline(never) private func write(
    _ x: UnsafePointer<Float>, _ width: Int, _ inverse: Float, zero: UInt32, into bytes: UnsafeMutableRawPointer
) -> Int32 {
    var sum = Bits()
    var i = 0
    while i < width {
        let vector = codes(x + i, width - i, inverse) &+ Bits(repeating: zero)
        (bytes + i).storeBytes(of: limbeck_low_bytes(vector), as: SIMD16<UInt8>.self)
        sum &+= vector &- Bits(repeating: rounder.bitPattern)
        i += 16
    }
    return limbeck_sum(sum)
}

private func packKeys(_ job: Attention, _ head: Int, _ space: AttentionSpace) {
    // In the queries' memory, which is not in use yet; zeros follow the head's numbers.
    let row = UnsafeMutableRawPointer(space.queries), words = row.assumingMemoryBound(to: Int32.self)
    for word in 0..<space.depth / 4 { words[word] = 0 }
    for key in 0..<job.tokens {
        let x = job.key + key * job.stride + head * job.headSize
        prefetch(x, job, ahead: 16)
        let (scale, inverse) = scale(x, job.headSize, levels: 127)
        space.keyScales[key] = scale
        space.keySums[key] = write(x, job.headSize, inverse, zero: 0, into: row)
        let panel = UnsafeMutableRawPointer(space.keys + key / panelColumns * panelColumns * space.depth)
            .assumingMemoryBound(to: Int32.self)
        for word in 0..<space.depth / 4 { panel[word * panelColumns + key % panelColumns] = words[word] }
    }
}

/// Returns what a sum of codes times weights is to be multiplied with.
private func packValues(_ job: Attention, _ head: Int, _ space: AttentionSpace) -> Float {
    let size = job.headSize, tokens = job.tokens, mask = Bits(repeating: 255)
    var largest: Float = 0
    var first = 0
    // To the end of the last vector of weights: there the last row again.
    while first < tokens.roundedUp(to: 16) {
        func row(_ index: Int) -> UnsafePointer<Float> { job.value + min(first + index, tokens - 1) * job.stride + head * size }
        let (x0, x1, x2, x3) = (row(0), row(1), row(2), row(3))
        for i in 0..<4 { prefetch(x0 + i * job.stride, job, ahead: 16) }
        let (s0, s1) = (scale(x0, size, levels: 127), scale(x1, size, levels: 127))
        let (s2, s3) = (scale(x2, size, levels: 127), scale(x3, size, levels: 127))
        let scales = space.valueWeights + first
        (scales[0], scales[1], scales[2], scales[3]) = (s0.scale, s1.scale, s2.scale, s3.scale)
        largest = max(largest, max(max(s0.scale, s1.scale), max(s2.scale, s3.scale)))
        var i = 0
        while i < size {
            let low = codes(x0 + i, size - i, s0.inverse) & mask | (codes(x1 + i, size - i, s1.inverse) & mask) &<< 8
            let high = (codes(x2 + i, size - i, s2.inverse) & mask) &<< 16 | codes(x3 + i, size - i, s3.inverse) &<< 24
            let place = i / panelColumns * panelColumns * space.stride + first * panelColumns + i % panelColumns * 4
            UnsafeMutableRawPointer(space.values + place).storeBytes(of: low | high, as: Bits.self)
            i += 16
        }
        first += 4
    }
    // The weights of the row with the largest scale reach to 127 in both halves' bytes.
    let most: Float = 127 * 128
    let inverse = largest > 0x1p-100 ? all(most / largest) : Vector()
    for i in 0..<first / 16 { store(load(space.valueWeights + i * 16) * inverse, space.valueWeights + i * 16) }
    return largest < .infinity ? largest / most : .nan
}

private func packQueries(_ job: Attention, _ head: Int, _ queries: Range<Int>, _ space: AttentionSpace) {
    for row in 0..<queries.count {
        let x = job.query + (queries.lowerBound + row) * job.stride + head * job.headSize
        prefetch(x, job, ahead: Attention.queryBlockInBytes)
        let (scale, inverse) = scale(x, job.headSize, levels: 63)
        _ = write(x, job.headSize, inverse, zero: 64, into: space.queries + row * space.depth)
        space.queryScales[row] = scale * (job.scale * log2e)
    }
}

// MARK: A query

/// The scores in powers of two; e = 2^(score - largest score) over the keys seen and 0 for the others of `count`; their products with the
/// values' weights as two bytes of seven bits, in whole groups of 64. Returns the sum of e.
private func weigh(
    _ space: AttentionSpace, _ row: Int, _ seen: Range<Int>, _ bias: UnsafePointer<Float>?, firstKey: Int, count: Int
) -> Float {
    let dots = UnsafeMutableRawPointer(space.dots + row * space.stride), x = dots.assumingMemoryBound(to: Float.self)
    let scales = space.keyScales + firstKey, sums = UnsafeRawPointer(space.keySums + firstKey), scale = all(space.queryScales[row])
    var most = all(-Float.infinity)
    for i in seen.lowerBound / 16..<pieces(seen.upperBound, 16) {
        let exact = limbeck_centered(
            dots.load(fromByteOffset: i * 64, as: SIMD16<Int32>.self), 64, sums.load(fromByteOffset: i * 64, as: SIMD16<Int32>.self))
        var score = exact * load(scales + i * 16) * scale
        if let bias { score = fma(load(bias + i * 16), all(log2e), score) }
        store(score, x + i * 16)
        most = larger(most, isWhole(i, seen) ? score : keep(score, seen, vector: i, else: -.infinity))
    }
    let weights = space.valueWeights + firstKey, shift = all(largest(most))
    let high = space.weights + 2 * row * space.stride, low = high + space.stride
    var sum = Vector()
    var i = 0
    while i * 16 < count {
        let w0 = weight(x, weights, i, seen, shift, &sum), w1 = weight(x, weights, i + 1, seen, shift, &sum)
        let w2 = weight(x, weights, i + 2, seen, shift, &sum), w3 = weight(x, weights, i + 3, seen, shift, &sum)
        limbeck_store_sevens(w0, w1, w2, w3, high + i * 16, low + i * 16)
        i += 4
    }
    return total(sum)
}

/// The weights of 16 keys. Neither a closure nor `@inline(__always)`: those are called, with the vector cut into four.
@_transparent private func weight(
    _ x: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ i: Int, _ seen: Range<Int>, _ shift: Vector, _ sum: inout Vector
) -> Bits {
    if i * 16 + 16 <= seen.lowerBound || i * 16 >= seen.upperBound { return Bits() }
    var e = exp2(load(x + i * 16) - shift)
    if !isWhole(i, seen) { e = keep(e, seen, vector: i, else: 0) }
    sum += e
    return bits(fma(e, load(weights + i * 16), all(rounder)))
}

@inline(__always) private func isWhole(_ i: Int, _ seen: Range<Int>) -> Bool {
    i * 16 >= seen.lowerBound && i * 16 + 16 <= seen.upperBound
}

@inline(__always) private func keep(_ vector: Vector, _ seen: Range<Int>, vector i: Int, else other: Float) -> Vector {
    keep(vector, seen.lowerBound - i * 16..<seen.upperBound - i * 16, else: other)
}

/// 2^x for x at most 0, error at most 3e-6, which is a sixth of the step of the weights; x is clamped to at least -126.
@inline(__always) private func exp2(_ x: Vector) -> Vector {
    let x = larger(x, all(-126))
    let shifted = x + all(rounder)
    let f = x - (shifted - all(rounder))
    var p = all(0.009582777507603168)
    p = fma(p, f, all(0.05590721219778061))
    p = fma(p, f, all(0.24024105072021484))
    p = fma(p, f, all(0.6931241154670715))
    p = fma(p, f, all(1))
    return floats(bits(p) &+ (bits(shifted) &<< 23))
}

/// The sums of the values times their weights, as floats.
private func gather(_ job: Attention, _ row: Int, _ space: AttentionSpace, into out: UnsafeMutablePointer<Float>) {
    let width = space.valuePanels * panelColumns
    let high = UnsafeRawPointer(space.valueDots + 2 * row * width), low = high + width * 4
    var i = 0
    while i < job.headSize {
        let above = limbeck_floats(high.load(fromByteOffset: i * 4, as: SIMD16<Int32>.self))
        let below = limbeck_floats(low.load(fromByteOffset: i * 4, as: SIMD16<Int32>.self))
        // The next head's columns begin where this one's end.
        store(fma(above, all(128), below) * all(space.inverses[row]), out + i, first: job.headSize - i)
        i += 16
    }
}
