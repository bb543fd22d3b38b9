import KernelInterface
import Limbeck

/// The linear layers that losses have to reach the teacher's width.
enum Projections {
    static func make(_ recipe: Recipe, student: Network, teacher: Network?) throws(LimbeckError) -> Parameters {
        let parameters = Parameters()
        guard let teacher else {
            try parameters.allocate(isTrained: true)
            return parameters
        }
        var clash: String?
        func add(_ projection: Projection?, _ count: Int, in inputs: Int, out outputs: Int) {
            guard let projection else { return }
            for number in 0..<(projection.isShared ? 1 : count) {
                let name = projection.isShared ? projection.name : "\(projection.name).\(number)"
                if parameters.parameter("\(name).weight", [outputs, inputs]).shape != [outputs, inputs] { clash = name }
                _ = parameters.parameter("\(name).bias", [outputs])
            }
        }
        let (s, t) = (student.configuration.hiddenSize, teacher.configuration.hiddenSize)
        for stage in recipe.stages {
            for loss in stage.losses {
                switch loss.kind {
                case .states(let state): add(state.projection, state.layers.count, in: s, out: t)
                case .vectors(let vector):
                    add(vector.projection, 1, in: student.parts.vector.width, out: teacher.parts.vector.width)
                default: break
                }
            }
        }
        if let clash {
            throw LimbeckError(
                .invalidArgument, "recipe: two losses have a projection '\(clash)' between other widths, expected two names")
        }
        try parameters.allocate(isTrained: true)
        guard let path = recipe.student.projections else {
            for (number, parameter) in parameters.all.enumerated() where parameter.shape.count == 2 {
                // As torch's Linear: uniform within 1 / sqrt(inputs).
                let limit = 1 / Double(parameter.columns).squareRoot()
                var random = Philox(seed: recipe.seed, stream: 0x7072_6f6a_0000_0000 + UInt64(number))
                for row in 0..<parameter.rows {
                    for column in 0..<parameter.columns {
                        let unit = (Double(random.next()) + 0.5) / 4_294_967_296
                        parameter.value[row * parameter.stride + column] = Float((2 * unit - 1) * limit)
                    }
                }
            }
            return parameters
        }
        let mapping = try MappedFile(path, name: path), tensors = try Safetensors(mapping).entries
        defer { withExtendedLifetime(mapping) {} }
        for parameter in parameters.all {
            guard let tensor = tensors.first(where: { $0.name == parameter.name }), tensor.shape == parameter.shape else {
                throw LimbeckError(.fileInconsistent, "\(path): no tensor '\(parameter.name)' of the size of the loss's projection")
            }
            try Network.read(tensor, into: parameter)
        }
        return parameters
    }
}
