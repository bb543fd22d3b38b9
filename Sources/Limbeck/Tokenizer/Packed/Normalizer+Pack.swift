extension NormalizerOptions {
    func write(to json: inout JSONWriter) {
        json.write("cleans", cleans)
        json.write("separatesIdeographs", separatesIdeographs)
        json.write("stripsAccents", stripsAccents)
        json.write("lowers", lowers)
    }

    init(_ json: JSONValue, _ tables: PackedTables) {
        self.init(
            cleans: tables.flag(json, "cleans"), separatesIdeographs: tables.flag(json, "separatesIdeographs"),
            stripsAccents: tables.flag(json, "stripsAccents"), lowers: tables.flag(json, "lowers"))
    }
}

extension StepNormalizer {
    func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        json.array("normalizer") { json in
            for (index, step) in steps.enumerated() {
                json.object { json in step.write(name + ".\(index)", to: &contents, &json) }
            }
        }
    }

    convenience init(_ name: __shared String, _ json: __shared JSONValue, _ tables: __shared PackedTables) throws(LimbeckError) {
        let list = tables.member(json, "normalizer")
        if list.kind != .array || list.count > NormalizerStep.limit {
            tables.mismatch(list, "normalizer", expected: "an array of at most \(NormalizerStep.limit) steps")
        }
        try tables.check()
        var steps: [NormalizerStep] = []
        for element in list.elements { steps.append(try NormalizerStep(name + ".\(steps.count)", element, tables)) }
        self.init(steps)
    }
}

/// Steps have the same names as in tokenizer.json.
extension NormalizerStep {
    fileprivate func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        switch self {
        case .characterMap(let map):
            json.write("type", "Precompiled")
            json.write("units", map.units.count)
            json.write("bytes", map.pool.count)
            contents.add(name, ".units", .u32, map.units)
            contents.add(name, ".bytes", .u8, map.pool)
        case .normalForm(let form):
            json.write("type", form.isCompatible ? form.composes ? "NFKC" : "NFKD" : form.composes ? "NFC" : "NFD")
        case .lowercase: json.write("type", "Lowercase")
        case .stripAccents: json.write("type", "StripAccents")
        case .clean: json.write("type", "Clean")
        case .separateIdeographs: json.write("type", "SeparateIdeographs")
        case .stripNonspacing: json.write("type", "StripNonspacing")
        case .strip(let left, let right):
            json.write("type", "Strip")
            json.write("left", left)
            json.write("right", right)
        case .nmt: json.write("type", "Nmt")
        case .replace(let pattern, let content):
            json.write("type", "Replace")
            NormalizerStep.write("pattern", pattern, to: &json)
            NormalizerStep.write("content", content, to: &json)
        case .replaceSpace(let pattern, let content):
            json.write("type", pattern.name)
            NormalizerStep.write("content", content, to: &json)
        case .prepend(let content):
            json.write("type", "Prepend")
            NormalizerStep.write("content", content, to: &json)
        }
    }

    private static func write(_ key: String, _ scalars: [UInt32], to json: inout JSONWriter) {
        json.array(key) { json in
            for scalar in scalars { json.write(nil, Int(scalar)) }
        }
    }

    fileprivate init(_ name: __shared String, _ json: __shared JSONValue, _ tables: __shared PackedTables) throws(LimbeckError) {
        let type = tables.text(json, "type")
        switch type {
        case "Precompiled":
            // The lookup checks every step.
            self = .characterMap(
                CharacterMap(
                    units: try tables.table(name, ".units", .u32, tables.number(json, "units", in: 1..<1 << 30)),
                    pool: try tables.table(name, ".bytes", .u8, tables.number(json, "bytes", in: 0..<1 << 30))))
        case "NFC": self = .normalForm(NormalForm(isCompatible: false, composes: true))
        case "NFD": self = .normalForm(NormalForm(isCompatible: false, composes: false))
        case "NFKC": self = .normalForm(NormalForm(isCompatible: true, composes: true))
        case "NFKD": self = .normalForm(NormalForm(isCompatible: true, composes: false))
        case "Lowercase": self = .lowercase
        case "StripAccents": self = .stripAccents
        case "Clean": self = .clean
        case "SeparateIdeographs": self = .separateIdeographs
        case "StripNonspacing": self = .stripNonspacing
        case "Strip": self = .strip(left: tables.flag(json, "left"), right: tables.flag(json, "right"))
        case "Nmt": self = .nmt
        case "Replace":
            let pattern = NormalizerStep.scalars("pattern", json, tables)
            if pattern.isEmpty { tables.mismatch(json, "pattern", expected: "at least one character") }
            self = .replace(pattern: pattern, content: NormalizerStep.scalars("content", json, tables))
        case "Prepend": self = .prepend(NormalizerStep.scalars("content", json, tables))
        default:
            if let pattern = SpacePattern.all.first(where: { $0.name == type }) {
                self = .replaceSpace(pattern, content: NormalizerStep.scalars("content", json, tables))
                return
            }
            tables.mismatch(json, type, expected: "a known normalizer")
            self = .nmt
        }
    }

    private static func scalars(_ key: String, _ json: JSONValue, _ tables: PackedTables) -> [UInt32] {
        let list = tables.member(json, key)
        if list.count > maxScalars { tables.mismatch(list, key, expected: "at most \(maxScalars) scalars") }
        var scalars: [UInt32] = []
        for element in list.elements where scalars.count < maxScalars { scalars.append(tables.scalar(element, key)) }
        return scalars
    }
}

