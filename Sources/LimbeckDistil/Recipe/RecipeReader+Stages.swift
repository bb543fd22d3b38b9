import KernelInterface
import Limbeck

extension RecipeReader {
    /// nil only if there was a mistake.
    func stage(_ block: RecipeBlock) -> Stage? {
        let name = block.string("name")
        if name == nil { block.missing("name", "a name for the log") }
        var names = LossNames()
        let losses = block.array("losses") { node, path in self.loss(block.block(node, path), &names) }
        if losses == nil { block.missing("losses", "an array with elements") }
        var stage = Stage(name: name ?? "", losses: losses ?? [])
        if let train = block.strings("train") { stage.train = train }
        if let freeze = block.strings("freeze", mayBeEmpty: true) { stage.freeze = freeze }
        if let optimizer = block.node("optimizer") {
            stage.optimizer = self.optimizer(block.block(optimizer, block.at("optimizer")))
        } else {
            block.missing("optimizer", "an object with 'learning_rate'")
        }
        if let batch = block.node("batch") {
            let batch = block.block(batch, block.at("batch"))
            if let sequences = batch.integer("sequences") { stage.sequences = sequences }
            if let accumulate = batch.integer("accumulate") { stage.accumulate = accumulate }
            batch.finish()
        }
        stage.steps = block.integer("steps")
        if let epochs = block.number("epochs", .epochs) { stage.epochs = epochs }
        if let flag = block.flag("shuffle") { stage.isShuffled = flag }
        if let dropout = block.float("dropout", .rate) { stage.dropout = dropout }
        stage.masking = block.node("masking").map { self.masking(block.block($0, block.at("masking"))) }
        if let widths = block.numbers("widths", .part) { stage.widths = widths }
        if let depths = block.numbers("depths", .part) { stage.depths = depths }
        if let rewire = block.node("rewire") {
            let rewire = block.block(rewire, block.at("rewire"))
            let batches = rewire.integers("batches", from: 1)
            if batches == nil { rewire.missing("batches", "an array of sizes") }
            rewire.finish()
            stage.rewiring = batches.map { Rewiring(batches: $0) }
        }
        block.finish()
        return name == nil || losses == nil ? nil : stage
    }

    private func masking(_ block: RecipeBlock) -> Masking {
        var masking = Masking()
        if let probability = block.number("probability", .part) { masking.probability = probability }
        if let mask = block.number("mask", .probability) { masking.mask = mask }
        if let random = block.number("random", .probability) { masking.random = random }
        if let flag = block.flag("whole_word") { masking.isWholeWord = flag }
        masking.segmented = path("segmented", block)
        block.finish()
        // 0.9 and 0.1 are not exactly 1.
        if masking.mask + masking.random > 1 + 1e-9 {
            block.mistakes.add(.fileMalformed, "'\(block.path)': 'mask' and 'random' are more than 1 together")
        }
        if masking.segmented != nil, !masking.isWholeWord {
            block.mistakes.add(.fileMalformed, "'\(block.at("segmented"))' is for 'whole_word' true")
        }
        return masking
    }

    // MARK: The optimiser

    private func optimizer(_ block: RecipeBlock) -> OptimizerSettings {
        var settings = OptimizerSettings()
        let name = block.choice("name", "adamw adamw_2019 bert_adam sgd") ?? 0
        settings.rule = [.adamW, .adamW2019, .bertAdam, .sgd][name]
        // The defaults of torch, of transformers 2, of pytorch-pretrained-bert, and of torch.
        settings.epsilon = [1e-8, 1e-6, 1e-6, 0][name]
        settings.weightDecay = [0.01, 0, 0.01, 0][name]
        settings.schedule = [.linear, .linear, .bertAdam, .constant][name]
        settings.isCorrected = name < 2
        let (isGoogles, hasMoments) = (name == 2, name < 3)
        if isGoogles { settings.clipping = .tensor(1) }

        if let rate = block.number("learning_rate", .notNegative) {
            settings.learningRate = rate
        } else {
            block.missing("learning_rate", "a number from 0 on")
        }
        if hasMoments {
            if let node = block.node("betas"), let (first, second) = block.pair(node, block.at("betas")) {
                settings.beta1 = block.number(first, block.at("betas.0"), .rate) ?? 0
                settings.beta2 = block.number(second, block.at("betas.1"), .rate) ?? 0
            }
            if let epsilon = block.number("epsilon", .positive) { settings.epsilon = epsilon }
            if let decay = block.number("weight_decay", .notNegative) { settings.weightDecay = decay }
            if let noDecay = block.strings("no_decay", mayBeEmpty: true) { settings.noDecay = noDecay }
            if let flag = block.flag("bias_correction") {
                settings.isCorrected = flag
                if flag, isGoogles {
                    block.mistakes.add(.fileMalformed, "'\(block.at("bias_correction"))' is true, which bert_adam does not know")
                }
            }
        }
        if let clip = block.node("clip") { settings.clipping = clipping(clip, block.at("clip"), byTensor: isGoogles, block) }
        if let schedule = block.choice("schedule", "constant linear bert_adam cosine") {
            settings.schedule = [.constant, .linear, .bertAdam, .cosine][schedule]
        }
        if let node = block.node("warmup"), let warmup = block.number(node, block.at("warmup"), .warmup) {
            settings.warmup = warmup
            if warmup >= 1, warmup != warmup.rounded(.down) {
                block.fail(block.at("warmup"), node, "a part of all steps, less than 1, or a whole number of steps")
            }
        }
        settings.scheduleSteps = block.integer("schedule_steps")
        if let rates = block.node("rates") {
            let path = block.at("rates"), patterns = block.block(rates, path)
            for member in rates.members {
                if let factor = patterns.number(member.key, .notNegative) { settings.rates.append((member.key, factor)) }
            }
            patterns.finish()
        }
        block.finish()
        return settings
    }

    /// A norm, an object with a norm, or false.
    private func clipping(
        _ node: RecipeNode, _ path: String, byTensor: Bool, _ block: RecipeBlock
    ) -> OptimizerSettings.Clipping {
        switch node.content {
        case .flag(false): return .none
        case .number:
            let norm = Float(block.number(node, path, .positive) ?? 1)
            return byTensor ? .tensor(norm) : .global(norm)
        case .object:
            let block = block.block(node, path)
            let norm = block.float("norm", .positive)
            if norm == nil { block.missing("norm", "a positive number") }
            let by = block.choice("by", "tensor global") ?? (byTensor ? 0 : 1)
            block.finish()
            return by == 0 ? .tensor(norm ?? 1) : .global(norm ?? 1)
        default:
            block.fail(path, node, "a positive number, an object with 'norm', or false")
            return .none
        }
    }
}
