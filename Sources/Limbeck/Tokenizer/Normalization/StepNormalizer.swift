/// Applies a text's normalizers in order.
///
/// The text is processed in segments that fit on the stack and end where no normalizer looks across. ASCII bytes for which the
/// normalizers do no more than change case, which is most of the text in many languages, pass without a segment.
final class StepNormalizer: Sendable {
    let steps: [NormalizerStep]
    /// By ASCII byte: its replacement if that does not depend on its neighbours; otherwise 0.
    let plain: [UInt8]
    /// No pattern contains two adjacent letters, so a segment may end between two letters.
    private let splitsLetters: Bool
    /// In a run of these, any length from two on gives the same result.
    let collapses: SpacePattern?
    /// All steps are NFC.
    private let composesOnly: Bool

    init(_ steps: [NormalizerStep]) {
        self.steps = steps
        var table = [UInt8](repeating: 0, count: 256)
        var splitsLetters = true
        var collapses: SpacePattern?
        SegmentBuffers.with { buffers in
            for byte in 1..<128 {
                // CR LF is one cluster.
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
                // Unless an earlier step changes which scalars are white space.
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

    /// The replacement of a scalar, whatever its neighbours; nil if it depends on them, or is not exactly one scalar.
    @inline(never)
    private static func alone(_ scalar: UInt32, _ steps: [NormalizerStep], _ buffers: inout SegmentBuffers) -> UInt32? {
        buffers.source.removeAll()
        buffers.source.append(scalar, 0, 0)
        var memory = NormalizerStep.Memory()
        for index in steps.indices {
            switch steps[index] {
            // Steps that act on the ends of a text.
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

    /// How far `text[start..<end]` is known to stay unchanged, whatever follows, provided that is unchanged too.
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

/// Letters that never combine: no normalization form joins two of them, and no grapheme cluster contains two.
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

/// Two buffers on the stack, between which the steps move a segment.
struct SegmentBuffers {
    fileprivate(set) var source: ScalarBuffer
    private var target: ScalarBuffer
    /// Where the segment in `source` begins in the text.
    fileprivate var segment = -1

    /// Calls `body` with buffers whose memory is on the stack.
    @inline(__always)
    static func with(_ body: (inout SegmentBuffers) -> Void) {
        // Two buffers of three arrays of 1,024 scalars.
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

/// The scalars of a text after all steps. A value type: a copy continues from the same position. Copies share the buffers, and fill
/// them again if another copy has overwritten them.
struct SegmentedText: ScalarSource {
    // Not retained here, since each copy would count a reference: the owner of the text retains it.
    private unowned(unsafe) let normalizer: StepNormalizer
    private let buffers: UnsafeMutablePointer<SegmentBuffers>
    private let text: UnsafePointer<UInt8>
    let plain: UnsafePointer<UInt8>
    private let start: Int
    private let end: Int
    /// The end of the segment in the text.
    private(set) var position: Int
    private var segment: Int
    /// How far plain bytes were found to reach: each is looked at once, however long the run.
    private var plainUntil = 0
    private var index = 0
    private var count = 0
    /// The state of the steps before the segment, and after it.
    private var before = NormalizerStep.Memory()
    private var memory = NormalizerStep.Memory()

    /// The maximum number of source scalars in a segment.
    private static let limit = 512

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

    /// The end of the plain bytes at `position`; up to there nothing else comes out.
    @inline(__always)
    func plainEnd() -> Int {
        // Steps that act on the beginning of a text must have seen it.
        guard index == count, position > start || normalizer.steps.isEmpty, memory.late.isEmpty
        else { return position }
        var next = position
        while next < end {
            let byte = text[next]
            if plain[Int(byte)] == 0 { break }
            // Two spaces, and one at the end, are left to the steps.
            if byte == 0x20, next &+ 1 == end || text[next &+ 1] == 0x20 { break }
            next &+= 1
        }
        // The next scalar may combine with the last byte, or be removed so that the one after it does.
        return next == end || next == position ? next : next &- 1
    }

    /// Skips plain bytes.
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

    /// Fills the buffers with the segment, and moves to its end.
    @inline(never)
    @_optimize(speed)
    private mutating func fill() {
        var limit = SegmentedText.limit
        while true {
            memory = before
            position = segment
            buffers.pointee.segment = segment
            buffers.pointee.source.removeAll()
            read(limit)
            var isOverfull = false
            for index in normalizer.steps.indices {
                buffers.pointee.take(normalizer.steps[index], index, isLast: position == end, &memory)
                if buffers.pointee.source.isOverfull { isOverfull = true }
            }
            // A single scalar that expands beyond the buffer is truncated: no real step expands one that much.
            if !isOverfull || limit == 1 { return }
            limit /= 2
        }
    }

    /// Reads the scalars of a segment, at most `limit`.
    @_optimize(speed)
    private mutating func read(_ limit: Int) {
        var last: UInt32 = 0
        // The length of the run that ends with the last scalar.
        var run = 0
        var count = 0
        while position < end {
            let source = UTF8Reader.read(text, at: position, end: end)
            let isInRun = normalizer.collapses?.mayHave(source.scalar) ?? false
            if count > 0, run == 0 || !isInRun {
                if count >= limit { return }
                if normalizer.mayEnd(between: last, and: source.scalar) {
                    // Plain bytes may follow without a segment; otherwise segments should be long.
                    if last < 0x80 && before.late.isEmpty || count >= limit / 2 { return }
                }
            }
            last = source.scalar
            position = source.end
            run = isInRun ? run + 1 : 0
            if run > 2 {
                // The offsets of the last scalar of a run matter; its length does not.
                buffers.pointee.source.removeLast(1)
                count -= 1
            }
            buffers.pointee.source.append(
                source.scalar, UInt32(truncatingIfNeeded: source.start), UInt32(truncatingIfNeeded: source.end))
            count += 1
        }
    }
}
