import CUnicodeTables

/// A Unicode normalization form: decomposition (canonical or compatibility), ordering of marks, and composition.
///
/// (Unicode Standard Annex #15, with the tables of the Unicode version of the reference.)
struct NormalForm: Sendable {
    let isCompatible: Bool
    let composes: Bool

    func apply(_ source: ScalarBuffer, to target: inout ScalarBuffer) {
        for index in 0..<source.count { decompose(source.scalars[index], isFirst: true, &target) }
        guard !target.isOverfull else { return }
        NormalForm.order(target)
        if composes { NormalForm.compose(&target) }
    }

    /// The first scalar replaces the original one; the others are insertions.
    private func decompose(_ scalar: UInt32, isFirst: Bool, _ target: inout ScalarBuffer) {
        if scalar < 0x80 { return target.append(scalar, change: isFirst ? 0 : 1) }
        if Hangul.isSyllable(scalar) {
            let parts = Hangul.parts(scalar)
            target.append(parts.leading, change: isFirst ? 0 : 1)
            target.append(parts.vowel, change: 1)
            if let trailing = parts.trailing { target.append(trailing, change: 1) }
            return
        }
        guard let parts = ScalarMapping.canonical(scalar) else {
            return decomposePart(scalar, isFirst: isFirst, &target)
        }
        for index in 0..<parts.count {
            decomposePart(parts.scalars[index], isFirst: isFirst && index == 0, &target)
        }
    }

    private func decomposePart(_ scalar: UInt32, isFirst: Bool, _ target: inout ScalarBuffer) {
        guard isCompatible, let parts = ScalarMapping.compatible(scalar) else {
            return target.append(scalar, change: isFirst ? 0 : 1)
        }
        for index in 0..<parts.count {
            target.append(parts.scalars[index], change: isFirst && index == 0 ? 0 : 1)
        }
    }

    /// Sorts each run of marks by class, stably, together with their changes.
    private static func order(_ buffer: ScalarBuffer) {
        var start = 0
        while start < buffer.count {
            let rank = ScalarRecord(buffer.scalars[start]).rank
            var index = start
            start += 1
            guard rank != 0 else { continue }
            // Insertion sort: nearly all runs are short, and none is longer than a segment.
            while index > 0 {
                let before = ScalarRecord(buffer.scalars[index - 1]).rank
                guard before > rank else { break }
                swap(&buffer.scalars[index - 1], &buffer.scalars[index])
                swap(&buffer.starts[index - 1], &buffer.starts[index])
                index -= 1
            }
        }
    }

    private static func compose(_ buffer: inout ScalarBuffer) {
        var starter: Int?
        /// The class of the last mark that was kept after the starter; nil if there is none.
        var blocking: UInt16?
        var count = 0
        for index in 0..<buffer.count {
            let scalar = buffer.scalars[index]
            let rank = ScalarRecord(scalar).rank
            if let starter, blocking.map({ $0 < rank }) ?? true,
                let whole = composed(buffer.scalars[starter], scalar)
            {
                buffer.scalars[starter] = whole
                buffer.setChange(starter, buffer.change(starter) + buffer.change(index) - 1)
                continue
            }
            if rank == 0 {
                (starter, blocking) = (count, nil)
            } else if starter != nil {
                blocking = rank
            }
            buffer.scalars[count] = scalar
            buffer.starts[count] = buffer.starts[index]
            count += 1
        }
        buffer.removeLast(buffer.count - count)
    }

    /// Whether NFC leaves any text of such scalars unchanged: none of them changes, composes or is reordered. Covers nearly all
    /// such scalars, without a complete table.
    @inline(__always)
    static func isComposed(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x00...0x2FF, 0x1E00...0x1EFF: true
        // Punctuation, currencies, arrows, mathematics, boxes and pictures.
        case 0x200B...0x205E, 0x20A0...0x20C0, 0x2190...0x2328, 0x232B...0x2ADB, 0xFE0E...0xFE0F: true
        case 0x3000...0x3020, 0xFF01...0xFFEF, 0xFFFD, 0x1F300...0x1FAFF: true
        default: SegmentEnd.isLetter(scalar)
        }
    }

    private static func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if let syllable = Hangul.composed(first, second) { return syllable }
        let whole = limbeck_find_composition(first, second)
        return whole == 0 ? nil : whole
    }
}

/// Arithmetic composition and decomposition of Hangul syllables.
enum Hangul {
    private static let base: UInt32 = 0xAC00
    private static let leading: UInt32 = 0x1100
    private static let vowel: UInt32 = 0x1161
    private static let trailing: UInt32 = 0x11A7

    @inline(__always)
    static func isSyllable(_ scalar: UInt32) -> Bool { scalar &- base < 11172 }

    static func parts(_ syllable: UInt32) -> (leading: UInt32, vowel: UInt32, trailing: UInt32?) {
        let index = syllable - base
        let last = index % 28
        return (leading + index / 588, vowel + index % 588 / 28, last == 0 ? nil : trailing + last)
    }

    static func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first &- leading < 19, second &- vowel < 21 {
            return base + ((first - leading) * 21 + second - vowel) * 28
        }
        if isSyllable(first), (first - base) % 28 == 0, second > trailing, second < trailing + 28 {
            return first + second - trailing
        }
        return nil
    }
}
