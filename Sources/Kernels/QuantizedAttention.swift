import CPlatform
import KernelInterface

/// Quantised attention: both GEMMs of attention, q k^T and p v, in int8; see `Kernels.quantizedAttention` for the formulas.
///
/// - The query, key and value of a token are symmetric int8 codes, each with a scale of its own.
/// - Queries have codes within 63, stored plus 64. They are thus unsigned and at most 127, as `IntegerSums` needs. 64 times the sum
///   of a key's codes is subtracted from the exact dot product.
/// - In p v the tokens are the depth, so a value's scale cannot be applied to the sum. It is multiplied into the softmax weight of
///   its token before that is quantised.
/// - A weight has 14 bits: two bytes of seven bits, which are two rows of the second GEMM.
///
/// As with floats, a head's keys and values are packed once. Scores exist for one block of queries at a time, and only for the
/// panels of keys that a query of the block sees.
func quantizedAttention(
    _ pointer: UnsafePointer<Attention>, head: Int, queries: Range<Int>, scratch: UnsafeMutablePointer<Float>,
    _ integer: borrowing IntegerKernels
) {
    let job = pointer.pointee
    let tokens = job.tokens, window = min(job.window, tokens)
    var layout = Layout(base: scratch)
    let space = QuantizedAttentionScratch(&layout, tokens: tokens, headSize: job.headSize, depthStep: integer.depthStep)
    packKeys(job, head, space)
    let unit = packValues(job, head, space)
    var query = queries.lowerBound
    while query < queries.upperBound {
        let rows = min(QuantizedAttentionScratch.queryBlock, queries.upperBound - query)
        // A key's lane is its index modulo 16, wherever its block begins, so the division into blocks does not
        // change the bits of the result.
        let firstKey = max(0, query - window) / panelColumns * panelColumns, endKey = min(tokens, query + rows + window)
        quantize(
            job.query + query * job.stride + head * job.headSize, job, rows, levels: 63, zero: 64, space, scales: space.queryScales)
        let scores = IntegerSums(
            a: space.queries, aStride: space.depth, rows: rows, depth: space.depth, codes: space.keys + firstKey * space.depth,
            panelStride: panelColumns * space.depth, panels: pieces(endKey - firstKey, panelColumns), sums: space.dots,
            sumStride: space.stride)
        withUnsafePointer(to: scores) { integer.sums($0) }
        weigh(job, head, query..<query + rows, firstKey..<endKey, unit: unit, space)
        let values = IntegerSums(
            a: space.weights, aStride: space.stride, rows: 2 * rows, depth: (endKey - firstKey).roundedUp(to: integer.depthStep),
            codes: space.values + firstKey * panelColumns, panelStride: panelColumns * space.stride, panels: space.valuePanels,
            sums: space.valueDots, sumStride: space.valuePanels * panelColumns)
        withUnsafePointer(to: values) { integer.sums($0) }
        gather(job, rows, space, into: job.out + query * job.outStride + head * job.headSize)
        query += rows
    }
}

private func pieces(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }

private let log2e: Float = 1.4426950408889634

// MARK: Quantising rows

/// Quantises a block of rows of one head into the memory of the queries: codes plus `zero`, with the largest magnitude over
/// `levels` as the scale of a row. Also writes the sums of the codes if `sums` is given; `zero` must be 0 then.
private func quantize(
    _ x: UnsafePointer<Float>, _ job: Attention, _ rows: Int, levels: Float, zero: UInt32, _ space: QuantizedAttentionScratch,
    scales: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Int32>? = nil
) {
    for row in 0..<rows {
        let x = x + row * job.stride, bytes = UnsafeMutableRawPointer(space.queries + row * space.depth)
        var maximum = Vector()
        var i = 0
        while i < job.headSize {
            // A head's rows are pages apart, where the hardware does not prefetch.
            platform_prefetch(x + QuantizedAttentionScratch.queryBlock * job.stride + i)
            maximum = larger(maximum, magnitude(load(x + i, first: job.headSize - i)))
            i += 16
        }
        let largest = limbeck_largest(maximum)
        scales[row] = largest / levels
        let inverse = all(largest > 0x1p-100 && largest < .infinity ? levels / largest : 0)
        var sum = Bits()
        i = 0
        while i < job.headSize {
            // The nearest integer, as two's complement in the low byte.
            let code = bits(fma(load(x + i, first: job.headSize - i), inverse, all(rounder))) &+ Bits(repeating: zero)
            (bytes + i).storeBytes(of: limbeck_low_bytes(code), as: SIMD16<UInt8>.self)
            sum &+= code &- Bits(repeating: rounder.bitPattern)
            i += 16
        }
        if let sums { sums[row] = limbeck_sum(sum) }
    }
}

