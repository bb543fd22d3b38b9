/// A text's normalizers, one after the other.
///
/// The text is taken in segments that fit on the stack, and that end where no normalizer looks across. Bytes of ASCII that no normalizer
/// does more to than change their case, most of many languages' texts, pass without a segment.
final class StepNormalizer: Sendable {
    let steps: [NormalizerStep]
    /// By byte of ASCII: what it becomes among others of its kind, or 0 if that is not so simple.
    let plain: [UInt8]
    /// No pattern of a step joins letters, so that a segment may end between two of them.
    private let splitsLetters: Bool
    /// Of a run of these, two are as good as many.
    let collapses: SpacePattern?
    /// NFC is all that is done.
    private let composesOnly: Bool

    init(_ steps: [NormalizerStep]) {
        self.steps = steps
        var table = [UInt8](repeating: 0, count: 256)
        var splitsLetters = true
        var collapses: SpacePattern?
        SegmentBuffers.with { buffers in
            for byte in 1..<128 {
                // Line ends may be one cluster.
                if byte >= 0x09, byte <= 0x0D { continue }
                guard let result = StepNormalizer.alone(UInt32(byte), steps, &buffers), result < 0x80 else { continue }
                if (result == 0x20) == (byte == 0x20) { table[byte] = UInt8(result) }
            }
        }
        for (index, step) in steps.enumerated() {
            switch step {
            case .replace(let pattern, _):
                for index in 1..<max(1, pattern.count) {
                    let (left, right) = (pattern[index - 1], pattern[index])
                    if SegmentEnd.isLetter(left), SegmentEnd.isLetter(right) { splitsLetters = false }
                }
            case .replaceSpace(.spaces, _): collapses = .spaces
            case .replaceSpace(.whitespace, _):
                // Unless a step before makes something else of white space.
                if steps[..<index].allSatisfy({ SpacePattern.whitespace.isKept(by: $0) }) { collapses = .whitespace }
            default: break
            }
        }
        composesOnly = steps.allSatisfy {
            if case .normalForm(let form) = $0 { form.composes && !form.isCompatible } else { false }
        }
        plain = table
        self.splitsLetters = splitsLetters
        self.collapses = collapses
    }

    /// What a scalar becomes between any others; nil if that depends on them, or is not just one.
    @inline(never)
    private static func alone(_ scalar: UInt32, _ steps: [NormalizerStep], _ buffers: inout SegmentBuffers) -> UInt32? {
        buffers.source.removeAll()
        buffers.source.append(scalar, 0, 0)
        var memory = NormalizerStep.Memory()
        for index in steps.indices {
            switch steps[index] {
            // What looks at the ends of a text.
            case .prepend, .strip, .replaceSpace(.edges, _), .replaceSpace(.firstMark, _): continue
            case .replace(let pattern, _):
                if pattern.count > 1, buffers.source.count == 1, pattern.contains(buffers.source.scalars[0]) { return nil }
            default: break
            }
            buffers.take(steps[index], index, isLast: true, &memory)
        }
        return buffers.source.count == 1 ? buffers.source.scalars[0] : nil
    }

    /// Calls `body` with the normalised text.
    func withText(
        _ text: UnsafePointer<UInt8>, from start: Int, to end: Int, continues: Bool,
        _ body: (SegmentedText) -> Void
    ) {
        self.plain.withUnsafeBufferPointer { plain in
            guard let plain = plain.baseAddress else { return }
            SegmentBuffers.with { buffers in
                withUnsafeMutablePointer(to: &buffers) { buffers in
                    body(SegmentedText(self, plain, buffers, text, from: start, to: end, continues: continues))
                }
            }
        }
    }

    @inline(never)
    func normalized(_ text: UnsafePointer<UInt8>, _ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        withText(text, from: 0, to: count, continues: false) { source in
            var source = source
            while let scalar = source.next() { appendUTF8(scalar.scalar, to: &result) }
        }
        return result
    }

    /// How far `text[start..<end]` is known to be left as it is, whatever follows if that too is left.
    func leftEnd(_ text: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        if steps.isEmpty { return end }
        guard composesOnly else { return start }
        var position = start
        while position < end {
            if text[position] < 0x80 {
                position &+= 1
                continue
            }
            let source = UTF8Reader.read(text, at: position, end: end)
            if !NormalForm.isComposed(source.scalar) { return position }
            position = source.end
        }
        return end
    }

    var memoryBytes: Int {
        var bytes = plain.count
        for case .characterMap(let map) in steps { bytes += map.memoryBytes }
        return bytes
    }

    /// Whether a segment may end between two scalars of the text.
    @inline(__always)
    func mayEnd(between left: UInt32, and right: UInt32) -> Bool {
        if left < 0x80, right < 0x80 {
            return plain[Int(left)] != 0 && plain[Int(right)] != 0 && left != 0x20 && right != 0x20
        }
        return splitsLetters && SegmentEnd.isLetter(left) && SegmentEnd.isLetter(right)
    }
}

/// Letters that stand for themselves: no normalization joins two of them, and no grapheme cluster.
enum SegmentEnd {
    @inline(__always)
    static func isLetter(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0xC0...0x24F, 0x391...0x3C9, 0x400...0x481, 0x48A...0x52F: true  // Latin, Greek, Cyrillic
        case 0x5D0...0x5EA, 0x621...0x64A, 0x904...0x939, 0xE01...0xE2E: true
        case 0x3041...0x3096, 0x30A1...0x30FA, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3: true
        default: false
        }
    }
}

/// Two buffers that the steps take a segment between, on the stack.
struct SegmentBuffers {
    fileprivate(set) var source: ScalarBuffer
    private var target: ScalarBuffer
    /// Where the segment that is in `source` begins in the text.
    fileprivate var segment = -1

