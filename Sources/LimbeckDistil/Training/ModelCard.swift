import Limbeck

/// README.md of a student's folder, and the picture of its losses: how it was made.
struct ModelCard {
    private let trainer: Trainer
    private let steps: [Step]

    private struct Step {
        let stage: String
        let loss: Double
    }

    /// Reads the log of the whole run, including what was before a resumption.
    init(_ trainer: Trainer, _ files: RunFiles) throws(LimbeckError) {
        self.trainer = trainer
        let log = try MappedFile(files.log, name: files.log)
        defer { withExtendedLifetime(log) {} }
        var steps: [Step] = []
        for line in log.bytes.split(separator: UInt8(ascii: "\n")) {
            let root = try JSONDocument(UnsafeRawBufferPointer(rebasing: line), file: files.log).root
            if let stage = root["stage"]?.string, let loss = root["loss"]?.double { steps.append(Step(stage: stage, loss: loss)) }
        }
        self.steps = steps
    }

    func write(to folder: String) throws(LimbeckError) {
        try OutputFiles.write(Array(text.utf8), to: "\(folder)/README.md")
        try OutputFiles.write(Array(picture.utf8), to: "\(folder)/curves.svg")
    }

    private var text: String {
        let recipe = trainer.recipe, c = trainer.student.configuration
        var text = "# A student distilled by Limbeck\n\n| | |\n|---|---|\n"
        func row(_ name: String, _ value: String) { text += "| \(name) | \(value) |\n" }
        row("family", c.family.modelTypes.first ?? "fastbert")
        row("layers, hidden size, heads", "\(c.layers), \(c.hiddenSize), \(c.attentionHeads)")
        row("vocabulary", "\(c.vocabSize) tokens")
        row("parameters", String(trainer.student.parameters.elements))
        if let teacher = trainer.teacher, let path = recipe.teacher?.path {
            row("teacher", "\(ModelCard.name(of: path)), \(teacher.parameters.elements) parameters")
        }
        row(
            "data",
            "\(ModelCard.name(of: trainer.corpus.name)): \(trainer.corpus.groups) texts or groups, \(trainer.corpus.ids.count) tokens"
        )
        row("seed", String(recipe.seed))
        text += "\n| stage | losses | steps | loss at the start | at the end |\n|---|---|---|---|---|\n"
        for stage in recipe.stages {
            let own = steps.filter { $0.stage == stage.name }, part = max(1, own.count / 20)
            func mean(_ steps: ArraySlice<Step>) -> String {
                steps.isEmpty ? "" : decimal(steps.reduce(0) { $0 + $1.loss } / Double(steps.count), digits: 4)
            }
            let losses = stage.losses.map { $0.name }.joined(", ")
            text += "| \(stage.name) | \(losses) | \(own.count) | \(mean(own.prefix(part))) | \(mean(own.suffix(part))) |\n"
        }
        for note in trainer.corpus.notes { text += "\n\(note).\n" }
        return text
            + "\nThe loss of every step is in log.jsonl, and curves.svg shows it. The same recipe gives the same bits on every machine.\n"
    }

    /// The last part of a path.
    static func name(of path: String) -> String {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        return parts.last.map { String(decoding: Array($0), as: UTF8.self) } ?? path
    }

    /// The losses over the steps, each stage in a colour of its own, as means of at most 400 pieces, on a logarithmic scale.
    private var picture: String {
        let (width, height, margin) = (720.0, 320.0, 48.0)
        let points = pieces
        var (low, high) = (Double.infinity, -Double.infinity)
        for point in points { (low, high) = (min(low, point.loss), max(high, point.loss)) }
        // Of a logarithm nothing may be 0, and there may be no steps.
        high = max(high, 1e-30)
        low = min(high, max(low, high * 1e-6))
        let span = max(logarithm(high / low), 1e-6)
        func x(_ step: Double) -> String { decimal(margin + (width - 2 * margin) * step / Double(max(1, steps.count)), digits: 5) }
        func y(_ loss: Double) -> String {
            decimal(height - margin - (height - 2 * margin) * logarithm(max(loss, low) / low) / span, digits: 5)
        }
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 320" font-family="sans-serif" font-size="12">
            <rect width="720" height="320" fill="white"/>
            <text x="360" y="24" text-anchor="middle">loss by step, logarithmic</text>
            <text x="44" y="276" text-anchor="end">\(decimal(low, digits: 3))</text>
            <text x="44" y="52" text-anchor="end">\(decimal(high, digits: 3))</text>
            <text x="672" y="292" text-anchor="end">\(steps.count) steps</text>
            <path d="M48 48V272H672" fill="none" stroke="#888"/>

            """
        let colours = ["#2166ac", "#b2182b", "#1b7837", "#762a83"]
        var names: [String] = []
        for stage in trainer.recipe.stages where !names.contains(where: { $0 == stage.name }) { names.append(stage.name) }
        for (index, name) in names.enumerated() {
            let own = points.filter { $0.stage == name }
            let path = own.map { "\(x($0.step)) \(y($0.loss))" }.joined("L")
            let colour = colours[index % colours.count]
            svg += "<path d=\"M\(path)\" fill=\"none\" stroke=\"\(colour)\"/>\n"
            svg += "<text x=\"\(56 + 120 * index)\" y=\"308\" fill=\"\(colour)\">\(ModelCard.escaped(name))</text>\n"
        }
        return svg + "</svg>\n"
    }

    private var pieces: [(stage: String, step: Double, loss: Double)] {
        let size = max(1, (steps.count + 399) / 400)
        var result: [(stage: String, step: Double, loss: Double)] = []
        var start = 0
        while start < steps.count {
            var end = start
            var sum = 0.0
            while end < min(steps.count, start + size), steps[end].stage == steps[start].stage {
                sum += steps[end].loss
                end += 1
            }
            result.append((steps[start].stage, Double(start + end) / 2, sum / Double(end - start)))
            start = end
        }
        return result
    }

    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
