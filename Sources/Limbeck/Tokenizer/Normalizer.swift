import CUnicodeTables

/// The options of `BertNormalizer`. All false: the text is left as it is.
struct NormalizerOptions: Sendable {
    /// Removes control characters and U+FFFD, and makes every white space a space.
    var cleans = false
    /// Puts ideographs between spaces.
    var separatesIdeographs = false
    /// Decomposes (NFD) and removes nonspacing marks.
    var stripsAccents = false
    var lowers = false
}

/// The normalised scalars of a text, one by one, each with the bytes of the source that it stands for. A value: a copy goes
/// on from the same place, which is how a match is tried and given up.
///
/// The reference normalises the whole text in four passes: clean, separate ideographs, decompose and strip, lower. All but
/// one thing in them concerns a scalar alone. The exception is the canonical reordering of marks in the decomposition,
/// which shows only where a mark survives the stripping; then `run` walks the marks class by class, in no memory at all.
struct NormalizedScalars: ScalarSource {
    private let text: UnsafePointer<UInt8>
    private let end: Int
    private let options: NormalizerOptions
    /// What follows the scalars that are ready.
    private(set) var position: Int

    /// The scalars that are ready, all from the same source bytes.
    private var ready = InlineArray<8, UInt32>(repeating: 0)
    private var readyNext = 0
    private var readyCount = 0
    private var start = 0
    private var stop = 0
    private var run: MarkRun?

    init(_ text: UnsafePointer<UInt8>, from position: Int, to end: Int, _ options: NormalizerOptions) {
        self.text = text
        self.end = end
        self.options = options
        self.position = position
    }

    /// Whether the next scalar begins at `position`, so that another reader can take over there.
    @inline(__always)
    var isBetweenScalars: Bool { readyNext == readyCount && run == nil }

    @inline(never)
    mutating func next() -> SourceScalar? {
        while true {
            if readyNext < readyCount {
                readyNext += 1
                return SourceScalar(scalar: ready[readyNext - 1], start: start, end: stop)
            }
            (readyNext, readyCount) = (0, 0)
            if run != nil {
                nextMark()
                continue
            }
            guard position < end else { return nil }
            let source = UTF8Reader.read(text, at: position, end: end)
            position = source.end
            take(source)
        }
    }

    /// Makes ready what becomes of one scalar of the source.
    private mutating func take(_ source: SourceScalar) {
        let record = ScalarRecord(source.scalar)
        if options.cleans {
            if record.isRemoved { return }
            if record.isSpace {
                (start, stop) = (source.start, source.end)
                return push(0x20)
            }
        }
        if options.stripsAccents, record.rank != 0 {
            position = source.start
            return beginRun(tails: 0, rank: 0)
        }
        (start, stop) = (source.start, source.end)
        let isSeparate = options.separatesIdeographs && record.isIdeograph
        if isSeparate { push(0x20) }
        if options.stripsAccents, record.isNonspacing {
            // Nothing is left of it.
        } else if options.stripsAccents, record.decomposes {
            decompose(source.scalar)
        } else {
            lower(source.scalar, record)
        }
        if isSeparate { push(0x20) }
    }

    private mutating func decompose(_ scalar: UInt32) {
        if scalar >= 0xAC00, scalar <= 0xD7A3 {
            let index = scalar - 0xAC00
            push(0x1100 + index / 588)
            push(0x1161 + index % 588 / 28)
            if index % 28 != 0 { push(0x11A7 + index % 28) }
            return
        }
        guard let parts = ScalarMapping.canonical(scalar) else { return }
        for index in 0..<parts.count {
            let record = ScalarRecord(parts.scalars[index])
            if record.isNonspacing { continue }
            if record.rank != 0 {
                // Marks that stay (of musical notes): they have to be ordered with the marks that follow.
                tails = (parts, index)
                return beginRun(tails: parts.count - index, rank: record.rank)
            }
            lower(parts.scalars[index], record)
        }
    }

    private mutating func lower(_ scalar: UInt32, _ record: ScalarRecord) {
        guard options.lowers, record.lowers else { return push(scalar) }
        guard let letters = ScalarMapping.lower(scalar) else { return push(scalar) }
        for index in 0..<letters.count { push(letters.scalars[index]) }
    }

    @inline(__always)
    private mutating func push(_ scalar: UInt32) {
        // Three is the most that happens.
        guard readyCount < 8 else { return }
        ready[readyCount] = scalar
        readyCount += 1
    }

    // MARK: Runs of combining marks

    /// Marks in the order of their classes, and in the order of the text within a class. Each mark of the source that comes
    /// out, kept or not, takes the next place in the source: the reference keeps places and moves the marks.
    private struct MarkRun {
        let start: Int
        let end: Int
        /// The ranks that are still to come, as bits.
        var ranks: UInt64
        var rank: UInt16
        /// Where the search for marks of `rank` goes on.
        var search: Int
        /// The place that the next mark takes.
        var place: Int
        /// The rank of the marks that a decomposition left.
        let tailRank: UInt16
    }

    /// Marks that the decomposition of the starter before the run left.
    private var tails: (ScalarMapping, first: Int)?

    private mutating func beginRun(tails tailCount: Int, rank tailRank: UInt16) {
        var ranks: UInt64 = tailCount > 0 ? 1 << UInt64(tailRank) : 0
        var keepsAny = tailCount > 0
        let runStart = position
        var runEnd = position
        while runEnd < end {
            let source = UTF8Reader.read(text, at: runEnd, end: end)
            let record = ScalarRecord(source.scalar)
            if !(options.cleans && record.isRemoved) {
                if record.rank == 0 { break }
                ranks |= 1 << UInt64(record.rank)
                if !record.isNonspacing { keepsAny = true }
            }
            runEnd = source.end
        }
        position = runEnd
        guard keepsAny else { return }
        run = MarkRun(
            start: runStart, end: runEnd, ranks: ranks, rank: 0, search: runEnd, place: runStart, tailRank: tailRank)
    }

    /// Makes the next surviving mark of the run ready, or ends it.
    private mutating func nextMark() {
        guard var run else { return }
        while true {
            while run.search < run.end {
                let source = UTF8Reader.read(text, at: run.search, end: run.end)
                run.search = source.end
                let record = ScalarRecord(source.scalar)
                if record.rank != run.rank || options.cleans && record.isRemoved { continue }
                takePlace(&run)
                if record.isNonspacing { continue }
                self.run = run
                return lower(source.scalar, record)
            }
            guard run.ranks != 0 else {
                self.run = nil
                return
            }
            run.rank = UInt16(run.ranks.trailingZeroBitCount)
            run.ranks &= run.ranks - 1
            run.search = run.start
            if run.rank == run.tailRank, let (parts, first) = tails {
                // They stand where their starter stood.
                tails = nil
                self.run = run
                for index in first..<parts.count {
                    let record = ScalarRecord(parts.scalars[index])
                    if !record.isNonspacing { lower(parts.scalars[index], record) }
                }
                return
            }
        }
    }

    private mutating func takePlace(_ run: inout MarkRun) {
        while run.place < run.end {
            let source = UTF8Reader.read(text, at: run.place, end: run.end)
            run.place = source.end
            if options.cleans, ScalarRecord(source.scalar).isRemoved { continue }
            (start, stop) = (source.start, source.end)
            return
        }
    }
}