private func packKeys(_ job: Attention, _ head: Int, _ space: QuantizedAttentionScratch) {
    let block = QuantizedAttentionScratch.queryBlock
    let words = space.depth / 4, rows = UnsafeMutableRawPointer(space.queries).assumingMemoryBound(to: Int32.self)
    // Zero padding after the head's numbers.
    for i in 0..<block * words { rows[i] = 0 }
    var first = 0
    while first < job.tokens {
        let count = min(block, job.tokens - first)
        quantize(
            job.key + first * job.stride + head * job.headSize, job, count, levels: 127, zero: 0, space,
            scales: space.keyScales + first, sums: space.keySums + first)
        let panel = UnsafeMutableRawPointer(space.keys + first / panelColumns * panelColumns * space.depth)
            .assumingMemoryBound(to: Int32.self)
        for key in 0..<count {
            for word in 0..<words { panel[word * panelColumns + first % panelColumns + key] = rows[key * words + word] }
        }
        first += block
    }
}

/// Returns the factor of a sum of codes times weights.
private func packValues(_ job: Attention, _ head: Int, _ space: QuantizedAttentionScratch) -> Float {
    let block = QuantizedAttentionScratch.queryBlock
    var largest: Float = 0
    var first = 0
    while first < job.tokens {
        let count = min(block, job.tokens - first)
        quantize(
            job.value + first * job.stride + head * job.headSize, job, count, levels: 127, zero: 0, space,
            scales: space.valueWeights + first)
        for row in 0..<count { largest = max(largest, space.valueWeights[first + row]) }
        // Rows past the last one have zero weights.
        var row = 0
        while row < count {
            let bytes = UnsafeRawPointer(space.queries + row * space.depth)
            var i = 0
            while i < job.headSize {
                let place = i / panelColumns * panelColumns * space.stride + (first + row) * panelColumns + i % panelColumns * 4
                limbeck_interleave(bytes + i, space.depth, space.values + place)
                i += 16
            }
            row += 4
        }
        first += block
    }
    // The weights of the row with the largest scale go up to 127 in both bytes.
    let maximum: Float = 127 * 128
    let inverse = largest > 0x1p-100 ? all(maximum / largest) : Vector()
    for i in 0..<space.stride / 16 {
        let scales = keep(load(space.valueWeights + i * 16), first: max(0, job.tokens - i * 16), else: 0)
        store(scales * inverse, space.valueWeights + i * 16)
    }
    return largest < .infinity ? largest / maximum : .nan
}

// MARK: A block of queries

