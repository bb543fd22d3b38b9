import Limbeck

// Of a model without exits: what each width and depth gives.

extension Calibrate {
    private struct Part {
        let width: Double
        let depth: Double
        let heads: Int
        let layers: Int
        let hits: Int
        let seconds: Double

        func accuracy(of texts: Int) -> Double { Double(hits) / Double(texts) }
    }

    /// Prints the table over width and depth, and the fastest part whose accuracy is within the drop.
    func compareParts(_ session: Session) throws {
        guard session.layers == session.model.layers, session.attentionHeads == session.model.attentionHeads else {
            throw Failure(.usage, "give --widths and --depths in place of --width, --depth and --layers")
        }
        let cases = try labelledTexts(session.model), output = Output()
        let model = session.model
        // By default what the model has; what is asked for and is not there is refused.
        let widths = self.widths?.elements ?? [1, 0.75, 0.5, 0.25].filter { (try? part(of: model, $0, 1)) != nil }
        let depths = self.depths?.elements ?? [1, 0.75, 0.5].filter { (try? part(of: model, 1, $0)) != nil }
        var parts: [Part] = []
        for width in widths {
            for depth in depths {
                let part = try part(of: model, width, depth)
                let scores = try part.classify(cases.texts, pairs: cases.pairs)
                let hits = zip(scores, cases.labels).count { scores, label in
                    scores.first?.label == model.labels[label]
                }
                parts.append(
                    Part(
                        width: width, depth: depth, heads: part.attentionHeads, layers: part.layers, hits: hits,
                        seconds: try seconds(part, cases)))
                try output.flush(
                    done: parts.count, fraction: Double(parts.count) / Double(widths.count * depths.count))
            }
        }
        output.endProgress()
        let all = parts.first { $0.heads == session.attentionHeads && $0.layers == session.layers }
        let whole = try all?.seconds ?? seconds(session, cases)
        let texts = Double(cases.texts.count)
        let best = all.flatMap { all in
            parts.filter { Double($0.hits) >= Double(all.hits) - drop / 100 * texts - 1e-9 }.min { $0.seconds < $1.seconds }
        }
        if format.json {
            output.line(json(parts, cases.texts.count, whole, best))
        } else {
            describe(parts, session, cases.texts.count, whole, best, output)
        }
        try output.flush()
    }

    private func part(of model: Model, _ width: Double, _ depth: Double) throws -> Session {
        try Session(
            model,
            options: SessionOptions(
                threads: self.model.threads, maxTokens: self.model.maxTokens, kernels: self.model.kernels, depth: .fraction(depth),
                width: width))
    }

    private func describe(_ parts: [Part], _ session: Session, _ count: Int, _ whole: Double, _ best: Part?, _ output: Output) {
        output.line("\(grouped(count)) texts, \(session.layers) layers of \(session.attentionHeads) heads")
        output.line("width  depth  heads  layers  accuracy  interval of 95 %    time")
        for part in parts {
            let (low, high) = Curve.interval(part.hits, of: count)
            let isBest = part.width == best?.width && part.depth == best?.depth
            output.line(
                "\(padded(fixed(part.width, 2), 5))  \(padded(fixed(part.depth, 2), 5))  \(padded("\(part.heads)", 5))  "
                    + "\(padded("\(part.layers)", 6))  \(padded(fixed(part.accuracy(of: count) * 100, 2), 6)) %  "
                    + "\(padded(fixed(low * 100, 1), 5)) to \(padded(fixed(high * 100, 1), 5)) %  "
                    + "\(padded(fixed(part.seconds / whole, 2), 5))\(isBest ? "  <" : "")")
        }
        guard let best else { return output.line("The whole model is not among these, and so there is no accuracy to keep.") }
        output.line(
            "--width \(fixed(best.width, 2)) --depth \(fixed(best.depth, 2)): the fastest within \(fixed(drop, 2)) % of the whole "
                + "model's accuracy, \(fixed(best.seconds / whole, 2)) of its time")
    }

    private func json(_ parts: [Part], _ count: Int, _ whole: Double, _ best: Part?) -> JSON {
        func object(_ part: Part) -> JSON {
            let (low, high) = Curve.interval(part.hits, of: count)
            return .object([
                ("width", .double(part.width)), ("depth", .double(part.depth)), ("heads", .int(part.heads)),
                ("layers", .int(part.layers)), ("accuracy", .double(part.accuracy(of: count))), ("low", .double(low)),
                ("high", .double(high)), ("time", .double(part.seconds / whole)),
            ])
        }
        return .object([
            ("texts", .int(count)), ("drop", .double(drop / 100)), ("rows", .array(parts.map(object))),
            ("chosen", best.map(object) ?? .null),
        ])
    }
}
