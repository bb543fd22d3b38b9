/// What exits cost and save on labelled texts: for every choice the accuracy, and the layers that texts needed.
struct Curve {
    struct Point {
        /// A threshold, or a patience.
        let choice: Double
        let hits: Int
        /// The mean number of layers of a text.
        let layers: Double
    }

    let texts: Int
    let layers: Int
    /// All layers, without a choice.
    let full: Point
    /// From the most layers to the fewest.
    let points: [Point]

    func accuracy(_ point: Point) -> Double { Double(point.hits) / Double(max(1, texts)) }

    /// The choice that needs the fewest layers with an accuracy of at most `drop` less than that of all layers; nil: none saves any.
    func best(drop: Double) -> Point? {
        let least = accuracy(full) - drop - 1e-12
        let kept = points.filter { accuracy($0) >= least && $0.layers < full.layers }
        return kept.min { ($0.layers, $0.choice) < ($1.layers, $1.choice) }
    }

    func interval(_ point: Point) -> (low: Double, high: Double) { Curve.interval(point.hits, of: texts) }

    /// 95 percent of intervals so made have the true accuracy in them (Wilson 1927).
    static func interval(_ hits: Int, of texts: Int) -> (low: Double, high: Double) {
        let n = Double(max(1, texts)), p = Double(hits) / n, z = 1.959964
        let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        return (middle - half, middle + half)
    }

    /// The curve as a picture: accuracy over the share of layers, the interval as a band, and the choice.
    func picture(title: String, chosen: Point?) -> String {
        let (width, height, left, right, top, bottom) = (640.0, 400.0, 70.0, 20.0, 40.0, 56.0)
        let all = (points + [full]).sorted { ($0.layers, $0.hits) < ($1.layers, $1.hits) }
        let lows = all.map { interval($0).low }, highs = all.map { interval($0).high }
        // Whole twentieths, so that the axis has round numbers.
        let floor = max(0, ((lows.min() ?? 0) * 20).rounded(.down) / 20),
            ceiling = min(1, ((highs.max() ?? 1) * 20).rounded(.up) / 20)
        func x(_ layers: Double) -> String {
            fixed(left + (width - left - right) * layers / Double(layers == 0 ? 1 : self.layers), 1)
        }
        func y(_ accuracy: Double) -> String {
            fixed(top + (height - top - bottom) * (1 - (accuracy - floor) / max(1e-9, ceiling - floor)), 1)
        }
        var svg = """
            <svg xmlns="http://www.w3.org/2000/svg" width="640" height="400" viewBox="0 0 640 400" font-family="sans-serif" font-size="13">
            <rect width="640" height="400" fill="white"/>
            <text x="320" y="22" text-anchor="middle" font-size="15">\(escaped(title))</text>

            """
        var level = floor
        while level <= ceiling + 1e-9 {
            svg += "<line x1=\"70\" x2=\"620\" y1=\"\(y(level))\" y2=\"\(y(level))\" stroke=\"#ddd\"/>\n"
            svg += "<text x=\"62\" y=\"\(y(level - 0.00001))\" text-anchor=\"end\" dy=\"4\">\(fixed(level * 100, 0)) %</text>\n"
            level += ceiling - floor > 0.45 ? 0.1 : 0.05
        }
        for count in 1...max(1, layers) where layers <= 12 || count % 4 == 0 {
            svg += "<text x=\"\(x(Double(count)))\" y=\"362\" text-anchor=\"middle\">\(count)</text>\n"
        }
        svg += "<text x=\"345\" y=\"388\" text-anchor=\"middle\">layers that a text needs, on average</text>\n"
        let band = zip(all, highs).map { "\(x($0.layers)),\(y($1))" } + zip(all, lows).reversed().map { "\(x($0.layers)),\(y($1))" }
        svg += "<polygon points=\"\(band.joined(separator: " "))\" fill=\"#4477aa\" fill-opacity=\"0.15\"/>\n"
        let line = all.map { "\(x($0.layers)),\(y(accuracy($0)))" }.joined(separator: " ")
        svg += "<polyline points=\"\(line)\" fill=\"none\" stroke=\"#4477aa\" stroke-width=\"2\"/>\n"
        svg += "<circle cx=\"\(x(full.layers))\" cy=\"\(y(accuracy(full)))\" r=\"4\" fill=\"#222\"/>\n"
        if let chosen {
            let label = "\(fixed(chosen.choice, 3)): \(fixed(accuracy(chosen) * 100, 1)) %, \(fixed(chosen.layers, 2)) layers"
            svg += "<circle cx=\"\(x(chosen.layers))\" cy=\"\(y(accuracy(chosen)))\" r=\"5\" fill=\"#cc3311\"/>\n"
            // On the side that has room for it.
            let side = chosen.layers * 2 > full.layers ? "dx=\"-8\" dy=\"-10\" text-anchor=\"end\"" : "dx=\"8\" dy=\"20\""
            svg +=
                "<text x=\"\(x(chosen.layers))\" y=\"\(y(accuracy(chosen)))\" \(side) fill=\"#cc3311\">\(label)</text>\n"
        }
        return svg + "</svg>\n"
    }

    private func escaped(_ text: String) -> String {
        var result = ""
        for character in text.onOneLine {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            default: result.append(character)
            }
        }
        return result
    }
}