/// The scores as exponents of two; e = 2^(score - largest score) over the keys seen and 0 for the others; e times the values'
/// weights as two bytes of seven bits, in whole groups of 64.
private func weigh(
    _ job: Attention, _ head: Int, _ queries: Range<Int>, _ keys: Range<Int>, unit: Float, _ space: QuantizedAttentionScratch
) {
    let window = min(job.window, job.tokens)
    let scales = space.keyScales + keys.lowerBound, sums = UnsafeRawPointer(space.keySums + keys.lowerBound)
    let weights = space.valueWeights + keys.lowerBound
    for row in 0..<queries.count {
        let query = queries.lowerBound + row
        let seen = max(0, query - window) - keys.lowerBound..<min(job.tokens, query + window + 1) - keys.lowerBound
        let dots = UnsafeMutableRawPointer(space.dots + row * space.stride), x = dots.assumingMemoryBound(to: Float.self)
        let bias = job.bias.map { $0 + head * job.biasStride + job.biasCenter - query + keys.lowerBound }
        let scale = all(space.queryScales[row] * (job.scale * log2e))
        var maximum = all(-Float.infinity)
        for i in seen.lowerBound / 16..<pieces(seen.upperBound, 16) {
            let exact = limbeck_centered(
                dots.load(fromByteOffset: i * 64, as: SIMD16<Int32>.self), 64,
                sums.load(fromByteOffset: i * 64, as: SIMD16<Int32>.self))
            var score = exact * load(scales + i * 16) * scale
            if let bias { score = fma(load(bias + i * 16), all(log2e), score) }
            store(score, x + i * 16)
            maximum = larger(maximum, isWhole(i, seen) ? score : keep(score, seen, vector: i, else: -.infinity))
        }
        let shift = all(largest(maximum))
        let high = space.weights + 2 * row * space.stride, low = high + space.stride
        var sum = Vector()
        var i = 0
        while i * 16 < keys.count {
            let e0 = exponential(x, i, seen, shift), e1 = exponential(x, i + 1, seen, shift)
            let e2 = exponential(x, i + 2, seen, shift), e3 = exponential(x, i + 3, seen, shift)
            sum = limbeck_add(limbeck_add(limbeck_add(limbeck_add(sum, e0), e1), e2), e3)
            limbeck_store_sevens(
                bits(fma(e0, load(weights + i * 16), all(rounder))), bits(fma(e1, load(weights + i * 16 + 16), all(rounder))),
                bits(fma(e2, load(weights + i * 16 + 32), all(rounder))), bits(fma(e3, load(weights + i * 16 + 48), all(rounder))),
                high + i * 16, low + i * 16)
            i += 4
        }
        space.inverses[row] = unit / total(sum)
    }
}

/// For 16 keys. Neither a closure nor `@inline(__always)`: those are called, with the vector split across four registers.
@_transparent private func exponential(_ x: UnsafePointer<Float>, _ i: Int, _ seen: Range<Int>, _ shift: Vector) -> Vector {
    if i * 16 + 16 <= seen.lowerBound || i * 16 >= seen.upperBound { return Vector() }
    let e = exp2(load(x + i * 16) - shift)
    return isWhole(i, seen) ? e : keep(e, seen, vector: i, else: 0)
}

@inline(__always) private func isWhole(_ i: Int, _ seen: Range<Int>) -> Bool {
    i * 16 >= seen.lowerBound && i * 16 + 16 <= seen.upperBound
}

@inline(__always) private func keep(_ vector: Vector, _ seen: Range<Int>, vector i: Int, else other: Float) -> Vector {
    keep(vector, seen.lowerBound - i * 16..<seen.upperBound - i * 16, else: other)
}

/// 2^x for x at most 0, error at most 3e-6, which is a sixth of a step of the weights; x is clamped to at least -126.
#if KERNELS_PORTABLE && !arch(arm64)
@inline(never)  // four times three calls of `fma`
#else
@inline(__always)
#endif
private func exp2(_ x: Vector) -> Vector {
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

/// Combines the halves of the sums of weights times values, and scales them.
private func gather(_ job: Attention, _ rows: Int, _ space: QuantizedAttentionScratch, into out: UnsafeMutablePointer<Float>) {
    let width = space.valuePanels * panelColumns
    for row in 0..<rows {
        let high = UnsafeRawPointer(space.valueDots + 2 * row * width), low = high + width * 4
        let inverse = all(space.inverses[row])
        var i = 0
        while i < job.headSize {
            let above = limbeck_floats(high.load(fromByteOffset: i * 4, as: SIMD16<Int32>.self))
            let below = limbeck_floats(low.load(fromByteOffset: i * 4, as: SIMD16<Int32>.self))
            // The columns of the next head follow.
            store(fma(above, all(128), below) * inverse, out + row * job.outStride + i, first: job.headSize - i)
            i += 16
        }
    }
}
