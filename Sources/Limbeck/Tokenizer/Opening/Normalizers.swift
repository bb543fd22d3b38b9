/// The member "normalizer".
extension TokenizerParts.Normalizer {
    init(_ part: __shared TokenizerComponent) throws(LimbeckError) {
        if let options = try NormalizerOptions(whole: part) {
            self = .bert(options)
            return
        }
        var steps: [NormalizerStep] = []
        try NormalizerStep.read(part, &steps, depth: 0)
        self = steps.isEmpty ? .none : .steps(steps, name: try part.type())
    }
}

extension NormalizerOptions {
    /// A BertNormalizer, alone or after a Lowercase, which sentence-transformers adds; lower-casing first or last gives the same
    /// result. nil: it is something else.
    fileprivate init?(whole part: __shared TokenizerComponent) throws(LimbeckError) {
        if try part.type() == "BertNormalizer" {
            self = try NormalizerOptions(part)
            return
        }
        guard try part.type() == "Sequence" else { return nil }
        let parts = try part.elements("normalizers")
        guard let last = parts.last, parts.count <= 2, try last.type() == "BertNormalizer" else { return nil }
        if parts.count == 2 { guard try parts[0].type() == "Lowercase" else { return nil } }
        self = try NormalizerOptions(last)
        if parts.count == 2 { lowers = true }
    }

    /// The same options as separate steps.
    fileprivate var steps: [NormalizerStep] {
        var steps: [NormalizerStep] = []
        if cleans { steps.append(.clean) }
        if separatesIdeographs { steps.append(.separateIdeographs) }
        if stripsAccents { steps += [.normalForm(NormalForm(isCompatible: false, composes: false)), .stripNonspacing] }
        if lowers { steps.append(.lowercase) }
        return steps
    }

    fileprivate init(_ part: __shared TokenizerComponent) throws(LimbeckError) {
        cleans = try part.flag("clean_text") ?? true
        separatesIdeographs = try part.flag("handle_chinese_chars") ?? true
        lowers = try part.flag("lowercase") ?? true
        stripsAccents = try part.flag("strip_accents") ?? lowers
    }
}

extension NormalizerStep {
    /// The maximum depth of nested Sequences.
    private static let deepest = 4

    fileprivate static func read(
        _ part: TokenizerComponent, _ steps: inout [NormalizerStep], depth: Int
    ) throws(LimbeckError) {
        let type = try part.type()
        if type == "Sequence" {
            guard depth < deepest else { throw part.unsupported(type) }
            for element in try part.elements("normalizers") { try read(element, &steps, depth: depth + 1) }
            return
        }
        steps += type == "BertNormalizer" ? try NormalizerOptions(part).steps : [try step(part, type)]
        guard steps.count <= NormalizerStep.limit else {
            throw LimbeckError(
                .fileUnsupported, "\(part.file): more than \(NormalizerStep.limit) normalizers are not supported")
        }
    }

    private static func step(_ part: TokenizerComponent, _ type: String) throws(LimbeckError) -> NormalizerStep {
        switch type {
        case "Precompiled": return .characterMap(try CharacterMap.read(part))
        case "NFC": return .normalForm(NormalForm(isCompatible: false, composes: true))
        case "NFD": return .normalForm(NormalForm(isCompatible: false, composes: false))
        case "NFKC": return .normalForm(NormalForm(isCompatible: true, composes: true))
        case "NFKD": return .normalForm(NormalForm(isCompatible: true, composes: false))
        case "Lowercase": return .lowercase
        case "StripAccents": return .stripAccents
        case "Strip":
            return .strip(
                left: try part.requiredFlag("strip_left"), right: try part.requiredFlag("strip_right"))
        case "Nmt": return .nmt
        case "Prepend": return .prepend(try scalars(part, "prepend"))
        case "Replace": return try replacement(part)
        default: throw part.unsupported(type)
        }
    }

    private static func replacement(_ part: TokenizerComponent) throws(LimbeckError) -> NormalizerStep {
        let content = try scalars(part, "content")
        let pattern = TokenizerComponent("\(part.key).pattern", try part.member("pattern"), file: part.file)
        if let expression = try pattern.optionalString("Regex") {
            let pattern: SpacePattern
            switch expression {
            case " {2,}": pattern = .spaces
            case #"\s{2,}|[\n\r\t]"#: pattern = .whitespace
            case #"\A +| +\z"#: pattern = .edges
            case #"\A▁"#: pattern = .firstMark
            default:
                throw LimbeckError(
                    .fileUnsupported,
                    "\(part.file): the regular expression \"\(expression)\" in \(part.key) is not supported")
            }
            return .replaceSpace(pattern, content: content)
        }
        let text = try scalars(pattern, "String")
        guard !text.isEmpty else { throw pattern.malformed("String", "at least one character") }
        return .replace(pattern: text, content: content)
    }

    private static func scalars(_ part: TokenizerComponent, _ name: String) throws(LimbeckError) -> [UInt32] {
        var scalars: [UInt32] = []
        for scalar in try part.string(name).unicodeScalars { scalars.append(scalar.value) }
        guard scalars.count <= maxScalars else {
            throw LimbeckError(
                .fileUnsupported, "\(part.file): \(part.key).\(name) has more than \(maxScalars) characters")
        }
        return scalars
    }
}

extension CharacterMap {
    fileprivate static func read(_ part: TokenizerComponent) throws(LimbeckError) -> CharacterMap {
        let bytes = try Base64.decode(part, "precompiled_charsmap")
        guard let map = try CharacterMap(bytes) else { throw part.malformed("precompiled_charsmap", "a charsmap") }
        return map
    }

    /// The charsmap of a normalizer, or of the first in a sequence that has one; nil: there is none.
    static func first(_ part: TokenizerComponent) throws(LimbeckError) -> CharacterMap? {
        for part in try part.type() == "Sequence" ? part.elements("normalizers") : [part] where try part.type() == "Precompiled" {
            return try read(part)
        }
        return nil
    }
}

/// Base64 with padding. (RFC 4648, section 4.)
private enum Base64 {
    @_optimize(speed)
    static func decode(_ part: TokenizerComponent, _ name: String) throws(LimbeckError) -> [UInt8] {
        guard let text = try part.member(name).text else { throw part.malformed(name, "a string") }
        var digits: [UInt8] = []
        text.append(to: &digits)
        guard digits.count % 4 == 0 else { throw part.malformed(name, "base64") }
        let padding = digits.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3)
        var group: UInt32 = 0
        for (index, digit) in digits.dropLast(padding).enumerated() {
            guard let value = value(digit) else { throw part.malformed(name, "base64") }
            group = group << 6 | value
            // The first digit of a group completes no byte.
            let bits = UInt32(index % 4 + 1) * 6 % 8
            if index % 4 > 0 { bytes.append(UInt8(truncatingIfNeeded: group >> bits)) }
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
