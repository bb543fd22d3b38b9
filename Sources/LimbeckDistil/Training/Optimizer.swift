import KernelInterface
import Limbeck

/// One stage's optimiser: its steps over the parameters that have a gradient.
struct Optimizer {
    let settings: OptimizerSettings
    /// Steps of the schedule.
    let total: Int
    private let parameters: [Parameter]
    /// By parameter: whether it decays, and the factor of its learning rate.
    private let options: [(decays: Bool, rate: Double)]

    /// Rows of a parameter that a work item has.
    private struct Block {
        let parameter: Int
        let rows: Range<Int>
    }
    private let blocks: [Block]

    init(_ settings: OptimizerSettings, _ parameters: [Parameter], total: Int) {
        (self.settings, self.parameters) = (settings, parameters)
        self.total = settings.scheduleSteps ?? total
        options = parameters.map { parameter in
            let rate = settings.rates.first { matches(parameter.name, $0.pattern) }?.factor ?? 1
            return (!settings.noDecay.contains { parameter.name.firstUTF8($0) != nil }, rate)
        }
        var blocks: [Block] = []
        for (index, parameter) in parameters.enumerated() {
            let rows = max(1, 16_384 / parameter.stride)
            for piece in 0..<pieces(parameter.rows, rows) {
                blocks.append(Block(parameter: index, rows: cut(parameter.rows, rows, piece)))
            }
        }
        self.blocks = blocks
    }

    /// Clears all gradients.
    func clear(_ team: Team) {
        for parameter in parameters { parameter.hasGradient = false }
        let (blocks, parameters) = (blocks, parameters)
        team.each(blocks.count) { item, _ in
            let block = blocks[item], parameter = parameters[block.parameter]
            (parameter.gradient + block.rows.lowerBound * parameter.stride)
                .update(repeating: 0, count: block.rows.count * parameter.stride)
        }
    }

    /// Whether all weights are finite, and small enough to have squares.
    func areWeightsFinite(_ team: Team) -> Bool { norms(team) { UnsafePointer($0.value) }.all.isFinite }

    /// The norm of each parameter's numbers, and of all together. Rows add up in order, in double precision.
    private func norms(
        _ team: Team, _ numbers: (Parameter) -> UnsafePointer<Float>?
    ) -> (each: [Double], all: Double) {
        let (blocks, parameters) = (blocks, parameters)
        var sums = [Double](repeating: 0, count: blocks.count)
        sums.withUnsafeMutableBufferPointer { sums in
            let sums = sums
            team.each(blocks.count) { item, _ in
                let block = blocks[item], parameter = parameters[block.parameter]
                guard let numbers = numbers(parameter) else { return }
                var sum = 0.0
                for row in block.rows {
                    let place = numbers + row * parameter.stride
                    sum += Double(team.gradients.dot(place, place, parameter.stride))
                }
                sums[item] = sum
            }
        }
        var each = [Double](repeating: 0, count: parameters.count), all = 0.0
        for (item, block) in blocks.enumerated() { each[block.parameter] += sums[item] }
        for sum in each { all += sum }
        return (each.map { $0.squareRoot() }, all.squareRoot())
    }

    /// One step, the `step`th of the stage, from 0. Returns the norm of the gradients before clipping; if that is not finite, the weights
    /// stay as they are.
    func step(_ step: Int, _ team: Team) -> Double {
        let (norms, norm) = norms(team) { $0.hasGradient ? UnsafePointer($0.gradient) : nil }
        guard norm.isFinite else { return norm }
        let (blocks, parameters) = (blocks, parameters)
        func clip(_ most: Float, _ norm: Double) -> Float {
            let c = Double(most) / (norm + 1e-6)
            return c < 1 ? Float(c) : 1
        }
        let s = settings
        let updates: [ParameterUpdate] = parameters.indices.map { index in
            let parameter = parameters[index]
            if parameter.hasGradient { parameter.steps += 1 }
            let count = parameter.steps
            let factor: Float =
                switch s.clipping {
                case .none: 1
                case .global(let most): clip(most, norm)
                case .tensor(let most): clip(most, norms[index])
                }
            // Google's counts the steps of each tensor.
            let place = s.schedule == .bertAdam ? max(0, count - 1) : step
            let rate = s.learningRate * s.factor(step: place, of: total) * options[index].rate
            return ParameterUpdate(
                parameter: parameter.value, gradient: parameter.gradient, first: parameter.first, second: parameter.second,
                rule: s.rule, factor: factor, rate: Float(rate), decay: options[index].decays ? Float(s.weightDecay) : 0,
                beta1: Float(s.beta1), beta2: Float(s.beta2), rest1: Float(1 - s.beta1), rest2: Float(1 - s.beta2),
                epsilon: Float(s.epsilon), correction1: s.isCorrected ? Float(1 - power(s.beta1, count)) : 1,
                correction2: s.isCorrected ? Float(1 - power(s.beta2, count)) : 1)
        }
        team.each(blocks.count) { item, _ in
            let block = blocks[item], parameter = parameters[block.parameter]
            guard parameter.hasGradient else { return }
            withUnsafePointer(to: updates[block.parameter]) {
                team.gradients.update($0, block.rows.lowerBound * parameter.stride..<block.rows.upperBound * parameter.stride)
            }
        }
        return norm
    }

    /// The learning rate of a step, without the factors of single tensors.
    func rate(step: Int) -> Double { settings.learningRate * settings.factor(step: step, of: total) }
}

/// x^n by squaring.
private func power(_ x: Double, _ n: Int) -> Double {
    var (result, base, n) = (1.0, x, n)
    while n > 0 {
        if n & 1 == 1 { result *= base }
        base *= base
        n >>= 1
    }
    return result
}

/// Whether a name fits a pattern, in which `*` is any text.
func matches(_ name: String, _ pattern: String) -> Bool {
    let (n, p) = ([UInt8](name.utf8), [UInt8](pattern.utf8))
    // Where to go on after the last star, if what follows it does not fit.
    var (i, j) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while i < n.count {
        if j < p.count, p[j] == UInt8(ascii: "*") {
            star = (j, i)
            j += 1
        } else if j < p.count, p[j] == n[i] {
            (i, j) = (i + 1, j + 1)
        } else if let last = star {
            star = (last.pattern, last.name + 1)
            (i, j) = (last.name + 1, last.pattern + 1)
        } else {
            return false
        }
    }
    while j < p.count, p[j] == UInt8(ascii: "*") { j += 1 }
    return j == p.count
}
