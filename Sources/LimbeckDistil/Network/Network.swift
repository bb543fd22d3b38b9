import KernelInterface
import Limbeck

/// A model that a tape runs: a student, or a teacher whose states a loss needs.
package final class Network {
    package let configuration: Configuration
    package let parameters: Parameters
    package let parts: ModelParts<Trainable>
    /// The files' tensors that are no parameters, with copies of their bytes: buffers, and what the model does not use.
    package let others: [(tensor: StoredTensor, bytes: Memory)]
    private let tables: [AngleTable]
    private let zeros: Memory
    /// The id whose row of the word embeddings takes no gradient from texts.
    private let padding: Int32?

    /// Opens a folder. `what` is its part in the recipe, for messages.
    package init(_ folder: ModelFolder, isTrained: Bool, what: String) throws(LimbeckError) {
        let loaded = try LoadedModel.load(folder)
        defer { withExtendedLifetime(loaded) {} }
        configuration = loaded.configuration
        guard Network.families.contains(configuration.family) else {
            throw LimbeckError(
                .unsupported,
                "\(folder.path): a model of type \(Network.name(configuration.family)) as \(what), expected one of \(Network.names)"
            )
        }
        let c = loaded.configuration
        padding = try Network.padding(folder, c)
        let widest = max(c.hiddenSize, c.embeddingSize, 3 * c.attentionHeads * c.headSize, 2 * c.intermediateSize)
        zeros = try Memory(bytes: rowStride(widest) * MemoryLayout<Float>.stride)
        parameters = Parameters()
        var map = ParameterMap(loaded.files, parameters, zeros: UnsafePointer(zeros.base.assumingMemoryBound(to: Float.self)))
        parts = loaded.tensors.map(&map)
        if let error = map.error { throw error }
        var used = NameTable()
        for (place, source) in map.sources.enumerated() { used.set(source.parameter.name, place) }
        var others: [(tensor: StoredTensor, bytes: Memory)] = []
        for tensor in loaded.files.tensors where isTrained && used[tensor.name] == nil {
            let bytes = try Memory(bytes: tensor.bytes.count)
            bytes.copy(tensor.bytes)
            others.append((tensor, bytes))
        }
        self.others = others
        try parameters.allocate(isTrained: isTrained)
        for (parameter, tensor) in map.sources { try Network.read(tensor, into: parameter) }
        var tables: [AngleTable] = []
        for rotary in parts.angles { tables.append(try AngleTable(rotary, positions: configuration.maxPositions)) }
        self.tables = tables
    }

    package static func read(_ stored: StoredTensor, into parameter: Parameter) throws(LimbeckError) {
        guard let type = Tensor.ElementType(dtype: stored.dtype) else {
            throw LimbeckError(.fileUnsupported, "\(stored.file): tensor '\(stored.name)' has dtype '\(stored.dtype)'")
        }
        let tensor = Tensor(name: stored.name, type: type, shape: stored.shape, strides: stored.strides, bytes: stored.bytes)
        let columns = parameter.columns
        for row in 0..<parameter.rows {
            tensor.read(row * columns..<(row + 1) * columns, into: parameter.value + row * parameter.stride)
        }
    }

    private static let families: [Family] = [
        .bert, .distilBERT, .roberta, .albert, .electra, .mpnet, .modernBERT, .fastBERT,
    ]
    private static var names: String {
        families.reduce("") { list, family in list.isEmpty ? name(family) : "\(list), \(name(family))" }
    }
    private static func name(_ family: Family) -> String { family.modelTypes.first ?? "fastbert" }

    private static func padding(_ folder: ModelFolder, _ configuration: Configuration) throws(LimbeckError) -> Int32? {
        guard configuration.family != .fastBERT else { return nil }
        if let id = configuration.paddingId { return id }
        guard let declared = try folder.json("config.json")?["pad_token_id"] else {
            return configuration.family == .modernBERT ? 50_283 : 0
        }
        return declared.int.map { Int32(truncatingIfNeeded: $0) }  // null: none
    }

    package var layers: Int { parts.layers.count }
}