extension SpacePattern {
    fileprivate static var all: [SpacePattern] { [.spaces, .whitespace, .edges, .firstMark] }

    fileprivate var name: String {
        switch self {
        case .spaces: "ReplaceSpaces"
        case .whitespace: "ReplaceWhitespace"
        case .edges: "ReplaceEdges"
        case .firstMark: "ReplaceFirstMark"
        }
    }
}

extension MetaspaceInput {
    func write(_ name: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        normalizer.write(name + ".normalizer", to: &contents, &json)
        json.object("words") { json in
            json.write("splitsWhitespace", words.before.contains(.whitespace))
            words.before.subtracting(.whitespace).write("cuts", to: &contents, &json)
            if let mark = words.mark { json.write("mark", Int(mark)) }
            json.write("scheme", words.scheme.name)
            json.write("splits", words.splits)
        }
    }

    init(_ name: __shared String, _ json: __shared JSONValue, _ tables: __shared PackedTables) throws(LimbeckError) {
        normalizer = try StepNormalizer(name + ".normalizer", json, tables)
        let part = tables.member(json, "words")
        var words = MetaspaceOptions(before: WordSplits("cuts", part, tables) ?? [])
        if tables.flag(part, "splitsWhitespace") { words.before.insert(.whitespace) }
        if let mark = part.optional("mark") { words.mark = tables.scalar(mark, "mark") }
        switch tables.text(part, "scheme") {
        case "always": words.scheme = .always
        case "first": words.scheme = .first
        case "never": words.scheme = .never
        default: tables.mismatch(part, "scheme", expected: "always, first or never")
        }
        words.splits = tables.flag(part, "splits")
        self.words = words
    }
}

extension MetaspaceOptions.Scheme {
    fileprivate var name: String {
        switch self {
        case .always: "always"
        case .first: "first"
        case .never: "never"
        }
    }
}

extension WordSplits {
    /// Writes nothing if it is empty, as in packs of format 1.
    func write(_ key: String, to contents: inout PackContents, _ json: inout JSONWriter) {
        guard !isEmpty else { return }
        contents.needs(format: 2)
        json.write(key, Int(rawValue))
    }

    init?(_ key: String, _ json: JSONValue, _ tables: PackedTables) {
        guard json.optional(key) != nil else { return nil }
        self.init(rawValue: UInt8(truncatingIfNeeded: tables.number(json, key, in: 0..<Int(WordSplits.all.rawValue) + 1)))
    }
}
