import KernelInterface

/// word[id] + type[t] + position[p], then LayerNorm. The order matters: transformers adds the type before the position, and a sum
/// of three floats depends on the order, unlike a sum of two.
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

/// word[next id], word[id], word[previous id] side by side, as in MobileBERT's embeddings (Sun et al. 2020, "embedding
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

/// Loads up to 16 numbers of a row from column `i` on. Not inlined: the cost of an embedding is
/// negligible compared with the layers.
@inline(never)
private func load(_ rows: Rows, row: Int, width: Int, _ i: Int, first count: Int) -> Vector {
    let place = row * width + i
    switch rows {
    case .float32(let numbers): return load(numbers + place, first: count)
    case .float16(let numbers): return load(numbers + place, first: count)
    case .int8(let codes, let scales): return load(codes + place, first: count) * all(scales[row])
    }
}
