import KernelInterface
import Limbeck

/// DynaBERT's rewiring (Hou et al. 2020, arXiv 2004.04037, as its code computes it): heads and neurons are sorted by the loss that
/// their absence would cost to first order, so that the first ones of a narrow network are the ones that matter.
///
/// For a head: |sum of context * d context|. For a neuron: |sum W1 dW1 + b1 db1| + |sum W2 dW2|. After each batch what is added are
/// the magnitudes for the gradients so far, which are never cleared.
final class Importance {
    private let tape: Tape
    private let micro: MicroBatch
    private let batches: [[Int]]
    /// (layers, heads)
    private(set) var heads: [[Float]]
    /// (layers, neurons)
    private(set) var neurons: [[Float]]

    init(_ trainer: Trainer, _ micro: MicroBatch, _ rewiring: Rewiring) {
        (tape, self.micro) = (trainer.tape, micro)
        batches = Importance.batches(rewiring)
        let c = micro.student.configuration
        heads = [[Float]](repeating: [Float](repeating: 0, count: c.attentionHeads), count: c.layers)
        neurons = [[Float]](repeating: [Float](repeating: 0, count: c.intermediateSize), count: c.layers)
    }

    private static func batches(_ rewiring: Rewiring) -> [[Int]] {
        var first = 0
        return rewiring.batches.map { count in
            first += count
            return Array(first - count..<first)
        }
    }

    /// The memory of its passes.
    static func arenaBytes(_ micro: MicroBatch, _ rewiring: Rewiring, scratchFloats: inout Int) -> Int {
        let arena = Arena(), tape = Tape(arena: arena, team: nil)
        for batch in batches(rewiring) { _ = pass(tape, micro, batch) }
        scratchFloats = max(scratchFloats, tape.scratchFloats)
        return arena.peak
    }

    /// Cross entropy with the labels, forward and backward, of the whole network without dropout.
    private static func pass(_ tape: Tape, _ micro: MicroBatch, _ groups: [Int]) -> States {
        let (batch, targets) = micro.begin(tape, groups)
        let states = micro.student.run(tape, batch, Pass(layers: Array(0..<micro.student.layers)))
        let context = LossContext(
            tape: tape, batch: batch, targets: targets, student: micro.student, states: states, teacher: nil, teacherStates: nil,
            projections: micro.projections, share: 1, dropout: 0, logits: Logits())
        if let logits = context.exitLogits(context.ownExit) { _ = context.labelLoss(logits, weight: 1) }
        tape.backward()
        return states
    }

    func measure() {
        let student = micro.student
        for parameter in student.parameters.all {
            parameter.isTrained = true
            parameter.gradient.update(repeating: 0, count: parameter.count)
        }
        var masks = heads
        for batch in batches {
            let states = Importance.pass(tape, micro, batch)
            for (layer, context) in states.contexts.enumerated() {
                guard let gradient = context.gradient else { continue }
                let size = context.width / heads[layer].count
                for head in heads[layer].indices {
                    var sum = 0.0
                    for row in 0..<context.rows {
                        let place = row * context.stride + head * size
                        sum += Double(tape.gradients.dot(context.value + place, gradient + place, size))
                    }
                    masks[layer][head] += Float(sum)
                    heads[layer][head] += masks[layer][head].magnitude
                }
            }
            for layer in neurons.indices {
                guard let (first, second) = feedForward(layer) else { continue }
                for neuron in neurons[layer].indices {
                    let row = neuron * first.weight.stride
                    var inward = Double(
                        tape.gradients.dot(first.weight.value + row, first.weight.parameter.gradient + row, first.weight.columns))
                    if let bias = first.bias { inward += Double(bias.value[neuron] * bias.gradient[neuron]) }
                    var outward = 0.0
                    for row in 0..<second.weight.rows {
                        let place = row * second.weight.stride + neuron
                        outward += Double(second.weight.value[place]) * Double(second.weight.parameter.gradient[place])
                    }
                    neurons[layer][neuron] += Float(inward.magnitude + outward.magnitude)
                }
            }
        }
    }

    /// The two matrices of a layer's feed-forward network.
    private func feedForward(_ layer: Int) -> (first: LinearSlice, second: LinearSlice)? {
        var found: (first: LinearSlice?, second: LinearSlice?)
        for block in micro.student.parts.layers[layer] {
            for case .product(let step) in micro.student.parts.blocks[block] {
                if step.into == .intermediate { found.first = step.matrix.parts[0] }
                if step.from == .intermediate { found.second = step.matrix.parts[0] }
            }
        }
        guard let first = found.first, let second = found.second else { return nil }
        return (first, second)
    }

    /// Sorts heads and neurons of every layer, the most important first; equals stay in order.
    func rewire() {
        let size = micro.student.configuration.headSize
        for layer in heads.indices {
            let order = Importance.order(heads[layer]).flatMap { head in (0..<size).map { head * size + $0 } }
            for block in micro.student.parts.layers[layer] {
                for case .product(let step) in micro.student.parts.blocks[block] {
                    if step.into == .projected { for part in step.matrix.parts { Importance.permuteRows(part, order) } }
                    if step.from == .context { Importance.permuteColumns(step.matrix.parts[0], order) }
                }
            }
            guard let (first, second) = feedForward(layer) else { continue }
            let neurons = Importance.order(neurons[layer])
            Importance.permuteRows(first, neurons)
            Importance.permuteColumns(second, neurons)
        }
    }

    private static func order(_ importance: [Float]) -> [Int] {
        importance.indices.sorted { importance[$0] != importance[$1] ? importance[$0] > importance[$1] : $0 < $1 }
    }

    private static func permuteRows(_ linear: LinearSlice, _ order: [Int]) {
        let weight = linear.weight
        for column in 0..<weight.columns {
            let old = order.map { weight.value[$0 * weight.stride + column] }
            for (row, value) in old.enumerated() { weight.value[row * weight.stride + column] = value }
        }
        guard let bias = linear.bias else { return }
        let old = order.map { bias.value[$0] }
        for (place, value) in old.enumerated() { bias.value[place] = value }
    }

    private static func permuteColumns(_ linear: LinearSlice, _ order: [Int]) {
        let weight = linear.weight
        for row in 0..<weight.rows {
            let place = weight.value + row * weight.stride, old = order.map { place[$0] }
            for (column, value) in old.enumerated() { place[column] = value }
        }
    }
}
