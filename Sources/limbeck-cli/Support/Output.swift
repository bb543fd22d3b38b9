/// Buffered standard output, and the progress bar, which is hidden while output is written.
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
        // Only if both go to the same terminal; otherwise the bar stays.
        if sharesTerminal { progress.hide() }
        try writeOutput(bytes)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Also updates the progress. `fraction` is nil if the total is unknown.
    func flush(done: Int, fraction: Double?) throws {
        try flush()
        progress.show(done: done, fraction: fraction)
    }

    func endProgress() {
        progress.hide()
    }
}

/// A progress bar on standard error: only on a terminal, only after half a second, and updated less than ten times a second.
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
        // Returns to the start of the line and clears it.
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
