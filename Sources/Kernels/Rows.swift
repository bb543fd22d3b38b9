import KernelInterface

// Work that goes over whole rows: LayerNorm, rotary positions, embeddings, dot products, softmax.

/// (x - mean) / sqrt(variance + eps) * weight + bias (Ba, Kiros, Hinton: "Layer Normalization", 2016). Without an epsilon,
/// x * weight + bias: the NoNorm of MobileBERT (Sun et al. 2020).
func normalize(_ pointer: UnsafePointer<Normalization>, rows: Range<Int>) {
    let job = pointer.pointee
    for row in rows { normalize(job, job.x + row * job.stride, into: job.out + row * job.stride) }
}

/// A call: rows are long.
@inline(never) private func normalize(
    _ job: Normalization, _ x: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>
) {
    guard let eps = job.eps else {
        // Whole vectors: the weights have zeros past the width, and the row has room.
        for i in 0..<job.width.roundedUp(to: 16) / 16 {
            store(fma(load(x + i * 16), load(job.weight + i * 16), load(job.bias + i * 16)), out + i * 16)
        }
        return
    }
    let full = job.width / 16, rest = job.width % 16
    let count = Float(job.width)
    var sum = Vector()
    for i in 0..<full { sum += load(x + i * 16) }
    if rest > 0 { sum += keep(load(x + full * 16), first: rest, else: 0) }
    let mean = all(total(sum) / count)
    var squares = Vector()
    for i in 0..<full {
        let d = load(x + i * 16) - mean
        squares = fma(d, d, squares)
    }
    if rest > 0 {
        let d = keep(load(x + full * 16) - mean, first: rest, else: 0)
        squares = fma(d, d, squares)
    }
    let inverse = all(1 / (total(squares) / count + eps).squareRoot())
    for i in 0..<full {
        let d = (load(x + i * 16) - mean) * inverse
        store(fma(d, load(job.weight + i * 16), load(job.bias + i * 16)), out + i * 16)
    }
    if rest > 0 {
        let i = full * 16
        let d = keep((load(x + i) - mean) * inverse, first: rest, else: 0)
        store(fma(d, load(job.weight + i), load(job.bias + i)), out + i)
    }
}

/// x cos + rotated x sin: each pair (i, i + half) of a head turned by its angle at the row's position. (Su et al.: "RoFormer", 2021;
/// the pairs as in GPT-NeoX.) The products are rounded before they are added, as in the reference.
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

/// word[id] + type[t] + position[p], then LayerNorm. The sum is taken in this order: transformers adds the type before the position,
/// and the sum of two is the same either way, of three it is not.
func embed(_ pointer: UnsafePointer<Embedding>, rows: Range<Int>) {
    let job = pointer.pointee
    for row in rows {
        let id = Int(job.ids[row]), type = Int(job.types[row]), position = Int(job.positions[row])
        let out = job.out + row * job.outStride
        var i = 0
        while i < job.width {
            let count = min(16, job.width - i)
            var sum = Vector()
            if let word = job.word { sum += load(word, row: id, width: job.width, i, first: count) }
            if let types = job.type { sum += load(types, row: type, width: job.width, i, first: count) }
            if let positions = job.position { sum += load(positions, row: position, width: job.width, i, first: count) }
            store(sum, out + i)
            i += 16
        }
        if let normalization = job.normalization { normalize(normalization, out, into: out) }
    }
}

/// word[next id], word[id], word[previous id] side by side, as MobileBERT's embeddings have them (Sun et al. 2020, "embedding
/// factorization").
func trigrams(_ pointer: UnsafePointer<Trigrams>, rows: Range<Int>) {
    let job = pointer.pointee
    func copy(_ row: Int?, to out: UnsafeMutablePointer<Float>) {
        guard let row else { return out.update(repeating: 0, count: job.width) }
        let id = Int(job.ids[row])
        var i = 0
        while i < job.width {
            let count = min(16, job.width - i)
            store(load(job.word, row: id, width: job.width, i, first: count), out + i, first: count)
            i += 16
        }
    }
    for row in rows {
        let out = job.out + row * job.outStride
        let isLast = row + 1 == job.tokens || job.positions[row + 1] == 0
        copy(isLast ? nil : row + 1, to: out)
        copy(row, to: out + job.width)
        copy(job.positions[row] == 0 ? nil : row - 1, to: out + 2 * job.width)
    }
}

/// Up to 16 numbers of a row from column `i` on. A call: an embedding is nothing beside the layers.
@inline(never)
private func load(_ rows: Rows, row: Int, width: Int, _ i: Int, first count: Int) -> Vector {
    let place = row * width + i
    switch rows {
    case .float32(let numbers): return load(numbers + place, first: count)
    case .float16(let numbers): return load(numbers + place, first: count)
    case .int8(let codes, let scales): return load(codes + place, first: count) * all(scales[row])
    }
}

/// Dot products with rows of weights.
func dots(_ pointer: UnsafePointer<Dots>, columns: Range<Int>) {
    let job = pointer.pointee
    switch job.weight {
    case .float32(let weight): dots(job, columns, { load(weight + $0, first: $1) }, { sum, _ in sum })
    case .float16(let weight): dots(job, columns, { load(weight + $0, first: $1) }, { sum, _ in sum })
    case .int8(let codes, let scales): dots(job, columns, { load(codes + $0, first: $1) }, { sum, row in sum * scales[row] })
    }
}

/// `weight` gives up to 16 numbers from a place on. Four columns at a time hide the latency of the sums, and stay in the cache while all
/// rows go by.
@inline(__always) private func dots(
    _ job: Dots, _ columns: Range<Int>, _ weight: (_ place: Int, _ count: Int) -> Vector,
    _ scaled: (_ sum: Float, _ column: Int) -> Float
) {
    let full = job.width / 16, rest = job.width % 16
    var column = columns.lowerBound
    while column < columns.upperBound {
        let count = min(4, columns.upperBound - column), last = count - 1
        // Past the last column the last one is computed again, and dropped.
        let w0 = column * job.width, w1 = w0 + min(1, last) * job.width, w2 = w0 + min(2, last) * job.width,
            w3 = w0 + last * job.width
        for row in 0..<job.rows {
            let a = job.a + row * job.aStride, out = job.out + row * job.outStride
            var s0 = Vector(), s1 = Vector(), s2 = Vector(), s3 = Vector()
            for i in 0..<full {
                let x = load(a + i * 16)
                s0 = fma(x, weight(w0 + i * 16, 16), s0)
                s1 = fma(x, weight(w1 + i * 16, 16), s1)
                s2 = fma(x, weight(w2 + i * 16, 16), s2)
                s3 = fma(x, weight(w3 + i * 16, 16), s3)
            }
            // A loop, for what it does is compiled for every form of the weights.
            withUnsafeBytes(of: (s0, s1, s2, s3)) { sums in
                for index in 0..<count {
                    let column = column + index, i = full * 16
                    var sum = sums.load(fromByteOffset: index * MemoryLayout<Vector>.size, as: Vector.self)
                    if rest > 0 { sum = fma(load(a + i, first: rest), weight(column * job.width + i, rest), sum) }
                    out[column] = scaled(total(sum), column) + (job.bias?[column] ?? 0)
                }
            }
        }
        column += 4
    }
}

/// Softmax over `count` numbers that stand anywhere, in place, with the same steps as in the attention.
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
