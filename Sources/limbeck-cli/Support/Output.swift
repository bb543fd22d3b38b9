/// Standard output in large writes, and the progress bar that has to make room for them.
final class Output {
    private var bytes: [UInt8] = []
    private var progress = Progress()
    private let sharesTerminal = Descriptor.output.isTerminal

    func line(_ text: String = "") {
        bytes += text.utf8
        bytes.append(UInt8(ascii: "\n"))
    }

    func line(_ json: JSON) {
        json.write(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    func flush() throws {
        guard !bytes.isEmpty else { return }
        // Only where the two meet; elsewhere the bar stays.
        if sharesTerminal { progress.hide() }
        try writeOutput(bytes)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Also says how far the work has come. `fraction` is nil where nobody knows how much there is.
    func flush(done: Int, fraction: Double?) throws {
        try flush()
        progress.show(done: done, fraction: fraction)
    }

    func endProgress() {
        progress.hide()
    }
}

/// A bar on standard error: only on a terminal, only once the work has taken half a second, and not ten times a second.
private struct Progress {
    private let isTerminal = Descriptor.error.isTerminal
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private var isVisible = false

    mutating func show(done: Int, fraction: Double?) {
        let now = ContinuousClock.now
        guard isTerminal, now - start > .milliseconds(500), !isVisible || now - last > .milliseconds(100) else { return }
        let rate = grouped(Int(Double(done) / (now - start).seconds))
        var text = "\(grouped(done)) texts, \(rate) per second"
        if let fraction {
            let width = 30, full = Int(fraction * Double(width))
            let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
            text = "[\(bar)] \(Int(fraction * 100)) %  \(text)"
        }
        // Back to the line's start, and what was there wiped out.
        writeError("\r\u{1B}[K\(text)")
        last = now
        isVisible = true
    }

    mutating func hide() {
        guard isVisible else { return }
        writeError("\r\u{1B}[K")
        isVisible = false
    }
}