/// How a network is run.
package struct Pass {
    /// The layers that are run, and the fraction of their width (DynaBERT).
    package var layers: [Int]
    package var width = 1.0
    package var dropout: Float = 0
    /// The first number of its places of dropout.
    package var firstSite: UInt32 = 0
    /// Whether the projections of layers are kept.
    package var keepsProjections = false
}

/// What a network computed.
package final class States {
    /// The state after the embeddings, and after each layer: (tokens, hidden).
    package var hidden: [Variable] = []
    /// Queries, keys and values of each layer side by side, after rotation.
    package var projections: [Projected] = []
    /// The outputs of attention of each layer, the heads side by side.
    package var contexts: [Variable] = []
    /// What the heads of the exits read, by exit; the last is the last state.
    package var exits: [Variable?] = []

    package struct Projected {
        package let rows: Variable  // (tokens, 3 * heads * headSize)
        package let heads: Int
        package let headSize: Int
    }

    /// A state by its number; negative ones count from the end.
    package subscript(index: Int) -> Variable { hidden[index < 0 ? hidden.count + index : index] }
}

extension Network {
    package func run(_ tape: Tape, _ batch: TokenBatch, _ pass: Pass) -> States {
        if !tape.isMeasuring { batch.count(after: configuration.paddingId) }
        let walk = Walk(self, tape, batch, pass)
        walk.run(parts.embeddings, site: pass.firstSite)
        let states = walk.states
        states.hidden.append(walk[.hidden])
        states.exits = parts.exits.map { _ in nil }
        walk.exits(after: 0)
        for (index, layer) in pass.layers.enumerated() {
            walk.layer(layer, index, site: pass.firstSite + UInt32(layer + 1) * 4)
            states.hidden.append(walk[.hidden])
            walk.exits(after: index + 1)
        }
        return states
    }

    /// One pass over the layers: which variable is in which buffer.
    private final class Walk {
        package let network: Network
        package let tape: Tape
        package let batch: TokenBatch
        package let pass: Pass
        package let states = States()
        private var buffers = [Variable?](repeating: nil, count: Buffer.allCases.count)
        private let bias: DistanceBias?
        /// Of the heads of attention, how many are run, and how many there are.
        private let kept: Int
        private let heads: Int

        package init(_ network: Network, _ tape: Tape, _ batch: TokenBatch, _ pass: Pass) {
            (self.network, self.tape, self.batch, self.pass) = (network, tape, batch, pass)
            bias = network.parts.distanceBias.map { DistanceBias(tape, $0.slice, span: batch.longest) }
            heads = network.configuration.attentionHeads
            kept = Int((pass.width * Double(heads)).rounded(.toNearestOrEven))
        }

        package subscript(buffer: Buffer) -> Variable {
            get { buffers[buffer.rawValue].unsafelyUnwrapped }
            set { buffers[buffer.rawValue] = newValue }
        }

        /// A layer. What it leaves in the arena besides its state is given back, if nothing runs backward and nobody reads it.
        package func layer(_ layer: Int, _ index: Int, site: UInt32) {
            let isKept = tape.isRecording || pass.keepsProjections
            let state = isKept ? nil : tape.variable(batch.tokens, network.configuration.hiddenSize)
            let mark = tape.arena.mark
            for block in network.parts.layers[layer] { run(network.parts.blocks[block], site: site) }
            guard let state else { return }
            let (source, tape) = (self[.hidden], tape)
            tape.each(batch.tokens, by: Tape.passRows) { rows in
                (state.value + rows.lowerBound * state.stride).update(
                    from: source.value + rows.lowerBound * state.stride, count: rows.count * state.stride)
            }
            self[.hidden] = state
            tape.arena.release(to: mark)
        }

