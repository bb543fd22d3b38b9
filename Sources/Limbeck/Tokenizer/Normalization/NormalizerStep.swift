/// One normalizer of a tokenizer.json; SentencePiece's models have several, which a text passes through in order.
enum NormalizerStep: Sendable {
    case characterMap(CharacterMap)
    case normalForm(NormalForm)
    case lowercase
    /// Removes combining marks.
    case stripAccents
    /// Parts of a BertNormalizer: `clean` removes control characters and U+FFFD, and replaces each white-space character with a
    /// space; `separateIdeographs` puts spaces around ideographs; `stripNonspacing` removes nonspacing marks.
    case clean
    case separateIdeographs
    case stripNonspacing
    /// Removes white space from the ends of the text.
    case strip(left: Bool, right: Bool)
    /// The cleaning of machine translation (Nmt): removes control characters, and replaces some others with spaces.
    case nmt
    case replace(pattern: [UInt32], content: [UInt32])
    /// Replaces the matches of a regular expression.
    case replaceSpace(SpacePattern, content: [UInt32])
    case prepend([UInt32])

    /// The state of the steps before a segment.
    struct Memory {
        /// The steps, as bits, that have produced output before.
        var begun: UInt32 = 0
        var late = LatePlaces()
    }

    /// The maximum number of steps: the bits of `Memory`.
    static let limit = 32
    /// The maximum number of scalars in a pattern or replacement.
    static let maxScalars = 64

    /// Applies the step to `source`. `step` is its index.
    func apply(
        _ source: ScalarBuffer, to target: inout ScalarBuffer, _ step: Int, isLast: Bool,
        _ memory: inout Memory
    ) {
        let bit = 1 as UInt32 &<< UInt32(step)
        let isFirst = memory.begun & bit == 0
        var late = LatePlaces()
        switch self {
        case .characterMap(let map):
            map.apply(source, to: &target, isFirst: isFirst, &memory.late)
        case .normalForm(let form):
            form.apply(source, to: &target)
            target.resolve(source, late: &late)
        case .lowercase:
            Lowercase.apply(source, to: &target)
        case .stripAccents:
            for index in 0..<source.count where !GraphemeRecord(source.scalars[index]).isMark {
                target.append(source, index)
            }
        case .stripNonspacing:
            for index in 0..<source.count where !ScalarRecord(source.scalars[index]).isNonspacing { target.append(source, index) }
        case .clean:
            for index in 0..<source.count {
                let record = ScalarRecord(source.scalars[index])
                if record.isRemoved { continue }
                target.append(record.isSpace ? 0x20 : source.scalars[index], source.starts[index], source.ends[index])
            }
        case .separateIdeographs:
            for index in 0..<source.count {
                let isSeparate = ScalarRecord(source.scalars[index]).isIdeograph
                if isSeparate { target.append(0x20, source.starts[index], source.ends[index]) }
                target.append(source, index)
                if isSeparate { target.append(0x20, source.starts[index], source.ends[index]) }
            }
        case .strip(let left, let right):
            var first = 0
            var end = source.count
            if left, isFirst {
                while first < end, ScalarRecord(source.scalars[first]).isSpace { first += 1 }
            }
            if right, isLast {
                while end > first, ScalarRecord(source.scalars[end - 1]).isSpace { end -= 1 }
            }
            for index in first..<end { target.append(source, index) }
        case .nmt:
            for index in 0..<source.count {
                guard let scalar = NormalizerStep.cleaned(source.scalars[index]) else { continue }
                target.append(scalar, source.starts[index], source.ends[index])
            }
        case .replace(let pattern, let content):
            Replacement.apply(source, to: &target, content) { index in
                Replacement.matches(pattern, source, index) ? pattern.count : 0
            }
        case .replaceSpace(let pattern, let content):
            Replacement.apply(source, to: &target, content) { index in
                pattern.count(source, index, isFirst: isFirst && index == 0, isLast: isLast)
            }
        case .prepend(let scalars):
            if isFirst, source.count > 0 {
                for scalar in scalars { target.append(scalar, source.starts[0], source.ends[0]) }
            }
            for index in 0..<source.count { target.append(source, index) }
        }
        if target.count > 0 { memory.begun |= bit }
    }

