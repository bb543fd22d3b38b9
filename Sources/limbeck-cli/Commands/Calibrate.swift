import ArgumentParser
import Limbeck

struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds how much of a model labelled texts need: the threshold of its exits, or its width and depth.",
        discussion: """
            limbeck calibrate models/fastbert labelled.tsv
            limbeck calibrate models/fastbert labelled.tsv --drop 1% --picture curve.svg
            limbeck calibrate fastbert.limbeck labelled.tsv --write fastbert.limbeck
            limbeck calibrate models/dynabert labelled.tsv --widths 1,0.5 --depths 1,0.5

            A line of the file is a label, a tab and a text; or a label and two texts. All exits are computed for all texts once; the \
            times are then measured, by classifying the first 256 texts with each threshold of the table. The interval is where the accuracy \
            lies with a confidence of 95 %: with few texts it is wide, and so should be your doubt. A model without exits is run with each width \
            and depth, as DynaBERT is trained for.
            """)

    @OptionGroup var model: ModelArguments

    @Argument(help: "The labelled texts.", completion: .file())
    var labelled: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The accuracy that may be lost, in percent of the texts: 0.5%.", valueName: "percent"),
        transform: { try positive($0.hasSuffix("%") ? String($0.dropLast()) : $0, orZero: true) })
    var drop: Double = 0.5

    @Flag(help: "Leave by patience, as PABEE does, in place of a threshold.")
    var patience = false

    @Option(help: ArgumentHelp("Write the curve as a picture, in SVG.", valueName: "file"), completion: .file())
    var picture: String?

    @Option(help: ArgumentHelp("Make the choice the default of this pack.", valueName: "pack"), completion: .file())
    var write: String?

    @Option(
        help: ArgumentHelp(
            "Of a model without exits, the widths to try; by default those of 1,0.75,0.5,0.25 that its layers can be cut to.",
            valueName: "list"))
    var widths: List<Double>?

    @Option(
        help: ArgumentHelp(
            "Of a model without exits, the depths to try; by default those of 1,0.75,0.5 that leave a layer.", valueName: "list"))
    var depths: List<Double>?

    @OptionGroup var format: FormatArguments

    func run() throws {
        let session = try model.open(for: .classify)
        guard let own = session.model.exitRule, session.exits > 1 else {
            guard !patience, picture == nil, write == nil else {
                throw Failure(.badData, "\(model.model): the model has no exits, which --patience, --picture and --write are for")
            }
            return try compareParts(session)
        }
        guard widths == nil, depths == nil else {
            throw Failure(.badData, "\(model.model): the model has exits, and --widths and --depths are for models without")
        }
        let rule: ExitRule = patience ? .patience : own
        let cases = try labelledTexts(session.model)
        let output = Output()
        let curve = try curve(session, rule, cases, output)
        let best = curve.best(drop: drop / 100)
        // The rows of the table: spread over the layers, and the choice among them.
        var rows = curve.points
        if rows.count > 10 {
            let step = Double(rows.count - 1) / 9
            rows = (0..<10).map { rows[Int((Double($0) * step).rounded())] }
        }
        if let best, !rows.contains(where: { $0.choice == best.choice }) { rows.append(best) }
        rows.sort { $0.layers > $1.layers }
        let whole = try seconds(session, cases, ExitOptions(rule: .never))
        let times = try rows.map { try seconds(session, cases, options(rule, $0)) }
        if let picture {
            let title = "\(session.model.family) with exits, \(grouped(cases.texts.count)) texts"
            try writeFile(Array(curve.picture(title: title, chosen: best).utf8), picture)
        }
        if let write {
            try Model.setExitDefault(
                threshold: rule == .patience ? 0 : Float(best?.choice ?? 0),
                patience: rule == .patience ? Int(best?.choice ?? 0) : 0,
                ofPack: write)
        }
        if format.json {
            output.line(json(curve, rule, zip(rows, times).map { ($0, $1) }, whole, best))
        } else {
            describe(curve, rule, zip(rows, times).map { ($0, $1) }, whole, best, output)
        }
        try output.flush()
    }

    // MARK: Texts

    struct Cases {
        var labels: [Int] = []
        var texts: [String] = []
        var pairs: [String]?
    }

    func labelledTexts(_ model: Model) throws -> Cases {
        var cases = Cases(), seconds: [String] = []
        for (index, line) in try LineReader(labelled, for: "labelled texts").allLines().enumerated() {
            let parts = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 2 else { throw Failure(.badData, "\(labelled):\(index + 1): no tab, so no label and text") }
            guard let label = model.labels.firstIndex(of: parts[0]) else {
                let known = model.labels.prefix(8).joined(separator: ", ")
                throw Failure(
                    .badData, "\(labelled):\(index + 1): the label \(excerpt(parts[0], 30)), expected one of the model's: \(known)")
            }
            cases.labels.append(label)
            cases.texts.append(parts[1])
            if parts.count == 3 { seconds.append(parts[2]) }
        }
        guard !cases.texts.isEmpty else { throw Failure(.badData, "\(labelled): no texts") }
        guard seconds.isEmpty || seconds.count == cases.texts.count else {
            throw Failure(.badData, "\(labelled): \(seconds.count) of \(cases.texts.count) lines have a second text")
        }
        cases.pairs = seconds.isEmpty ? nil : seconds
        return cases
    }

    // MARK: The curve

    /// Of every text the answer and the uncertainty at each exit.
    private func curve(_ session: Session, _ rule: ExitRule, _ cases: Cases, _ output: Output) throws -> Curve {
        guard let tokenizer = session.model.tokenizer else { throw Failure(.badData, "\(model.model): the model has no tokenizer") }
        let labels = session.model.labels.count, length = min(session.model.maxLength, session.maxTokens)
        guard labels > 1 else {
            throw Failure(.badData, "\(model.model): the model has one output, and so no labels to be right about")
        }
        var answers: [[Int]] = [], doubts: [[Double]] = []
        for first in stride(from: 0, to: cases.texts.count, by: 64) {
            let range = first..<min(first + 64, cases.texts.count)
            let encodings = range.map { tokenizer.encode(cases.texts[$0], pair: cases.pairs?[$0], maxLength: length) }
            let branches = try session.forward(encodings.map(\.ids), types: encodings.map(\.types), output: .branches)
            for row in branches {
                let exits = stride(from: 0, to: row.values.count, by: labels).map { Array(row.values[$0..<$0 + labels]) }
                answers.append(exits.map { logits in logits.indices.max { (logits[$0], $1) < (logits[$1], $0) } ?? 0 })
                doubts.append(exits.dropLast().map { session.uncertainty(of: $0, rule: rule) })
            }
            try output.flush(done: range.upperBound, fraction: Double(range.upperBound) / Double(cases.texts.count))
        }
        output.endProgress()
        let places = session.exitLayers
        func point(_ choice: Double, _ exit: (Int) -> Int) -> Curve.Point {
            var hits = 0, layers = 0
            for index in cases.texts.indices {
                let exit = exit(index)
                hits += answers[index][exit] == cases.labels[index] ? 1 : 0
                layers += places[exit]
            }
            return Curve.Point(choice: choice, hits: hits, layers: Double(layers) / Double(cases.texts.count))
        }
        let last = places.count - 1
        var points: [Curve.Point] = []
        if rule == .patience {
            for patience in (1..<max(2, places.count)).reversed() {
                points.append(
                    point(Double(patience)) { index in
                        var agreeing = 0
                        for exit in 1...last {
                            agreeing = answers[index][exit] == answers[index][exit - 1] ? agreeing + 1 : 0
                            if agreeing == patience { return exit }
                        }
                        return last
                    })
            }
        } else {
            for threshold in thresholds(doubts.flatMap { $0 }) {
                points.append(
                    point(threshold) { index in
                        doubts[index].firstIndex { rule == .uncertainty ? $0 <= threshold : $0 < threshold } ?? last
                    })
            }
        }
        return Curve(texts: cases.texts.count, layers: session.layers, full: point(0) { _ in last }, points: points)
    }

    /// Thresholds of three digits between the doubts, each of which lets others leave: some two hundred, and so many as are different.
    private func thresholds(_ doubts: [Double]) -> [Double] {
        let sorted = doubts.filter { $0.isFinite }.sorted()
        var thresholds: [Double] = []
        for index in 1...200 where !sorted.isEmpty {
            // As the call gets it: a float.
            let value = Double(Float((sorted[(sorted.count - 1) * index / 200] * 1000).rounded(.up) / 1000))
            if value > (thresholds.last ?? 0) { thresholds.append(value) }
        }
        return thresholds
    }

    private func options(_ rule: ExitRule, _ point: Curve.Point) -> ExitOptions {
        rule == .patience ? .patience(Int(point.choice)) : ExitOptions(thresholds: [Float(point.choice)], rule: rule)
    }

    /// The most texts whose time is measured.
    private static let timedTexts = 256

    /// The time of the first texts: the shorter of two.
    func seconds(_ session: Session, _ cases: Cases, _ options: ExitOptions? = nil) throws -> Double {
        let texts = Array(cases.texts.prefix(Calibrate.timedTexts)), pairs = cases.pairs.map { Array($0.prefix(texts.count)) }
        var shortest = Double.infinity
        for _ in 0..<2 {
            let start = ContinuousClock.now
            _ = try session.classify(texts, pairs: pairs, options: ClassifyOptions(exit: options))
            shortest = min(shortest, (ContinuousClock.now - start).seconds)
        }
        return shortest
    }

    // MARK: What it says

    private func describe(
        _ curve: Curve, _ rule: ExitRule, _ rows: [(Curve.Point, Double)], _ whole: Double, _ best: Curve.Point?, _ output: Output
    ) {
        let name = rule == .patience ? "patience" : "threshold"
        output.line("\(grouped(curve.texts)) texts, \(curve.layers) layers, \(rule.name)")
        output.line("\(padded(name, 9))  accuracy  interval of 95 %   layers   time")
        func row(_ choice: String, _ point: Curve.Point, _ time: Double, _ mark: String = "") {
            let (low, high) = curve.interval(point)
            output.line(
                "\(padded(choice, 9))  \(padded(fixed(curve.accuracy(point) * 100, 2), 6)) %  "
                    + "\(padded(fixed(low * 100, 1), 5)) to \(padded(fixed(high * 100, 1), 5)) %  \(padded(fixed(point.layers, 2), 6))  "
                    + "\(padded(fixed(time / whole, 2), 5))\(mark)")
        }
        row("none", curve.full, whole)
        for (point, time) in rows {
            row(
                rule == .patience ? "\(Int(point.choice))" : fixed(point.choice, 3), point, time,
                point.choice == best?.choice ? "  <" : "")
        }
        guard let best else {
            return output.line("No \(name) keeps the accuracy within \(fixed(drop, 2)) % of that of all layers.")
        }
        let choice = rule == .patience ? "--exit-patience \(Int(best.choice))" : "--exit-threshold \(fixed(best.choice, 3))"
        output.line(
            "\(choice): \(fixed((curve.accuracy(curve.full) - curve.accuracy(best)) * 100, 2)) % less accuracy, "
                + "\(fixed(best.layers / curve.full.layers, 2)) of the layers")
    }

    private func json(
        _ curve: Curve, _ rule: ExitRule, _ rows: [(Curve.Point, Double)], _ whole: Double, _ best: Curve.Point?
    ) -> JSON {
        func object(_ point: Curve.Point, _ time: Double?) -> JSON {
            let (low, high) = curve.interval(point)
            var members: [(key: String, value: JSON)] = [
                (rule == .patience ? "patience" : "threshold", .double(point.choice)), ("accuracy", .double(curve.accuracy(point))),
                ("low", .double(low)), ("high", .double(high)), ("layers", .double(point.layers)),
            ]
            if let time { members.append(("time", .double(time / whole))) }
            return .object(members)
        }
        return .object([
            ("texts", .int(curve.texts)), ("layers", .int(curve.layers)), ("rule", .string(rule.name)),
            ("drop", .double(drop / 100)),
            ("full", object(curve.full, whole)), ("rows", .array(rows.map { object($0, $1) })),
            ("chosen", best.map { object($0, nil) } ?? .null),
        ])
    }
}
