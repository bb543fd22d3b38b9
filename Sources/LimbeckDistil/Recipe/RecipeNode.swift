import Limbeck

/// A value of a recipe. Unlike `JSONValue` it can be changed, by overrides.
final class RecipeNode {
    enum Content {
        case null
        case flag(Bool)
        /// As it is written; nil where it is no integer, or not finite.
        case number(String, integer: Int?, double: Double?)
        case string(String)
        case array([RecipeNode])
        case object([Member])
    }

    struct Member {
        let key: String
        let value: RecipeNode
    }

    private(set) var content: Content
    /// Whether it was set by an override: paths in the file are relative to its folder, those of a caller to where the caller is.
    private(set) var isOverride = false

    init(_ content: Content) { self.content = content }

    init(_ value: JSONValue) {
        switch value.kind {
        case .null: content = .null
        case .bool: content = .flag(value.bool ?? false)
        case .number: content = .number(String(utf8: value.source), integer: value.int, double: value.double)
        case .string: content = .string(value.string ?? "")
        case .array:
            var elements: [RecipeNode] = []
            for element in value.elements { elements.append(RecipeNode(element)) }
            content = .array(elements)
        case .object:
            var members: [Member] = []
            for (key, member) in value.members { members.append(Member(key: key.string, value: RecipeNode(member))) }
            content = .object(members)
        }
    }

    var isNull: Bool { if case .null = content { true } else { false } }

    var members: [Member] { if case .object(let members) = content { members } else { [] } }

    /// As messages show it: short values as they are written.
    var described: String {
        switch content {
        case .null: "null"
        case .flag(let flag): flag ? "true" : "false"
        case .number(let text, _, _): text.utf8.count <= 24 ? text : "a long number"
        case .string(let text): text.utf8.count <= 60 ? "'" + text + "'" : "a long string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    // MARK: Overrides

    /// Sets the value at a path such as `stages.0.epochs`. Objects on the way are made where they are missing. `text` is JSON, or else a
    /// string as it stands.
    func override(_ path: String, _ text: String, file: String) throws(LimbeckError) {
        var node = self
        let steps = path.utf8Parts(between: UInt8(ascii: "."))
        for (place, step) in steps.enumerated() {
            guard let next = node.step(step) else {
                throw LimbeckError(.invalidArgument, "\(file): the override '\(path)': \(node.obstacle(step, steps[..<place]))")
            }
            node = next
        }
        node.content = RecipeNode.parse(text, file).content
        node.isOverride = true
    }

    private func step(_ step: String) -> RecipeNode? {
        switch content {
        case .array(let elements):
            guard let index = Int(step), elements.indices.contains(index) else { return nil }
            return elements[index]
        case .object(var members):
            if let member = members.last(where: { $0.key == step }) { return member.value }
            guard !step.utf8.isEmpty else { return nil }
            let new = RecipeNode(.null)
            members.append(Member(key: step, value: new))
            content = .object(members)
            return new
        case .null:
            content = .object([])
            return self.step(step)
        case .flag, .number, .string: return nil
        }
    }

    /// Why there is no such step from here.
    private func obstacle(_ step: String, _ before: ArraySlice<String>) -> Message {
        var place = ""
        for step in before { place += place.utf8.isEmpty ? step : "." + step }
        let here: Message = place.utf8.isEmpty ? "the recipe" : "'\(place)'"
        switch content {
        case .array(let elements): return "\(here) has \(elements.count) elements, counted from 0, and no '\(step)'"
        case .object, .null: return "a name between two dots is empty"
        case .flag, .number, .string: return "\(here) is \(described), which has no '\(step)'"
        }
    }

    private static func parse(_ text: String, _ file: String) -> RecipeNode {
        var copy = text
        let parsed: RecipeNode? = copy.withUTF8 { bytes in
            (try? JSONDocument(UnsafeRawBufferPointer(bytes), file: file)).map { RecipeNode($0.root) }
        }
        return parsed ?? RecipeNode(.string(text))
    }

    // MARK: As text

    /// JSON without spaces.
    func write(to text: inout String) {
        switch content {
        case .null, .flag: text += described
        case .number(let number, _, _): text += number
        case .string(let string): RecipeNode.write(string, to: &text)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                RecipeNode.write(member.key, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                bytes += Array("\\u00".utf8) + [UInt8(ascii: "0") + byte >> 4]
                bytes.append(byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") + byte & 15 - 10)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        text += String(utf8: bytes)
    }
}