    /// The scalar that Nmt replaces a scalar with; nil: it is removed.
    private static func cleaned(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: nil
        case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF,
            0xFFFD:
            0x20
        default: scalar
        }
    }
}

/// The supported regular expressions of a Replace.
enum SpacePattern: Sendable {
    /// ` {2,}`
    case spaces
    /// `\s{2,}|[\n\r\t]`, used by DeBERTa's tokenizer.
    case whitespace
    /// `\A +| +\z`; this and the next are in a tokenizer that transformers builds from a .model file as it was trained.
    case edges
    /// `\A▁`
    case firstMark

    private static let mark: UInt32 = 0x2581

    /// Whether a match may contain this scalar.
    @inline(__always)
    func mayHave(_ scalar: UInt32) -> Bool {
        switch self {
        case .spaces, .edges: scalar == 0x20
        case .whitespace: ScalarRecord(scalar).isSpace
        case .firstMark: scalar == SpacePattern.mark
        }
    }

    /// The number of scalars that match at `start`. `isFirst`: the text begins there; `isLast`: it ends with the source.
    @inline(__always)
    func count(_ source: ScalarBuffer, _ start: Int, isFirst: Bool, isLast: Bool) -> Int {
        guard mayHave(source.scalars[start]) else { return 0 }
        var end = start + 1
        while end < source.count, mayHave(source.scalars[end]) { end += 1 }
        switch self {
        case .edges: return isFirst || isLast && end == source.count ? end - start : 0
        case .firstMark: return isFirst ? 1 : 0
        case .spaces, .whitespace:
            if end - start > 1 { return end - start }
            let scalar = source.scalars[start]
            return scalar == 0x09 || scalar == 0x0A || scalar == 0x0D ? 1 : 0
        }
    }

    /// Whether the step keeps the class of each scalar: spaces of the pattern remain spaces, and others remain others.
    func isKept(by step: NormalizerStep) -> Bool {
        switch step {
        case .lowercase, .normalForm, .strip: true
        case .replace(let pattern, _): !pattern.contains { mayHave($0) }
        default: false
        }
    }
}

/// Lower case, scalar by scalar.
enum Lowercase {
    static func apply(_ source: ScalarBuffer, to target: inout ScalarBuffer) {
        for index in 0..<source.count {
            let scalar = source.scalars[index]
            guard ScalarRecord(scalar).lowers else {
                target.append(source, index)
                continue
            }
            if let letters = ScalarMapping.lower(scalar) {
                for letter in 0..<letters.count {
                    target.append(letters.scalars[letter], source.starts[index], source.ends[index])
                }
            }
        }
    }
}

/// Replaces matches; the replacement has the offsets of the last scalar of the match.
enum Replacement {
    /// `match` returns the number of scalars that match at an index.
    @inline(__always)
    static func apply(
        _ source: ScalarBuffer, to target: inout ScalarBuffer, _ content: [UInt32],
        _ match: (Int) -> Int
    ) {
        var index = 0
        while index < source.count {
            let count = match(index)
            guard count > 0 else {
                target.append(source, index)
                index += 1
                continue
            }
            index += count
            for scalar in content {
                target.append(scalar, source.starts[index - 1], source.ends[index - 1])
            }
        }
    }

    static func matches(_ pattern: [UInt32], _ source: ScalarBuffer, _ start: Int) -> Bool {
        guard start + pattern.count <= source.count else { return false }
        for index in pattern.indices where source.scalars[start + index] != pattern[index] {
            return false
        }
        return true
    }
}
