import Limbeck

/// The names of a stage's losses.
struct LossNames {
    private var names: [String] = []

    /// A name that is not taken: `hidden`, `hidden_2`, …
    mutating func derived(from target: String) -> String {
        var (name, number) = (target, 1)
        while names.contains(where: { $0 == name }) {
            number += 1
            name = target + "_" + String(number)
        }
        names.append(name)
        return name
    }

    /// False if it is taken.
    mutating func take(_ name: String) -> Bool {
        if names.contains(where: { $0 == name }) { return false }
        names.append(name)
        return true
    }
}

/// The words of `loss`, and for each the targets that it has.
private let losses: StaticString =
    "cross_entropy soft_cross_entropy kl reversed_kl mse half_squared cosine margin_mse multiple_negatives"

private enum LossWord: Int {
    case crossEntropy, softCrossEntropy, kl, reversedKL, squared, halfSquared, cosine, marginSquared, multipleNegatives

    var targets: StaticString {
        switch self {
        case .crossEntropy: "labels tokens masked_tokens spans exits"
        case .softCrossEntropy, .reversedKL: "logits masked_logits exits"
        case .kl: "logits masked_logits exits relations scores"
        case .squared: "hidden first_token attention_scores vectors"
        case .halfSquared: "hidden first_token"
        case .cosine: "hidden first_token vectors"
        case .marginSquared, .multipleNegatives: "scores"
        }
    }
}

extension RecipeReader {
    /// nil only if there was a mistake.
    func loss(_ block: RecipeBlock, _ names: inout LossNames) -> Loss? {
        // Which other keys there may be depends on these two: without them they are the first mistake.
        guard let word = required("loss", losses, block).flatMap({ LossWord(rawValue: $0) }) else { return nil }
        guard let place = required("of", word.targets, block) else { return nil }
        let target = Limbeck.word(place, in: word.targets)
        let weight = block.node("weight").map { self.weight($0, block.at("weight"), block) }
        let given = block.string("name")
        if let given, !names.take(given) {
            block.mistakes.add(.fileMalformed, "'\(block.at("name"))' is '\(given)', which another loss of the stage has")
        }
        let kind = self.kind(word, target, block)
        block.finish()
        guard let kind else { return nil }
        var loss = Loss(name: given ?? names.derived(from: target), kind: kind)
        if let weight { loss.weight = weight }
        return loss
    }

    private func required(_ key: String, _ words: StaticString, _ block: RecipeBlock) -> Int? {
        if block.node(key) == nil {
            block.mistakes.add(.fileMalformed, "'\(block.at(key))' is missing, expected \(RecipeBlock.list(words))")
        }
        return block.choice(key, words)
    }

    private func weight(_ node: RecipeNode, _ path: String, _ block: RecipeBlock) -> Weight {
        if case .number = node.content { return Weight(Float(block.number(node, path, .notNegative) ?? 1)) }
        var weight = Weight(1)
        guard case .object = node.content else {
            block.fail(path, node, "a number from 0 on, or an object with 'from', 'to', 'begin' and 'end'")
            return weight
        }
        let block = block.block(node, path)
        func number(_ key: String) -> Double {
            let value = block.number(key, .notNegative)
            if value == nil { block.missing(key, "a number from 0 on") }
            return value ?? 0
        }
        (weight.from, weight.to) = (Float(number("from")), Float(number("to")))
        if let begin = block.number("begin", .notNegative) { weight.begin = begin }
        weight.end = number("end")
        block.finish()
        if weight.end <= weight.begin {
            block.mistakes.add(.fileMalformed, "'\(block.at("end"))' is not after 'begin'")
        }
        return weight
    }

    private func kind(_ word: LossWord, _ target: String, _ block: RecipeBlock) -> Loss.Kind? {
        switch target {
        case "labels": return .crossEntropy(.sequence)
        case "tokens": return .crossEntropy(.token)
        case "masked_tokens": return .crossEntropy(.maskedToken)
        case "spans": return .crossEntropy(.span)
        case "exits" where word == .crossEntropy: return .crossEntropy(.exits(exits(block)))
        case "logits", "masked_logits", "exits": return .soft(soft(word, target, block))
        case "hidden", "first_token": return .states(states(word, isFirstTokenOnly: target == "first_token", block))
        case "attention_scores": return .attentionScores(layers: layerPairs(block))
        case "relations": return relations(block).map { .relations($0) }
        case "vectors": return .vectors(vectors(word, block))
        default: return .ranking(ranking(word, block))
        }
    }

    private func exits(_ block: RecipeBlock) -> ExitTerms {
        var terms = ExitTerms()
        if let choice = block.choice("exits", "inner all") { terms.isInnerOnly = choice == 0 }
        if let flag = block.flag("by_depth") { terms.isWeightedByDepth = flag }
        return terms
    }