    /// Calls `body` with buffers whose memory is on the stack.
    @inline(__always)
    static func with(_ body: (inout SegmentBuffers) -> Void) {
        // Two of three arrays of 1,024 scalars.
        withStackMemory(InlineArray<3072, UInt64>.self) { memory in
            let start = memory.bindMemory(to: UInt32.self, capacity: 6 * ScalarBuffer.capacity)
            var buffers = SegmentBuffers(
                source: ScalarBuffer(start), target: ScalarBuffer(start + 3 * ScalarBuffer.capacity))
            body(&buffers)
        }
    }

    @inline(never)
    fileprivate mutating func take(
        _ step: NormalizerStep, _ index: Int, isLast: Bool, _ memory: inout NormalizerStep.Memory
    ) {
        target.removeAll()
        step.apply(source, to: &target, index, isLast: isLast, &memory)
        swap(&source, &target)
    }
}

/// The scalars of a text as the steps give them. A value: a copy goes on from the same place. Copies share the buffers, and fill them
/// again where another has filled them since.
struct SegmentedText: ScalarSource {
    // Retained by whoever has the text: each copy would count a reference.
    private unowned(unsafe) let normalizer: StepNormalizer
    private let buffers: UnsafeMutablePointer<SegmentBuffers>
    private let text: UnsafePointer<UInt8>
    let plain: UnsafePointer<UInt8>
    private let start: Int
    private let end: Int
    /// Where the text goes on after the segment.
    private(set) var position: Int
    private var segment: Int
    /// How far plain bytes were found to reach: each is looked at once, however long the run.
    private var plainUntil = 0
    private var index = 0
    private var count = 0
    /// What the steps knew before the segment, and after it.
    private var before = NormalizerStep.Memory()
    private var memory = NormalizerStep.Memory()

    /// The most scalars of the text in a segment.
    private static let most = 512

    init(
        _ normalizer: StepNormalizer, _ plain: UnsafePointer<UInt8>,
        _ buffers: UnsafeMutablePointer<SegmentBuffers>, _ text: UnsafePointer<UInt8>,
        from start: Int, to end: Int, continues: Bool
    ) {
        self.normalizer = normalizer
        self.plain = plain
        self.buffers = buffers
        self.text = text
        self.start = start
        self.end = end
        position = start
        segment = start
        if continues { memory.begun = .max }
        buffers.pointee.segment = -1
    }

    /// The end of the plain bytes at `position`; they are all that comes up to there.
    @inline(__always)
    func plainEnd() -> Int {
        // Steps that look at the beginning of a text have to have seen one.
        guard index == count, position > start || normalizer.steps.isEmpty, memory.late.isEmpty
        else { return position }
        var next = position
        while next < end {
            let byte = text[next]
            if plain[Int(byte)] == 0 { break }
            // Of two spaces, and of one at the end, the steps decide.
            if byte == 0x20, next &+ 1 == end || text[next &+ 1] == 0x20 { break }
            next &+= 1
        }
        // What follows may join the last, or be removed and let another join it.
        return next == end || next == position ? next : next &- 1
    }

    /// Passes plain bytes.
    @inline(__always)
    mutating func pass(to place: Int) { position = place }

    @_optimize(speed)
    @inline(never)
    mutating func next() -> SourceScalar? {
        while index == count {
            if plainUntil <= position { plainUntil = plainEnd() }
            if plainUntil > position {
                let byte = plain[Int(text[position])]
                position &+= 1
                return SourceScalar(scalar: UInt32(byte), start: position &- 1, end: position)
            }
            guard position < end else { return nil }
            (segment, index) = (position, 0)
            before = memory
            fill()
            count = buffers.pointee.source.count
        }
        if buffers.pointee.segment != segment { fill() }
        let source = buffers.pointee.source
        defer { index &+= 1 }
        return SourceScalar(
            scalar: source.scalars[index], start: Int(source.starts[index]), end: Int(source.ends[index]))
    }

    /// Fills the buffers with the segment, and goes to its end.
    @inline(never)
    @_optimize(speed)
    private mutating func fill() {
        var most = SegmentedText.most
        while true {
            memory = before
            position = segment
            buffers.pointee.segment = segment
            buffers.pointee.source.removeAll()
            read(most)
            var isOverfull = false
            for index in normalizer.steps.indices {
                buffers.pointee.take(normalizer.steps[index], index, isLast: position == end, &memory)
                if buffers.pointee.source.isOverfull { isOverfull = true }
            }
            // A scalar alone that becomes more than there is room for is cut off: no real step makes so much of one.
            if !isOverfull || most == 1 { return }
            most /= 2
        }
    }

    /// Reads the scalars of a segment, `most` at most.
    @_optimize(speed)
    private mutating func read(_ most: Int) {
        var last: UInt32 = 0
        // The scalars of the run that ends with the last.
        var run = 0
        var count = 0
        while position < end {
            let source = UTF8Reader.read(text, at: position, end: end)
            let isInRun = normalizer.collapses?.mayHave(source.scalar) ?? false
            if count > 0, run == 0 || !isInRun {
                if count >= most { return }
                if normalizer.mayEnd(between: last, and: source.scalar) {
                    // From here on plain bytes may pass; without them a segment should have many scalars.
                    if last < 0x80 && before.late.isEmpty || count >= most / 2 { return }
                }
            }
            last = source.scalar
            position = source.end
            run = isInRun ? run + 1 : 0
            if run > 2 {
                // The place of the last counts, and the number of the others does not.
                buffers.pointee.source.removeLast(1)
                count -= 1
            }
            buffers.pointee.source.append(
                source.scalar, UInt32(truncatingIfNeeded: source.start), UInt32(truncatingIfNeeded: source.end))
            count += 1
        }
    }
}
