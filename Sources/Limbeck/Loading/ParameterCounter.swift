/// Counts the elements of tensors; tensors used twice count once.
struct ParameterCounter {
    private var counts: [Int] = []
    /// The start address of each tensor.
    private var places: [SortKey] = []

    /// Of tensors with the same start address, only the first one added counts.
    var total: Int {
        var places = places, total = 0
        SortKey.sort(&places)
        for (index, place) in places.enumerated() where index == 0 || places[index - 1].first != place.first {
            total += counts[place.index]
        }
        return total
    }

    @inline(never) mutating func add(_ tensor: Tensor) {
        guard let base = tensor.bytes.baseAddress else { return }
        places.append(SortKey(Int(bitPattern: base), index: counts.count))
        counts.append(tensor.count)
    }

    @inline(never) mutating func add(_ linear: LinearTensors) {
        add(linear.weight)
        if let bias = linear.bias { add(bias) }
    }

    @inline(never) mutating func add(_ norm: NormTensors) {
        add(norm.weight)
        if let bias = norm.bias { add(bias) }
    }

    mutating func add(_ positions: DisentangledTensors) {
        add(positions.embeddings)
        if let norm = positions.norm { add(norm) }
        if let key = positions.key { add(key) }
        if let query = positions.query { add(query) }
    }
}