    private func soft(_ word: LossWord, _ target: String, _ block: RecipeBlock) -> SoftLoss {
        var loss = SoftLoss()
        loss.divergence = word == .kl ? .kl : word == .reversedKL ? .reversedKL : .crossEntropy
        loss.target = target == "logits" ? .logits : target == "exits" ? .exits : .maskedLogits
        if let temperature = block.float("temperature", .positive) { loss.temperature = temperature }
        if let flag = block.flag("squared_temperature") { loss.isScaledBySquare = flag }
        if let choice = block.choice("mean", "rows classes") { loss.isMeanOverClasses = choice == 1 }
        return loss
    }

    // MARK: Layers

    private func states(_ word: LossWord, isFirstTokenOnly: Bool, _ block: RecipeBlock) -> StateLoss {
        var loss = StateLoss()
        loss.distance = word == .squared ? .squared : word == .halfSquared ? .halfSquared : .cosine
        loss.isFirstTokenOnly = isFirstTokenOnly
        if let node = block.node("layers"), case .string(let text) = node.content, text == "by_depth" {
            loss.followsDepth = true
        } else {
            loss.layers = layerPairs(block)
        }
        if let flag = block.flag("mean_over_layers") { loss.isMeanOverLayers = flag }
        if let flag = block.flag("normalize") { loss.isNormalized = flag }
        loss.projection = projection("fit_dense", block)
        return loss
    }

    /// `true`, for this name, or an object.
    private func projection(_ name: String, _ block: RecipeBlock) -> Projection? {
        guard let node = block.node("projection") else { return nil }
        switch node.content {
        case .flag(let flag): return flag ? Projection(name: name) : nil
        case .object:
            let block = block.block(node, block.at("projection"))
            var projection = Projection(name: block.string("name") ?? name)
            if let flag = block.flag("shared") { projection.isShared = flag }
            block.finish()
            return projection
        default:
            block.fail(block.at("projection"), node, "true, false, or an object")
            return nil
        }
    }

    private func layerPairs(_ block: RecipeBlock) -> [LayerPair] {
        let pairs = block.array("layers") { layerPair($0, $1, block) }
        if pairs == nil { block.missing("layers", "an array of pairs of layers, the student's and the teacher's") }
        return pairs ?? []
    }

    private func layerPair(_ node: RecipeNode, _ path: String, _ block: RecipeBlock) -> LayerPair? {
        guard let (student, teacher) = block.pair(node, path) else { return nil }
        let first = block.integer(student, path + ".0", from: -1), second = block.integer(teacher, path + ".1", from: -1)
        guard let first, let second else { return nil }
        return LayerPair(first, second)
    }

    private func relations(_ block: RecipeBlock) -> RelationLoss? {
        let heads = block.integer("relation_heads")
        if heads == nil { block.missing("relation_heads", "an integer that divides both widths") }
        let layers = block.node("layers").map { layerPair($0, block.at("layers"), block) } ?? LayerPair(-1, -1)
        let (query, key, value) =
            (block.float("query", .notNegative), block.float("key", .notNegative), block.float("value", .notNegative))
        guard let heads, let layers else { return nil }
        var loss = RelationLoss(relationHeads: heads, layers: layers)
        if let query { loss.query = query }
        if let key { loss.key = key }
        if let value { loss.value = value }
        if loss.query == 0, loss.key == 0, loss.value == 0 {
            block.mistakes.add(.fileMalformed, "'\(block.path)' has weights of 0 alone")
        }
        return loss
    }

    // MARK: Vectors

    private func vectors(_ word: LossWord, _ block: RecipeBlock) -> VectorLoss {
        var loss = VectorLoss()
        loss.distance = word == .squared ? .squared : .cosine
        loss.isNormalized = block.flag("normalize")
        loss.projection = projection("projection", block)
        loss.prefixes = prefixes(block)
        return loss
    }

    private func ranking(_ word: LossWord, _ block: RecipeBlock) -> RankingLoss {
        let kind: RankingLoss.Kind =
            switch word {
            case .marginSquared: .marginSquared
            case .multipleNegatives: .multipleNegatives(scale: block.float("scale", .positive) ?? 20)
            default: .kl(temperature: block.float("temperature", .positive) ?? 1)
            }
        // The defaults of sentence-transformers.
        let similarity = block.choice("similarity", "cosine dot") ?? (word == .multipleNegatives ? 0 : 1)
        var loss = RankingLoss(kind, isCosine: similarity == 0)
        loss.isNormalized = block.flag("normalize")
        loss.prefixes = prefixes(block)
        return loss
    }

    /// Pairs of a size and a weight.
    private func prefixes(_ block: RecipeBlock) -> [Prefix] {
        let prefixes: [Prefix]? = block.array("prefixes") { node, path in
            guard let (size, weight) = block.pair(node, path) else { return nil }
            guard let size = block.integer(size, path + ".0", from: 1) else { return nil }
            return block.number(weight, path + ".1", .notNegative).map { Prefix(size: size, weight: Float($0)) }
        }
        return prefixes ?? []
    }
}
