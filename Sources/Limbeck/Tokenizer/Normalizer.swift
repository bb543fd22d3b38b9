import CUnicodeTables

/// The options of `BertNormalizer`. If all are false, the text is unchanged.
struct NormalizerOptions: Sendable {
    /// Removes control characters and U+FFFD, and replaces each white-space character with a space.
    var cleans = false
    /// Puts spaces around ideographs.
    var separatesIdeographs = false
    /// Decomposes (NFD) and removes nonspacing marks.
    var stripsAccents = false
    var lowers = false
}

/// The normalised scalars of a text, one by one, each with the source bytes it comes from. A value type: a copy continues from the
/// same position, so that a match can be attempted and abandoned.
///
/// The reference normalises the whole text in four passes: clean, separate ideographs, decompose and strip accents, lower-case. All
/// of these act on single scalars, with one exception: the canonical reordering of marks in the decomposition. It is visible only
/// where a mark survives the stripping. There `run` visits the marks class by class, without a buffer.
struct NormalizedScalars: ScalarSource {
    private let text: UnsafePointer<UInt8>
    private let end: Int
    private let options: NormalizerOptions
    /// The source position after the scalars that are ready.
    private(set) var position: Int

    /// The scalars that are ready, all from the same source range.
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

    /// Whether the next scalar begins at `position`, so that another reader can continue there.
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

    /// Makes the normalised scalars of one source scalar ready.
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
            // It is removed.
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
                // Marks that stay (of musical notes) must be ordered together with the marks that follow.
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
        // The maximum that occurs is three.
        guard readyCount < 8 else { return }
        ready[readyCount] = scalar
        readyCount += 1
    }

    // MARK: Runs of combining marks

    /// Marks in the order of their combining classes, and in text order within a class. Each output mark, kept or not, has the
    /// offsets of the next mark in the source: the reference keeps offsets in place and moves the marks.
    private struct MarkRun {
        let start: Int
        let end: Int
        /// The ranks still to be visited, as bits.
        var ranks: UInt64
        var rank: UInt16
        /// Where the search for marks of `rank` continues.
        var search: Int
        /// The source position of the next mark's offsets.
        var place: Int
        /// The rank of the marks left by a decomposition.
        let tailRank: UInt16
    }

    /// Marks left by the decomposition of the starter before the run.
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

    /// Makes the next surviving mark of the run ready, or ends the run.
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
                // They have the offsets of their starter.
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