        /// The exits after so many layers. A narrow or shallow network has its last one alone.
        package func exits(after layers: Int) {
            let exits = network.parts.exits, isPart = pass.layers.count < network.layers || pass.width < 1
            for (place, exit) in exits.enumerated() {
                let isLast = place == exits.count - 1
                guard isPart ? isLast && layers == pass.layers.count : exit.layers == layers else { continue }
                let hidden = self[.hidden]
                if let block = exit.block { run(network.parts.blocks[block], site: 0, isExit: true) }
                states.exits[place] = self[exit.from]
                self[.hidden] = hidden
            }
        }

        package func run(_ steps: [Step<Trainable>], site: UInt32, isExit: Bool = false) {
            for step in steps {
                switch step {
                case .embed(let step): embed(step, site)
                case .product(let step): product(step, site, isExit)
                case .normalize(let step): self[step.into] = NormOperation(tape, self[step.from], step.norm).out
                case .rotate(let step): _ = RotationOperation(tape, self[.projected], step, batch, network.tables[step.table])
                case .attention(let step): attention(step, site, isExit)
                case .trigrams: break  // MobileBERT's, which is refused
                }
            }
        }

        private func dropout(_ site: UInt32, _ isExit: Bool = false) -> DropoutPlace? {
            pass.dropout > 0 && !isExit
                ? DropoutPlace(probability: pass.dropout, site: site, addresses: UnsafePointer(batch.addresses)) : nil
        }

        private func embed(_ step: EmbeddingStep<Trainable>, _ site: UInt32) {
            let tables = EmbeddingTables(
                word: step.tables.word?.slice, position: step.tables.position?.slice, type: step.tables.type?.slice)
            var out = EmbeddingOperation(
                tape, batch, tables, width: step.width, padding: (network.padding, network.configuration.paddingId)
            ).out
            if let norm = step.norm { out = NormOperation(tape, out, norm).out }
            if let dropout = dropout(site) { out = ResidualOperation(tape, out, residual: nil, dropout: dropout).out }
            self[step.into] = out
        }

        private func product(_ step: ProductStep<Trainable>, _ site: UInt32, _ isExit: Bool) {
            let parts = step.matrix.parts.map { isExit ? $0 : narrowed($0, step) }
            var out = LinearOperation(
                tape, self[step.from], parts, activation: step.activation,
                gate: step.gate.map { isExit ? $0.parts[0] : narrowed($0.parts[0], step) }
            ).out
            if let residual = step.residual {
                let place = step.into == .hidden ? 2 : 1
                out =
                    ResidualOperation(
                        tape, out, residual: self[residual], dropout: dropout(site + UInt32(place), isExit)
                    ).out
            }
            if let norm = step.norm { out = NormOperation(tape, out, norm).out }
            self[step.into] = out
        }

        private func attention(_ step: AttentionStep<Trainable>, _ site: UInt32, _ isExit: Bool) {
            let (x, heads) = (self[.projected], isExit ? step.heads : min(step.heads, kept))
            if !isExit { states.projections.append(States.Projected(rows: x, heads: heads, headSize: step.headSize)) }
            let context = AttentionOperation(
                tape, x, heads: heads, headSize: step.headSize, window: step.window, batch, bias: isExit ? nil : bias,
                dropout: dropout(site + 3, isExit)
            ).out
            self[.context] = context
            if !isExit { states.contexts.append(context) }
        }

        /// The first heads, or the first columns of the feed-forward network (see `Narrowing` of the engine).
        private func narrowed(_ part: LinearSlice, _ step: ProductStep<Trainable>) -> LinearSlice {
            guard kept < heads else { return part }
            var part = part
            let size = network.configuration.headSize
            func columns(_ count: Int) -> Int { max(1, Int(Double(kept) / Double(heads) * Double(count))) }
            switch (step.from, step.into) {
            case (_, .projected): part.outputs = kept * size
            case (.context, _): part.inputs = kept * size
            case (.intermediate, _): part.inputs = columns(part.inputs)
            case (_, .intermediate): part.outputs = columns(part.outputs)
            default: break
            }
            return part
        }
    }
}
